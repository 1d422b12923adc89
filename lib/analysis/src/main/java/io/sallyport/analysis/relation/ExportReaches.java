package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.world.Visibility;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.VirtualService;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// Whether what a gateway needs is exported to it. A proxy sees what is exported to its own namespace, wherever the
/// Gateway itself stands (R18, S52).
final class ExportReaches {

    private static final String SHARED = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: istio-system, name: edge}
            spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.test"]}]}
            ---
            """;
    private static final String SERVICE =
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {namespace: shop, name: shop}\nspec: {hosts: [shop.test], gateways: [istio-system/edge], %s}\n---\n";

    private ExportReaches() {}

    static List<Rule<?>> all() {
        return List.of(new ServiceReachesGateway(), new DestinationReachesGateway());
    }

    // The namespaces of the proxies that serve a Gateway, as far as they are described here.
    private static SortedSet<String> namespaces(ConfigObject<Gateway> gateway, Lookup world) {
        var selector = gateway.spec().selector();
        var platform = world.platform().map(object -> (Platform) object.spec()).orElse(Platform.DEFAULT);
        var namespaces = new TreeSet<String>();
        platform.proxiesOrDefault().stream()
                .filter(proxy -> proxy.kind() == Platform.ProxyKind.router)
                .filter(proxy -> proxy.labels().entrySet().containsAll(selector.entrySet()))
                .forEach(proxy -> namespaces.add(proxy.namespace()));
        if (!selector.isEmpty()) {
            world.possibleSelectors(selector).forEach(service -> namespaces.add(service.namespace()));
        }
        return namespaces;
    }

    private static List<At<String>> gateways(At<VirtualService> service) {
        return service.each("gateways", VirtualService::gateways)
                .filter(gateway -> !gateway.value().equals("mesh"))
                .toList();
    }

    private static Visibility visibility(ConfigObject<?> object, List<String> exportTo) {
        return Visibility.of(object.namespace(), exportTo, List.of());
    }

    /// SP2127: a VirtualService that the proxies of its gateway do not see.
    static final class ServiceReachesGateway extends WorldRule<VirtualService> {
        ServiceReachesGateway() {
            super(
                    "SP2127",
                    WARNING,
                    "VirtualService is hidden from its gateway",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A gateway serves the VirtualServices that are exported to the namespace of its proxies; \".\" is the VirtualService's own.",
                            SHARED + SERVICE.formatted("exportTo: [\".\"], http: [{directResponse: {status: 200}}]"),
                            SHARED
                                    + SERVICE.formatted(
                                            "exportTo: [\".\", istio-system], http: [{directResponse: {status: 200}}]")));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var seen = visibility(report.object(), service.value().exportTo());
            if (seen.isPublic()) {
                return;
            }
            for (var name : gateways(service)) {
                world.gateway(Bindings.gatewayName(name.value(), report.object().namespace()))
                        .ifPresent(gateway -> {
                            var namespaces = namespaces(gateway, world);
                            if (!namespaces.isEmpty() && namespaces.stream().noneMatch(seen::visibleTo)) {
                                report.at(
                                        name,
                                        "not served: exportTo %s hides it from the proxies of \"%s\" in %s (expected: exportTo with that namespace, or \"*\")"
                                                .formatted(
                                                        service.value().exportTo(),
                                                        gateway.ref().qualifiedName(),
                                                        namespaces),
                                        List.of(new Report.Place(gateway, Path.of("spec", "selector"))));
                            }
                        });
            }
        }
    }

    /// SP2128: a destination that the proxies of the gateway do not see, so that requests are answered 503 `NC`.
    static final class DestinationReachesGateway extends WorldRule<VirtualService> {
        DestinationReachesGateway() {
            super(
                    "SP2128",
                    WARNING,
                    "Destination is hidden from the gateway",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A gateway knows the ServiceEntries that are exported to the namespace of its proxies. Requests to any other are answered with 503 (flag NC).",
                            SHARED
                                    + entry(".")
                                    + SERVICE.formatted("http: [{route: [{destination: {host: cart.test}}]}]"),
                            SHARED
                                    + entry("*")
                                    + SERVICE.formatted("http: [{route: [{destination: {host: cart.test}}]}]")));
        }

        private static String entry(String exportTo) {
            return """
                    apiVersion: networking.istio.io/v1
                    kind: ServiceEntry
                    metadata: {namespace: shop, name: cart}
                    spec: {hosts: [cart.test], exportTo: ["%s"], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}
                    ---
                    """.formatted(exportTo);
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var namespace = report.object().namespace();
            var gateways = gateways(service).stream()
                    .flatMap(name -> world.gateway(Bindings.gatewayName(name.value(), namespace)).stream())
                    .toList();
            if (gateways.isEmpty()) {
                return;
            }
            ReferenceRules.destinations(service).forEach(destination -> {
                var providers =
                        world.providers(Hosts.fullName(destination.value().host(), namespace));
                boolean isPrivate = !providers.isEmpty()
                        && providers.stream()
                                .allMatch(provider -> provider.spec() instanceof ServiceEntry entry
                                        && !visibility(provider, entry.exportTo())
                                                .isPublic());
                if (!isPrivate) {
                    return;
                }
                gateways.stream()
                        .filter(gateway -> isHidden(providers, namespaces(gateway, world)))
                        .findFirst()
                        .ifPresent(gateway -> report.at(
                                destination.below("host"),
                                "answered 503: the exportTo of %s hides it from the proxies of \"%s\" in %s (expected: exportTo with that namespace, or \"*\")"
                                        .formatted(
                                                providers.getFirst().ref(),
                                                gateway.ref().qualifiedName(),
                                                namespaces(gateway, world)),
                                List.of(new Report.Place(providers.getFirst(), Path.of("spec", "exportTo")))));
            });
        }

        private static boolean isHidden(List<ConfigObject<?>> providers, SortedSet<String> namespaces) {
            return !namespaces.isEmpty()
                    && namespaces.stream()
                            .noneMatch(viewer -> providers.stream()
                                    .anyMatch(provider -> provider.spec() instanceof ServiceEntry entry
                                            && visibility(provider, entry.exportTo())
                                                    .visibleTo(viewer)));
        }
    }
}
