package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.Spec;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Several objects for one host.
final class HostConflicts {

    private HostConflicts() {}

    static List<Rule<?>> all() {
        return List.of(
                new MeshHostHasOneService(),
                new GatewayHostIsShared(),
                new RuleIsReachedAcrossServices(),
                new EntriesAgree(),
                new RulesAgree());
    }

    private static String service(String name, String spec) {
        return "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: shop, name: %s}\nspec: %s\n---\n"
                .formatted(name, spec);
    }

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.test"]}]}
            ---
            """;

    private static <S extends Spec> Optional<ConfigObject<S>> older(
            List<ConfigObject<S>> found, ConfigObject<?> object) {
        return found.stream().filter(other -> other.isOlderThan(object)).findFirst();
    }

    /// The ServiceEntries that declare a host too, and come before this object.
    static Stream<ConfigObject<?>> olderEntries(String host, Lookup world, ConfigObject<?> object) {
        return world.declaring(Hosts.fullName(host, object.namespace())).stream()
                .<ConfigObject<?>>map(other -> other)
                .filter(other -> other.spec() instanceof ServiceEntry && other.isOlderThan(object));
    }

    /// SP3103: clients take the oldest VirtualService of a host and ignore the others (G13).
    static final class MeshHostHasOneService extends WorldRule<VirtualService> {
        MeshHostHasOneService() {
            super(
                    "SP3103",
                    WARNING,
                    "Host has an older VirtualService in the mesh",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Client proxies take the oldest VirtualService of a host; the younger one has no effect there.",
                            service("old", "{hosts: [cart.test], http: [{directResponse: {status: 200}}]}")
                                    + service("young", "{hosts: [cart.test], http: [{directResponse: {status: 201}}]}"),
                            service("old", "{hosts: [cart.test], http: [{directResponse: {status: 200}}]}")
                                    + service(
                                            "young", "{hosts: [shop.test], http: [{directResponse: {status: 201}}]}")));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            boolean mesh = service.value().gateways().isEmpty()
                    || service.value().gateways().contains("mesh");
            if (!mesh) {
                return;
            }
            service.each("hosts", VirtualService::hosts)
                    .forEach(host -> older(
                                    world.bound(
                                            "mesh",
                                            Hosts.fullName(
                                                    host.value(),
                                                    report.object().namespace())),
                                    report.object())
                            .ifPresent(other -> report.at(
                                    host,
                                    "host \"%s\" is that of the older %s (expected: one VirtualService for each host of the mesh)"
                                            .formatted(host.value(), other.ref()),
                                    List.of(new Report.Place(other, Path.of("spec", "hosts"))))));
        }
    }

    /// SP3104: gateways merge them, in the order of age (G12).
    static final class GatewayHostIsShared extends WorldRule<VirtualService> {
        GatewayHostIsShared() {
            super(
                    "SP3104",
                    INFO,
                    "Host is shared with an older VirtualService",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A gateway merges the VirtualServices of a host: the older one's rules come first, and rules that take everything last.",
                            GATEWAY
                                    + service(
                                            "old",
                                            "{hosts: [a.test], gateways: [edge], http: [{match: [{uri: {prefix: /a/}}], directResponse: {status: 200}}]}")
                                    + service(
                                            "young",
                                            "{hosts: [a.test], gateways: [edge], http: [{directResponse: {status: 201}}]}"),
                            GATEWAY
                                    + service(
                                            "old",
                                            "{hosts: [a.test], gateways: [edge], http: [{directResponse: {status: 200}}]}")
                                    + service(
                                            "young",
                                            "{hosts: [b.test], gateways: [edge], http: [{directResponse: {status: 201}}]}")));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var namespace = report.object().namespace();
            service.each("hosts", VirtualService::hosts)
                    .forEach(host -> service.value().gateways().stream()
                            .filter(gateway -> !gateway.equals("mesh"))
                            .map(gateway -> Bindings.gatewayName(gateway, namespace))
                            .flatMap(gateway ->
                                    older(
                                            world.bound(gateway, Hosts.fullName(host.value(), namespace)),
                                            report.object())
                                            .stream())
                            .findFirst()
                            .ifPresent(other -> report.at(
                                    host,
                                    "host \"%s\" is also that of the older %s, whose rules come first (expected, if this is meant: nothing)"
                                            .formatted(host.value(), other.ref()),
                                    List.of(new Report.Place(other, Path.of("spec", "hosts"))))));
        }
    }

    /// SP3105: an older VirtualService leaves nothing for a rule of this one (S12).
    static final class RuleIsReachedAcrossServices extends WorldRule<VirtualService> {
        RuleIsReachedAcrossServices() {
            super(
                    "SP3105",
                    WARNING,
                    "Rule is shadowed by an older VirtualService",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "On a gateway the older VirtualService of a host is asked first, so a match that it takes already is never used here.",
                            GATEWAY
                                    + service(
                                            "old",
                                            "{hosts: [a.test], gateways: [edge], http: [{match: [{uri: {prefix: /a/}}], directResponse: {status: 200}}]}")
                                    + service(
                                            "young",
                                            "{hosts: [a.test], gateways: [edge], http: [{match: [{uri: {prefix: /a/b/}}], directResponse: {status: 201}}]}"),
                            GATEWAY
                                    + service(
                                            "old",
                                            "{hosts: [a.test], gateways: [edge], http: [{match: [{uri: {prefix: /a/b/}}], directResponse: {status: 200}}]}")
                                    + service(
                                            "young",
                                            "{hosts: [a.test], gateways: [edge], http: [{match: [{uri: {prefix: /a/}}], directResponse: {status: 201}}]}")));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var namespace = report.object().namespace();
            for (var host : service.value().hosts()) {
                for (var written : service.value().gateways()) {
                    if (written.equals("mesh")) {
                        continue;
                    }
                    var gateway = Bindings.gatewayName(written, namespace);
                    var others = world.bound(gateway, Hosts.fullName(host, namespace)).stream()
                            .filter(other -> other.isOlderThan(report.object()))
                            .limit(8)
                            .toList();
                    if (!others.isEmpty()) {
                        compare(service, host, others, report);
                        return;
                    }
                }
            }
        }

        private static void compare(
                At<VirtualService> service, String host, List<ConfigObject<VirtualService>> others, Report report) {
            service.each("http", VirtualService::http).forEach(route -> {
                if (route.value().match().isEmpty()) {
                    others.stream()
                            .filter(other -> other.spec().http().stream()
                                    .anyMatch(rule -> rule.match().isEmpty()))
                            .findFirst()
                            .ifPresent(other -> report(route, host, other, report));
                    return;
                }
                route.each("match", HttpRoute::match)
                        .forEach(match -> others.stream()
                                .filter(other -> other.spec().http().stream()
                                        .flatMap(rule -> rule.match().stream())
                                        .anyMatch(older -> takes(older, match.value())))
                                .findFirst()
                                .ifPresent(other -> report(match, host, other, report)));
            });
        }

        private static void report(At<?> place, String host, ConfigObject<VirtualService> other, Report report) {
            report.at(
                    place,
                    "never used for \"%s\": the older %s takes such requests first (expected: a match that it does not take)"
                            .formatted(host, other.ref()),
                    List.of(new Report.Place(other, Path.of("spec", "http"))));
        }

        private static boolean takes(HttpMatchRequest older, HttpMatchRequest younger) {
            var uri = older.uri();
            boolean pathOnly = older.headers().isEmpty()
                    && older.withoutHeaders().isEmpty()
                    && older.queryParams().isEmpty()
                    && older.method() == null
                    && older.scheme() == null
                    && older.authority() == null
                    && older.port() == 0
                    && older.sourceLabels().isEmpty()
                    && older.gateways().isEmpty()
                    && older.sourceNamespace().isEmpty()
                    && !older.ignoreUriCase();
            var wanted = younger.uri();
            if (!pathOnly || uri == null || wanted == null || younger.ignoreUriCase()) {
                return false;
            }
            var prefix = uri.prefix();
            if (prefix != null && !prefix.isEmpty() && !prefix.equals("/")) {
                return (wanted.exact() != null && wanted.exact().startsWith(prefix))
                        || (wanted.prefix() != null && wanted.prefix().startsWith(prefix));
            }
            return uri.exact() != null && uri.exact().equals(wanted.exact());
        }
    }

    /// SP3106: two answers to where a host is (P28).
    static final class EntriesAgree extends WorldRule<ServiceEntry> {
        EntriesAgree() {
            super(
                    "SP3106",
                    WARNING,
                    "Host is declared with another resolution",
                    Kind.SERVICE_ENTRY,
                    ServiceEntry.class,
                    new Page(
                            "Of several ServiceEntries for a host, the one of the client's own namespace counts, else the oldest; with different resolutions, clients of different namespaces go to different places.",
                            entry("old", "DNS") + entry("young", "NONE"),
                            entry("old", "DNS") + entry("young", "DNS")));
        }

        private static String entry(String name, String resolution) {
            return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {namespace: shop, name: %s}\nspec: {hosts: [a.test], resolution: %s, ports: [{number: 80, name: http, protocol: HTTP}]}\n---\n"
                    .formatted(name, resolution);
        }

        @Override
        public void check(At<ServiceEntry> entry, Lookup world, Report report) {
            entry.each("hosts", ServiceEntry::hosts)
                    .forEach(host -> olderEntries(host.value(), world, report.object())
                            .filter(other -> ((ServiceEntry) other.spec()).resolution()
                                    != entry.value().resolution())
                            .findFirst()
                            .ifPresent(other -> report.at(
                                    host,
                                    "host \"%s\" has resolution %s here and %s in the older %s (expected: one of the two)"
                                            .formatted(
                                                    host.value(),
                                                    entry.value().resolution(),
                                                    ((ServiceEntry) other.spec()).resolution(),
                                                    other.ref()),
                                    List.of(new Report.Place(other, Path.of("spec", "resolution"))))));
        }
    }

    /// SP3107: two policies for one host; the older one counts (D2).
    static final class RulesAgree extends WorldRule<DestinationRule> {
        RulesAgree() {
            super(
                    "SP3107",
                    WARNING,
                    "Host has an older traffic policy",
                    Kind.DESTINATION_RULE,
                    DestinationRule.class,
                    new Page(
                            "DestinationRules of one namespace and host are merged: subsets add up, and the trafficPolicy of the oldest counts.",
                            rule("old", "RANDOM") + rule("young", "ROUND_ROBIN"),
                            rule("old", "RANDOM")
                                    + "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {namespace: shop, name: young}\nspec: {host: a.test, subsets: [{name: v1, labels: {version: v1}}]}"));
        }

        private static String rule(String name, String balancer) {
            return "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {namespace: shop, name: %s}\nspec: {host: a.test, trafficPolicy: {loadBalancer: {simple: %s}}}\n---\n"
                    .formatted(name, balancer);
        }

        @Override
        public void check(At<DestinationRule> rule, Lookup world, Report report) {
            if (rule.value().trafficPolicy() == null || rule.value().workloadSelector() != null) {
                return;
            }
            world.rulesFor(Hosts.fullName(rule.value().host(), report.object().namespace())).stream()
                    .filter(other -> other.namespace().equals(report.object().namespace()))
                    .filter(other -> other.isOlderThan(report.object()))
                    .filter(other -> ((DestinationRule) other.spec()).trafficPolicy() != null
                            && ((DestinationRule) other.spec()).workloadSelector() == null
                            && ((DestinationRule) other.spec())
                                    .exportTo()
                                    .equals(rule.value().exportTo()))
                    .findFirst()
                    .ifPresent(other -> report.at(
                            rule.below("trafficPolicy"),
                            "trafficPolicy has no effect: that of the older %s counts (expected: one for each host)"
                                    .formatted(other.ref()),
                            List.of(new Report.Place(other, Path.of("spec", "trafficPolicy")))));
        }
    }
}
