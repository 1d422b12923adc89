package io.sallyport.analysis.expansion;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.EgressPolicy;
import io.sallyport.model.EgressPolicy.Mode;
import io.sallyport.model.EgressPolicy.Protocol;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// All rules about EgressPolicies. What they let through can be spelled as Istio objects that are valid.
public final class EgressPolicyRules {

    private static final String HEAD =
            "apiVersion: sallyport.io/v1alpha1\nkind: EgressPolicy\nmetadata: {namespace: shop, name: pay}\nspec: ";
    private static final String TLS_PORT = "ports: [{number: 443, protocol: TLS}]";

    private EgressPolicyRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .add(new HostsAreOutside())
                .add(new PortsCanBeToldApart())
                .add(new ClientsAreNamed())
                .add(new EncryptionFits())
                .add(new ExpiryIsDate())
                .add(new PolicyHolds())
                .add(new PolicyHoldsForLong())
                .add(new ExpansionIsOnesOwn())
                .build();
    }

    private static Rule.Page about(String about, String example, String repair) {
        return new Rule.Page(about, HEAD + example + "\n", HEAD + repair + "\n");
    }

    /// SP1971: hosts that stand for nothing outside.
    static final class HostsAreOutside extends ObjectRule<EgressPolicy> {
        private static final int MOST = 200;
        private static final int LONGEST = 240;

        HostsAreOutside() {
            super(
                    "SP1971",
                    ERROR,
                    "Host of an EgressPolicy is no name outside",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    about(
                            "Hosts are full names, or wildcards of such: what has no dot is a name inside, and an address is no name.",
                            "{hosts: [\"*\"], " + TLS_PORT + "}",
                            "{hosts: [\"*.example.com\"], " + TLS_PORT + "}"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Report report) {
            if (policy.value().hosts().size() > MOST) {
                report.at(
                        policy.below("hosts"),
                        "%d hosts (expected: at most %d in one policy)"
                                .formatted(policy.value().hosts().size(), MOST));
                return;
            }
            var seen = new HashSet<String>();
            policy.each("hosts", EgressPolicy::hosts).forEach(host -> {
                problem(host.value(), report.object().name()).ifPresent(problem -> report.at(host, problem));
                if (!seen.add(host.value().toLowerCase(Locale.ROOT))) {
                    report.at(host, "host \"%s\" stands here twice (expected: once)".formatted(host.value()));
                }
            });
        }

        private static Optional<String> problem(String host, String policy) {
            if (Addresses.isAddress(host)) {
                return Optional.of(
                        "host \"%s\" is an address (expected: a name, such as \"api.example.com\")".formatted(host));
            }
            if (host.endsWith(".") || !host.contains(".") || (host.contains("*") && !host.startsWith("*."))) {
                return Optional.of(
                        "host \"%s\" (expected: a full name, such as \"api.example.com\", or \"*.example.com\")"
                                .formatted(host));
            }
            if (host.length() + policy.length() > LONGEST) {
                return Optional.of("host \"%s\" and the name of the policy have %d characters (expected: at most %d)"
                        .formatted(host, host.length() + policy.length(), LONGEST));
            }
            return Hosts.wildcardProblem(host);
        }
    }

    /// SP1972: ports of which nobody could say what goes where.
    static final class PortsCanBeToldApart extends ObjectRule<EgressPolicy> {
        private static final int LAST = 65_535;
        private static final int MOST = 50;

        PortsCanBeToldApart() {
            super(
                    "SP1972",
                    ERROR,
                    "Port of an EgressPolicy cannot be served",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    about(
                            "Each port stands here once. Bytes on a TCP port do not say whom they are for, so a policy with one has one host, without a wildcard.",
                            "{hosts: [a.example.com, b.example.com], ports: [{number: 5432, protocol: TCP}]}",
                            "{hosts: [a.example.com], ports: [{number: 5432, protocol: TCP}]}"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Report report) {
            int count = policy.value().ports().size();
            if (count == 0 || count > MOST) {
                report.at(policy.below("ports"), "%d ports (expected: 1 to %d)".formatted(count, MOST));
            }
            var seen = new HashSet<Integer>();
            policy.each("ports", EgressPolicy::ports).limit(MOST).forEach(port -> {
                int number = port.value().number();
                if (number < 1 || number > LAST) {
                    report.at(port.below("number"), "port %d (expected: 1 to %d)".formatted(number, LAST));
                }
                if (!seen.add(number)) {
                    report.at(port.below("number"), "port %d stands here twice (expected: once)".formatted(number));
                }
                if (port.value().protocol() == Protocol.TCP && !isOneName(policy.value())) {
                    report.at(
                            port.below("protocol"),
                            "TCP with %d hosts or a wildcard (expected: one host; bytes do not say whom they are for)"
                                    .formatted(policy.value().hosts().size()));
                }
            });
        }

        private static boolean isOneName(EgressPolicy policy) {
            return policy.hosts().size() == 1 && !policy.hosts().getFirst().startsWith("*");
        }
    }

    /// SP1973: clients and doors whose names are none.
    static final class ClientsAreNamed extends ObjectRule<EgressPolicy> {
        private static final int MOST = 100;

        ClientsAreNamed() {
            super(
                    "SP1973",
                    ERROR,
                    "EgressPolicy names a namespace or a gateway that cannot be one",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    about(
                            "Namespaces and gateways have names of letters, digits and dashes; \"*\" is every namespace.",
                            "{from: [{namespace: \"shop-*\"}], hosts: [a.example.com], " + TLS_PORT + "}",
                            "{from: [{namespace: \"*\"}], hosts: [a.example.com], " + TLS_PORT + "}"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Report report) {
            if (policy.value().from().size() > MOST) {
                report.at(
                        policy.below("from"),
                        "%d clients (expected: at most %d)"
                                .formatted(policy.value().from().size(), MOST));
                return;
            }
            policy.each("from", EgressPolicy::from)
                    .flatMap(client -> client.field("namespace", EgressPolicy.Client::namespace))
                    .filter(namespace -> !namespace.value().isEmpty()
                            && !namespace.value().equals("*")
                            && !Hosts.isLabel(namespace.value()))
                    .forEach(namespace -> report.at(
                            namespace,
                            "namespace \"%s\" (expected: a name, or \"*\" for every namespace)"
                                    .formatted(namespace.value())));
            policy.field("gateway", EgressPolicy::gateway).forEach(door -> {
                label(door.field("namespace", EgressPolicy.Door::namespace).toList(), report);
                label(door.field("name", EgressPolicy.Door::name).toList(), report);
            });
        }

        private static void label(List<At<String>> names, Report report) {
            names.stream()
                    .filter(name -> !name.value().isEmpty() && !Hosts.isLabel(name.value()))
                    .forEach(name -> report.at(
                            name, "\"%s\" (expected: letters, digits and dashes, at most 63)".formatted(name.value())));
        }
    }

    /// SP1974: encryption that encrypts nothing, or has nothing to show.
    static final class EncryptionFits extends ObjectRule<EgressPolicy> {
        private static final int LAST = 65_535;

        EncryptionFits() {
            super(
                    "SP1974",
                    ERROR,
                    "tlsOrigination does not fit the ports",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    about(
                            "tlsOrigination encrypts what clients send as plain HTTP. What they encrypt themselves, and bytes, pass as they are. MUTUAL shows the certificate of credentialName.",
                            "{hosts: [a.example.com], " + TLS_PORT + ", tlsOrigination: {mode: SIMPLE}}",
                            "{hosts: [a.example.com], ports: [{number: 80, protocol: HTTP}], tlsOrigination: {mode: SIMPLE}}"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Report report) {
            policy.field("tlsOrigination", EgressPolicy::tlsOrigination).forEach(tls -> {
                if (policy.value().ports().stream().noneMatch(port -> EgressExpansion.isHttp(port.protocol()))) {
                    report.at(tls, "no port of HTTP to encrypt (expected: one of protocol HTTP, HTTP2 or GRPC)");
                }
                if (tls.value().mode() == Mode.MUTUAL
                        && tls.value().credentialName().isEmpty()) {
                    report.at(tls.below("credentialName"), "MUTUAL without credentialName (expected: a secret)");
                }
                if (tls.value().port() > LAST) {
                    report.at(
                            tls.below("port"),
                            "port %d (expected: 1 to %d)".formatted(tls.value().port(), LAST));
                }
                if (!tls.value().sni().isEmpty()) {
                    Hosts.nameProblem(tls.value().sni()).ifPresent(problem -> report.at(tls.below("sni"), problem));
                }
            });
        }
    }

    /// SP1975: an end that is no date.
    static final class ExpiryIsDate extends ObjectRule<EgressPolicy> {
        ExpiryIsDate() {
            super(
                    "SP1975",
                    ERROR,
                    "End of an EgressPolicy is no date",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    about(
                            "An end is a date, its last day (UTC), or an instant as RFC 3339 has it. What cannot be read would never end.",
                            "{hosts: [a.example.com], " + TLS_PORT + ", expires: \"30.06.2027\"}",
                            "{hosts: [a.example.com], " + TLS_PORT + ", expires: \"2027-06-30\"}"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Report report) {
            policy.field("expires", EgressPolicy::expires)
                    .filter(text -> !text.value().isEmpty()
                            && Expiry.parse(text.value()).isEmpty())
                    .forEach(text -> report.at(
                            text,
                            "expires \"%s\" (expected: a date, \"2027-06-30\", or an instant, \"2027-06-30T12:00:00Z\")"
                                    .formatted(text.value())));
        }
    }

    /// SP4971: a policy that has ended lets nobody out, as it says.
    static final class PolicyHolds extends WorldRule<EgressPolicy> {
        PolicyHolds() {
            super(
                    "SP4971",
                    WARNING,
                    "EgressPolicy has expired",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    about(
                            "From its end on a policy stands for nothing: where REGISTRY_ONLY holds, its hosts are blocked. Extend it, or delete it.",
                            "{hosts: [a.example.com], " + TLS_PORT + ", expires: \"2020-06-30\"}",
                            "{hosts: [a.example.com], " + TLS_PORT + ", expires: \"2099-06-30\"}"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Lookup world, Report report) {
            at(policy, world, report, Expiry.Phase.OVER, "has passed: nothing is allowed any more");
        }
    }

    /// SP4972: a policy that will end soon, said while there is time to do something about it.
    static final class PolicyHoldsForLong extends WorldRule<EgressPolicy> {
        PolicyHoldsForLong() {
            super(
                    "SP4972",
                    WARNING,
                    "EgressPolicy expires soon",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    about(
                            "Fourteen days before its end a policy says so, in check, get and egress list.",
                            // Files are checked as of now, and pages as of the first day of 2026.
                            "{hosts: [a.example.com], " + TLS_PORT + ", expires: \"2026-01-08\"}",
                            "{hosts: [a.example.com], " + TLS_PORT + ", expires: \"2099-06-30\"}"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Lookup world, Report report) {
            at(policy, world, report, Expiry.Phase.NEAR, "is less than 14 days away: nothing is allowed after it");
        }
    }

    private static void at(At<EgressPolicy> policy, Lookup world, Report report, Expiry.Phase phase, String said) {
        var expiry = Expiry.of(policy.value());
        if (expiry.isPresent() && world.moment().map(expiry.get()::at).orElse(Expiry.Phase.FAR) == phase) {
            report.at(
                    policy.below("expires"),
                    "its end, \"%s\", %s (expected: a later one, or no policy)"
                            .formatted(policy.value().expires(), said));
        }
    }

    /// SP3971: an object that a policy stands for has the name of another one, which counts instead.
    static final class ExpansionIsOnesOwn extends WorldRule<EgressPolicy> {
        private static final String POLICY = HEAD + "{hosts: [a.example.com], " + TLS_PORT + "}\n";

        ExpansionIsOnesOwn() {
            super(
                    "SP3971",
                    WARNING,
                    "Object of an EgressPolicy has the name of another one",
                    Kind.EGRESS_POLICY,
                    EgressPolicy.class,
                    new Page(
                            "What somebody wrote counts, and of two policies the older one: the policy does not do what it says. Rename one of the two.",
                            POLICY
                                    + "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {namespace: shop, name: pay-egress}\nspec: {hosts: [b.example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}\n",
                            POLICY
                                    + "---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {namespace: shop, name: pay}\nspec: {hosts: [b.example.com], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}\n"));
        }

        @Override
        public void check(At<EgressPolicy> policy, Lookup world, Report report) {
            for (var derived : EgressExpansion.of(report.object())) {
                var object = derived.object();
                world.inPlaceOf(object.ref()).stream()
                        .filter(other -> !other.spec().equals(object.spec()))
                        .findFirst()
                        .ifPresent(other -> report.at(
                                Path.of("spec"),
                                "%s has the name of an object that the policy stands for, and counts instead (expected: another name)"
                                        .formatted(other.ref()),
                                List.of(new Report.Place(other, Path.ROOT))));
            }
        }
    }
}
