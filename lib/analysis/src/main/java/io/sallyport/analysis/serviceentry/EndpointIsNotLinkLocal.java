package io.sallyport.analysis.serviceentry;

import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.model.EndpointSlice;
import io.sallyport.model.Kind;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.Spec;
import io.sallyport.model.WorkloadEntry;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// SP4506: addresses at which the gateway's own machine hands out its credentials, and the proxy's own sockets, above
/// all Envoy's admin interface. The linker leaves them out.
final class EndpointIsNotLinkLocal extends ObjectRule<Spec> {
    EndpointIsNotLinkLocal() {
        super(
                "SP4506",
                WARNING,
                "Endpoint is a link-local or metadata address, or a proxy's own",
                ImmutableSet.of(Kind.SERVICE_ENTRY, Kind.WORKLOAD_ENTRY, Kind.ENDPOINT_SLICE),
                Spec.class,
                new Page(
                        "169.254.0.0/16, fe80::/10 and fd00:ec2::254, in IPv4-mapped forms too, are where a machine finds its own credentials, and unix:///var/run/sallyport/admin.sock is Envoy's admin interface; ports 15000 to 15099 of this machine, however it is spelled (127.1, localhost., ::ffff:127.0.0.1, 0.0.0.0), are Sallyport's. Istio accepts them; no gateway is told of them.",
                        """
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata: {namespace: shop, name: meta}
                        spec: {hosts: [meta.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 169.254.169.254}]}
                        """,
                        """
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata: {namespace: shop, name: meta}
                        spec: {hosts: [meta.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 10.0.0.1}]}
                        """));
    }

    @Override
    public void check(At<Spec> spec, Report report) {
        checkDoors(spec, report);
        addresses(spec)
                .filter(address -> Addresses.isOwnSocket(address.value()))
                .forEach(address -> report.at(
                        address,
                        "address \"%s\" is a proxy's own (expected: a socket of somebody else; this one is withheld)"
                                .formatted(address.value())));
        addresses(spec)
                .filter(address -> Addresses.isLinkLocal(address.value()))
                .forEach(address -> report.at(
                        address,
                        "address \"%s\" is link-local (expected: an address behind a router; this one is withheld)"
                                .formatted(address.value())));
    }

    // Of endpoints with the ports that are theirs; the linker, which knows every port, leaves out as many or more.
    private static void checkDoors(At<Spec> spec, Report report) {
        switch (spec.value()) {
            case ServiceEntry entry -> {
                if (entry.endpoints().isEmpty() && entry.resolution() != ServiceEntry.Resolution.NONE) {
                    // A host without a dot is a name of its namespace.
                    spec.as(entry)
                            .each("hosts", ServiceEntry::hosts)
                            .filter(host -> host.value().indexOf('.') >= 0)
                            .forEach(host -> checkDoor(host, ports(entry, Map.of()), report));
                }
                spec.as(entry)
                        .each("endpoints", ServiceEntry::endpoints)
                        .forEach(endpoint -> endpoint.field("address", WorkloadEntry::address)
                                .forEach(address -> checkDoor(
                                        address, ports(entry, endpoint.value().ports()), report)));
            }
            case WorkloadEntry workload ->
                spec.as(workload)
                        .field("address", WorkloadEntry::address)
                        .forEach(address ->
                                checkDoor(address, workload.ports().values().asList(), report));
            default -> {}
        }
    }

    // Where the ports of an entry lead: to those that an endpoint names, else to the port's own target.
    private static List<Integer> ports(ServiceEntry entry, Map<String, Integer> ofEndpoint) {
        return entry.ports().stream()
                .map(port -> ofEndpoint.getOrDefault(
                        port.name(), port.targetPort() == 0 ? port.number() : port.targetPort()))
                .toList();
    }

    private static void checkDoor(At<String> address, List<Integer> ports, Report report) {
        ports.stream()
                .filter(port -> Addresses.isOwnDoor(address.value(), port))
                .findFirst()
                .ifPresent(port -> report.at(
                        address,
                        "address \"%s\" with port %d is Sallyport's own on the proxy's machine (expected: a port that is not from 15000 to 15099; this one is withheld)"
                                .formatted(address.value(), port)));
    }

    private static Stream<At<String>> addresses(At<Spec> spec) {
        return switch (spec.value()) {
            case ServiceEntry entry ->
                Stream.concat(
                        // Hosts without endpoints are looked up, and such an address is its own answer.
                        spec.as(entry)
                                .each("hosts", ServiceEntry::hosts)
                                .filter(_ -> entry.endpoints().isEmpty()),
                        spec.as(entry)
                                .each("endpoints", ServiceEntry::endpoints)
                                .flatMap(endpoint -> endpoint.field("address", WorkloadEntry::address)));
            case WorkloadEntry workload -> spec.as(workload).field("address", WorkloadEntry::address);
            case EndpointSlice slice ->
                spec.as(slice)
                        .each("endpoints", EndpointSlice::endpoints)
                        .flatMap(endpoint -> endpoint.each("addresses", EndpointSlice.Endpoint::addresses));
            default -> Stream.empty();
        };
    }
}
