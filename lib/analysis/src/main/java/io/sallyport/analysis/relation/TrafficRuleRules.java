package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.PortTrafficPolicy;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.ServiceEntry.Resolution;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/// What a DestinationRule is for.
final class TrafficRuleRules {

    private static final String CART = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: cart}
            spec: {hosts: [cart.test], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 10.0.0.1, labels: {version: v1}}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: DestinationRule
            metadata: {namespace: shop, name: cart}
            spec: {host: %s, subsets: [{name: one, labels: {version: %s}}]}
            """;

    private TrafficRuleRules() {}

    static List<Rule<?>> all() {
        return List.of(new RuledHostExists(), new SubsetHasEndpoints(), new RuledPortExists());
    }

    /// SP2119: a rule for a host that nobody declares has no effect (Istio: UnknownDestinationRuleHost).
    static final class RuledHostExists extends WorldRule<DestinationRule> {
        RuledHostExists() {
            super(
                    "SP2119",
                    WARNING,
                    "Host of a DestinationRule is not declared",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A DestinationRule is for a Service or ServiceEntry of that name. Without one it has no effect.",
                            CART.formatted("card.test", "v1"),
                            CART.formatted("cart.test", "v1")));
        }

        @Override
        public void check(At<DestinationRule> rule, Lookup world, Report report) {
            var host = rule.value().host();
            if (host.contains("*") || host.isEmpty() || !world.hasProviders()) {
                return;
            }
            var name = Hosts.fullName(host, report.object().namespace());
            if (world.providers(name).isEmpty()) {
                report.at(
                        rule.below("host"),
                        "no Service and no ServiceEntry declares \"%s\" (expected: %s)"
                                .formatted(
                                        name,
                                        world.nearestHost(name)
                                                .map(near -> '"' + near + '"')
                                                .orElse("one of that name")));
            }
        }
    }

    /// SP2129: settings for a port that the service does not have.
    static final class RuledPortExists extends WorldRule<DestinationRule> {
        RuledPortExists() {
            super(
                    "SP2129",
                    WARNING,
                    "Port of a DestinationRule is not on the service",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "portLevelSettings go by the port of the Service or ServiceEntry, not by that of its endpoints. For any other they have no effect.",
                            ported(8080),
                            ported(80)));
        }

        private static String ported(int port) {
            return CART.formatted("cart.test", "v1")
                    .replace(
                            "subsets:",
                            "trafficPolicy: {portLevelSettings: [{port: {number: %d}, tls: {mode: SIMPLE}}]}, subsets:"
                                    .formatted(port));
        }

        @Override
        public void check(At<DestinationRule> rule, Lookup world, Report report) {
            if (rule.value().host().contains("*")) {
                return;
            }
            var ports = Stream.concat(
                            rule.field("trafficPolicy", DestinationRule::trafficPolicy),
                            rule.each("subsets", DestinationRule::subsets)
                                    .flatMap(subset -> subset.field("trafficPolicy", Subset::trafficPolicy)))
                    .flatMap(policy -> policy.each("portLevelSettings", TrafficPolicy::portLevelSettings))
                    .flatMap(settings -> settings.field("port", PortTrafficPolicy::port))
                    .filter(port -> port.value().number() > 0)
                    .toList();
            if (ports.isEmpty()) {
                return;
            }
            var providers = world.providers(
                    Hosts.fullName(rule.value().host(), report.object().namespace()));
            var declared = new TreeSet<Integer>();
            providers.forEach(provider -> declared.addAll(ReferenceRules.PortIsOnService.ports(provider)));
            ports.stream()
                    .filter(port -> !declared.isEmpty()
                            && !declared.contains(port.value().number()))
                    .forEach(port -> report.at(
                            port.below("number"),
                            "no effect: port %d is not on %s (expected: one of %s)"
                                    .formatted(
                                            port.value().number(),
                                            providers.getFirst().ref(),
                                            declared),
                            List.of(new Report.Place(providers.getFirst(), Path.of("spec", "ports")))));
        }
    }

    /// SP2121: a subset whose labels no endpoint has: requests are answered 503 (Istio: PodNotSelectedAnalyzer).
    static final class SubsetHasEndpoints extends WorldRule<DestinationRule> {
        SubsetHasEndpoints() {
            super(
                    "SP2121",
                    WARNING,
                    "Subset has no endpoints",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "A subset is made of the endpoints with its labels; without any, requests to it are answered with 503 (flag UH).",
                            CART.formatted("cart.test", "v2"),
                            CART.formatted("cart.test", "v1")));
        }

        @Override
        public void check(At<DestinationRule> rule, Lookup world, Report report) {
            var subsets = rule.each("subsets", DestinationRule::subsets)
                    .filter(subset -> !subset.value().labels().isEmpty())
                    .toList();
            if (subsets.isEmpty() || rule.value().host().contains("*")) {
                return;
            }
            var providers = world.declaring(
                    Hosts.fullName(rule.value().host(), report.object().namespace()));
            var labels = providers.stream()
                    .map(provider -> endpoints(provider, world))
                    .toList();
            // Where the endpoints of one are not known, any subset may have some.
            if (labels.isEmpty() || labels.stream().anyMatch(Optional::isEmpty)) {
                return;
            }
            for (var subset : subsets) {
                boolean found = labels.stream()
                        .flatMap(Optional::stream)
                        .flatMap(List::stream)
                        .anyMatch(endpoint -> has(endpoint, subset.value()));
                if (!found) {
                    report.at(
                            subset,
                            "no endpoint of %s has the labels %s (expected: labels of an endpoint)"
                                    .formatted(
                                            providers.getFirst().ref(),
                                            subset.value().labels()),
                            List.of(new Report.Place(providers.getFirst(), Path.ROOT)));
                }
            }
        }

        // Where a workload runs is not written on it here.
        private static boolean has(Map<String, String> endpoint, Subset subset) {
            return subset.labels().entrySet().stream()
                    .filter(label -> !label.getKey().startsWith("topology."))
                    .allMatch(label -> label.getValue().equals(endpoint.get(label.getKey())));
        }

        private static Optional<List<Map<String, String>>> endpoints(ConfigObject<?> provider, Lookup world) {
            return switch (provider.spec()) {
                case ServiceEntry entry
                when entry.workloadSelector() == null
                        && !entry.endpoints().isEmpty()
                        && entry.resolution() != Resolution.NONE ->
                    Optional.of(entry.endpoints().stream()
                            .<Map<String, String>>map(endpoint -> endpoint.labels())
                            .toList());
                case Service _ ->
                    Optional.of(world.slices(provider).stream()
                                    .<Map<String, String>>map(
                                            slice -> slice.metadata().labels())
                                    .toList())
                            .filter(slices -> !slices.isEmpty());
                default -> Optional.empty();
            };
        }
    }
}
