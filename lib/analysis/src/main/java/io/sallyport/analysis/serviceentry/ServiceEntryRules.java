package io.sallyport.analysis.serviceentry;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.ServiceEntry.Resolution;
import io.sallyport.model.ServiceEntry.ServicePort;
import io.sallyport.model.WorkloadEntry;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// All rules about ServiceEntries, WorkloadEntries and WorkloadGroups.
public final class ServiceEntryRules {

    private ServiceEntryRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .add(new HostsAreNames())
                .add(new SelectorOrEndpoints())
                .add(new AddressIsNetwork())
                .add(new PortIsValid())
                .add(new PortIsUnique())
                .add(new EndpointsFitResolution())
                .add(new EndpointIsValid())
                .add(new HostsCanBeToldApart())
                .add(new DynamicDnsIsBare())
                .add(new ListsAreBounded())
                .add(new WildcardIsWhole())
                .add(new TcpPortHasAddress())
                .add(new SelectorFitsResolution())
                .add(new AddressIsSet())
                .add(new TcpHostIsAlone())
                .add(new EndpointIsNotLinkLocal())
                .add(new AllowedNetworkIsOne())
                .addAll(WorkloadRules.all())
                .addAll(WorkloadGroupRules.all())
                .build();
    }

    private static boolean isDns(ServiceEntry entry) {
        return entry.resolution() == Resolution.DNS || entry.resolution() == Resolution.DNS_ROUND_ROBIN;
    }

    /// SP1501: hosts that no client can ask for.
    static final class HostsAreNames extends ObjectRule<ServiceEntry> {
        HostsAreNames() {
            super(
                    "SP1501",
                    ERROR,
                    "Host of a ServiceEntry is no host name",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Hosts are names, or wildcards of names; \"*\" alone would stand for everything.",
                            "{hosts: [\"*\"], resolution: NONE}",
                            "{hosts: [\"*.example.com\"], resolution: NONE}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            if (entry.value().hosts().isEmpty()) {
                report.at(entry.below("hosts"), "no hosts (expected: at least one)");
            }
            entry.each("hosts", ServiceEntry::hosts).forEach(host -> {
                if (host.value().equals("*")) {
                    report.at(host, "host \"*\" (expected: a name, or a wildcard such as \"*.example.com\")");
                } else {
                    Hosts.wildcardProblem(host.value()).ifPresent(problem -> report.at(host, problem));
                }
            });
        }
    }

    /// SP1502: two ways to say who serves.
    static final class SelectorOrEndpoints extends ObjectRule<ServiceEntry> {
        SelectorOrEndpoints() {
            super(
                    "SP1502",
                    ERROR,
                    "workloadSelector beside endpoints",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Endpoints are listed, or selected by labels; not both.",
                            "{hosts: [a.test], resolution: STATIC, endpoints: [{address: 10.0.0.1}], workloadSelector: {labels: {app: a}}}",
                            "{hosts: [a.test], resolution: STATIC, endpoints: [{address: 10.0.0.1}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            if (entry.value().workloadSelector() != null
                    && !entry.value().endpoints().isEmpty()) {
                report.at(
                        entry.below("workloadSelector"),
                        "workloadSelector beside endpoints (expected: one of the two)");
            }
        }
    }

    /// SP1503: an address that is none.
    static final class AddressIsNetwork extends ObjectRule<ServiceEntry> {
        AddressIsNetwork() {
            super(
                    "SP1503",
                    ERROR,
                    "Address of a ServiceEntry is not valid",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Addresses are IP addresses, or networks where the client's own destination counts (NONE, STATIC).",
                            "{hosts: [a.test], addresses: [10.0.0.0/16], resolution: DNS}",
                            "{hosts: [a.test], addresses: [10.0.0.1], resolution: DNS}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            var resolution = entry.value().resolution();
            boolean networks = resolution == Resolution.NONE || resolution == Resolution.STATIC;
            entry.each("addresses", ServiceEntry::addresses).forEach(address -> {
                Addresses.subnetProblem(address.value()).ifPresent(problem -> report.at(address, problem));
                if (!networks && address.value().contains("/")) {
                    report.at(
                            address,
                            "network \"%s\" with resolution %s (expected: an address; or NONE or STATIC)"
                                    .formatted(address.value(), resolution));
                }
            });
        }
    }

    /// SP1504: a port that cannot exist.
    static final class PortIsValid extends ObjectRule<ServiceEntry> {
        PortIsValid() {
            super(
                    "SP1504",
                    ERROR,
                    "Port of a ServiceEntry is not valid",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Ports are 1 to 65535, their names DNS labels, and their protocols known to Istio (or absent).",
                            "{hosts: [a.test], resolution: DNS, ports: [{number: 0, name: http, protocol: HTTP}]}",
                            "{hosts: [a.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            entry.each("ports", ServiceEntry::ports).forEach(port -> {
                var value = port.value();
                if (!Hosts.isLabel(value.name())) {
                    report.at(
                            port.below("name"),
                            "port name \"%s\" (expected: letters, digits and dashes)".formatted(value.name()));
                }
                if (!value.protocol().isEmpty() && Protocol.of(value.protocol()).isEmpty()) {
                    report.at(
                            port.below("protocol"),
                            "protocol \"%s\" (expected: %s)".formatted(value.protocol(), Protocol.EXPECTED));
                }
                if (value.number() < 1 || value.number() > 65535) {
                    report.at(port.below("number"), "port %d (expected: 1 to 65535)".formatted(value.number()));
                }
                if (value.targetPort() < 0 || value.targetPort() > 65535) {
                    report.at(port.below("targetPort"), "port %d (expected: 1 to 65535)".formatted(value.targetPort()));
                }
            });
        }
    }

    /// SP1505: two ports of one number or name.
    static final class PortIsUnique extends ObjectRule<ServiceEntry> {
        PortIsUnique() {
            super(
                    "SP1505",
                    ERROR,
                    "Port of a ServiceEntry is declared twice",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Each port needs a number and a name of its own.",
                            "{hosts: [a.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 80, name: web, protocol: HTTP}]}",
                            "{hosts: [a.test], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}, {number: 81, name: web, protocol: HTTP}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            var names = new HashMap<String, Path>();
            var numbers = new HashMap<Integer, Path>();
            entry.each("ports", ServiceEntry::ports).forEach(port -> {
                var sameName = names.putIfAbsent(port.value().name(), port.path());
                if (sameName != null) {
                    report.at(
                            port.below("name"),
                            "port name \"%s\" is the name of %s too (expected: one of its own)"
                                    .formatted(port.value().name(), sameName));
                }
                var sameNumber = numbers.putIfAbsent(port.value().number(), port.path());
                if (sameNumber != null) {
                    report.at(
                            port.below("number"),
                            "port %d is the number of %s too (expected: one of its own)"
                                    .formatted(port.value().number(), sameNumber));
                }
            });
        }
    }

    /// SP1506: endpoints where none are looked at, or none where some are needed.
    static final class EndpointsFitResolution extends ObjectRule<ServiceEntry> {
        EndpointsFitResolution() {
            super(
                    "SP1506",
                    ERROR,
                    "Endpoints do not fit the resolution",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "NONE has no endpoints, DNS_ROUND_ROBIN at most one; DNS without endpoints resolves its hosts, so they cannot be wildcards.",
                            "{hosts: [\"*.example.com\"], resolution: DNS}",
                            "{hosts: [a.example.com], resolution: DNS}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            int count = entry.value().endpoints().size();
            if (entry.value().resolution() == Resolution.NONE && count > 0) {
                report.at(
                        entry.below("endpoints"),
                        "%d endpoints with resolution NONE (expected: none)".formatted(count));
            }
            if (entry.value().resolution() == Resolution.DNS_ROUND_ROBIN && count > 1) {
                report.at(
                        entry.below("endpoints"),
                        "%d endpoints with resolution DNS_ROUND_ROBIN (expected: at most one)".formatted(count));
            }
            if (isDns(entry.value()) && count == 0) {
                entry.each("hosts", ServiceEntry::hosts)
                        .filter(host -> Hosts.nameProblem(host.value()).isPresent())
                        .forEach(host -> report.at(
                                host,
                                "host \"%s\" cannot be resolved (expected: a full name; or endpoints)"
                                        .formatted(host.value())));
            }
        }
    }

    /// SP1507: an endpoint that nobody can reach.
    static final class EndpointIsValid extends ObjectRule<ServiceEntry> {
        EndpointIsValid() {
            super(
                    "SP1507",
                    ERROR,
                    "Endpoint of a ServiceEntry is not valid",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "STATIC endpoints are IP addresses or Unix sockets, DNS endpoints names or addresses; their ports are those of the ServiceEntry, by name.",
                            "{hosts: [a.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: b.test}]}",
                            "{hosts: [a.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 10.0.0.1}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            var names = new HashSet<String>();
            entry.value().ports().forEach(port -> names.add(port.name()));
            entry.each("endpoints", ServiceEntry::endpoints).forEach(endpoint -> {
                if (entry.value().resolution() == Resolution.STATIC) {
                    WorkloadRules.check(endpoint, names, false, report);
                } else if (isDns(entry.value())) {
                    dns(endpoint, names, report);
                }
            });
        }

        private static void dns(At<WorkloadEntry> endpoint, Set<String> ports, Report report) {
            var address = endpoint.value().address();
            if (!Addresses.isAddress(address) && Hosts.nameProblem(address).isPresent()) {
                report.at(
                        endpoint.below("address"),
                        "address \"%s\" (expected: a host name or an IP address)".formatted(address));
            }
            WorkloadRules.identity(endpoint, report);
            WorkloadRules.ports(endpoint, ports, report);
        }
    }

    /// SP1508: bytes do not say which host they are for.
    static final class HostsCanBeToldApart extends ObjectRule<ServiceEntry> {
        HostsCanBeToldApart() {
            super(
                    "SP1508",
                    ERROR,
                    "Several hosts on a TCP port",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "HTTP has a Host and TLS an SNI; other protocols allow one host only, unless the resolution is NONE.",
                            "{hosts: [a.test, b.test], resolution: DNS, ports: [{number: 5432, name: db, protocol: TCP}]}",
                            "{hosts: [a.test, b.test], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            if (entry.value().resolution() == Resolution.NONE
                    || entry.value().hosts().size() < 2) {
                return;
            }
            entry.each("ports", ServiceEntry::ports)
                    .filter(port -> !Protocol.of(port.value().protocol())
                            .map(protocol -> protocol.isHttp() || protocol.isTls())
                            .orElse(false))
                    .limit(1)
                    .forEach(port -> report.at(
                            port,
                            "%d hosts on a port of protocol \"%s\" (expected: one host; or HTTP or TLS)"
                                    .formatted(
                                            entry.value().hosts().size(),
                                            port.value().protocol())));
        }
    }

    /// SP1509: names that are resolved one by one, as requests come.
    static final class DynamicDnsIsBare extends ObjectRule<ServiceEntry> {
        DynamicDnsIsBare() {
            super(
                    "SP1509",
                    ERROR,
                    "DYNAMIC_DNS with settings it cannot have",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "DYNAMIC_DNS is for wildcard hosts on HTTP and TLS ports, without addresses, endpoints or workloadSelector.",
                            "{hosts: [a.test], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}",
                            "{hosts: [\"*.test\"], resolution: DYNAMIC_DNS, ports: [{number: 80, name: http, protocol: HTTP}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            var value = entry.value();
            if (value.resolution() != Resolution.DYNAMIC_DNS) {
                return;
            }
            entry.each("hosts", ServiceEntry::hosts)
                    .filter(host -> !Hosts.isWildcard(host.value()))
                    .forEach(host -> report.at(
                            host,
                            "host \"%s\" with DYNAMIC_DNS (expected: a wildcard; or resolution DNS)"
                                    .formatted(host.value())));
            if (!value.addresses().isEmpty()) {
                report.at(entry.below("addresses"), "addresses with DYNAMIC_DNS (expected: none)");
            }
            if (!value.endpoints().isEmpty()) {
                report.at(entry.below("endpoints"), "endpoints with DYNAMIC_DNS (expected: none)");
            }
            if (value.workloadSelector() != null) {
                report.at(entry.below("workloadSelector"), "workloadSelector with DYNAMIC_DNS (expected: none)");
            }
            entry.each("ports", ServiceEntry::ports)
                    .filter(port -> Protocol.of(port.value().protocol())
                            .map(protocol -> protocol == Protocol.HTTPS || !(protocol.isHttp() || protocol.isTls()))
                            .orElse(true))
                    .forEach(port -> report.at(
                            port.below("protocol"),
                            "protocol \"%s\" with DYNAMIC_DNS (expected: HTTP, HTTP2, GRPC or TLS)"
                                    .formatted(port.value().protocol())));
        }
    }

    /// SP1510: the bounds of Istio's schema.
    static final class ListsAreBounded extends ObjectRule<ServiceEntry> {
        ListsAreBounded() {
            super(
                    "SP1510",
                    ERROR,
                    "List of a ServiceEntry is too long",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "At most 256 hosts, addresses and ports, and 4,096 endpoints.",
                            "{resolution: NONE, hosts: [" + hosts(257) + "]}",
                            "{resolution: NONE, hosts: [" + hosts(2) + "]}"));
        }

        private static String hosts(int count) {
            return String.join(
                    ", ",
                    Stream.iterate(1, number -> number + 1)
                            .limit(count)
                            .map(number -> "h" + number + ".test")
                            .toList());
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            bound(entry, "hosts", entry.value().hosts().size(), 256, report);
            bound(entry, "addresses", entry.value().addresses().size(), 256, report);
            bound(entry, "ports", entry.value().ports().size(), 256, report);
            bound(entry, "endpoints", entry.value().endpoints().size(), 4096, report);
        }

        private static void bound(At<ServiceEntry> entry, String name, int size, int most, Report report) {
            if (size > most) {
                report.at(entry.below(name), "%d %s (expected: at most %d)".formatted(size, name, most));
            }
        }
    }

    /// SP4501: Istio warns too.
    static final class WildcardIsWhole extends ObjectRule<ServiceEntry> {
        WildcardIsWhole() {
            super(
                    "SP4501",
                    WARNING,
                    "Wildcard is only a part of a label",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "A wildcard stands for whole labels: \"*.example.com\".",
                            "{hosts: [\"*example.com\"], resolution: NONE}",
                            "{hosts: [\"*.example.com\"], resolution: NONE}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            entry.each("hosts", ServiceEntry::hosts)
                    .filter(host -> Hosts.isPartialWildcard(host.value()))
                    .forEach(host ->
                            report.at(host, "host \"%s\" (expected: \"*\" in front of a dot)".formatted(host.value())));
        }
    }

    /// SP4502: nothing tells such connections apart. Istio warns too.
    static final class TcpPortHasAddress extends ObjectRule<ServiceEntry> {
        TcpPortHasAddress() {
            super(
                    "SP4502",
                    WARNING,
                    "TCP port without an address",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Bytes to a TCP port are told apart by their destination address, so the ServiceEntry needs addresses; Istio hands one out itself, but not for NONE.",
                            "{hosts: [db.test], resolution: NONE, ports: [{number: 5432, name: db, protocol: TCP}]}",
                            "{hosts: [db.test], addresses: [10.0.0.1], resolution: NONE, ports: [{number: 5432, name: db, protocol: TCP}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            boolean optedOut = "false"
                    .equalsIgnoreCase(report.object()
                            .metadata()
                            .labels()
                            .getOrDefault("networking.istio.io/enable-autoallocate-ip", ""));
            boolean allocated = entry.value().resolution() != Resolution.NONE && !optedOut;
            if (allocated || !entry.value().addresses().isEmpty()) {
                return;
            }
            entry.each("ports", ServiceEntry::ports)
                    .filter(port -> port.value().protocol().isEmpty()
                            || port.value().protocol().equals("TCP"))
                    .forEach(port -> report.at(
                            port,
                            "TCP port %d without addresses (expected: addresses)"
                                    .formatted(port.value().number())));
        }
    }

    /// SP4503: Istio warns too.
    static final class SelectorFitsResolution extends ObjectRule<ServiceEntry> {
        SelectorFitsResolution() {
            super(
                    "SP4503",
                    WARNING,
                    "workloadSelector is not used",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "With NONE the client says where its connection goes, so nobody looks at selected workloads.",
                            "{hosts: [a.test], resolution: NONE, workloadSelector: {labels: {app: a}}}",
                            "{hosts: [a.test], resolution: STATIC, workloadSelector: {labels: {app: a}}}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            var resolution = entry.value().resolution();
            if (resolution == Resolution.NONE && entry.value().workloadSelector() != null) {
                report.at(
                        entry.below("workloadSelector"),
                        "workloadSelector with resolution %s (expected: STATIC)".formatted(resolution));
            }
        }
    }

    /// SP4504: an endpoint by network only. Istio warns too.
    static final class AddressIsSet extends ObjectRule<ServiceEntry> {
        AddressIsSet() {
            super(
                    "SP4504",
                    WARNING,
                    "Endpoint has a network and no address",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Without an address the endpoint is reached through its network's gateway only.",
                            "{hosts: [a.test], resolution: STATIC, endpoints: [{network: far}]}",
                            "{hosts: [a.test], resolution: STATIC, endpoints: [{network: far, address: 10.0.0.1}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            if (entry.value().resolution() == Resolution.STATIC) {
                entry.each("endpoints", ServiceEntry::endpoints)
                        .filter(endpoint -> WorkloadRules.isRemote(endpoint.value()))
                        .forEach(endpoint -> report.at(
                                endpoint,
                                "no address in network \"%s\" (expected: address)"
                                        .formatted(endpoint.value().network())));
            }
        }
    }

    /// SP4505: Istio warns too.
    static final class TcpHostIsAlone extends ObjectRule<ServiceEntry> {
        TcpHostIsAlone() {
            super(
                    "SP4505",
                    WARNING,
                    "Several hosts share an address on a TCP port",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "On a TCP or TLS port with an address, only the first host is found.",
                            "{hosts: [a.test, b.test], addresses: [10.0.0.1], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}",
                            "{hosts: [a.test], addresses: [10.0.0.1], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}"));
        }

        @Override
        public void check(At<ServiceEntry> entry, Report report) {
            var value = entry.value();
            if (!isDns(value) || value.addresses().isEmpty() || value.hosts().size() < 2) {
                return;
            }
            entry.each("ports", ServiceEntry::ports)
                    .filter(port -> isTcp(port.value()))
                    .limit(1)
                    .forEach(port -> report.at(
                            port,
                            "%d hosts share addresses on TCP port %d (expected: one host)"
                                    .formatted(
                                            value.hosts().size(), port.value().number())));
        }

        private static boolean isTcp(ServicePort port) {
            return Protocol.of(port.protocol()).map(Protocol::isTcp).orElse(false);
        }
    }
}
