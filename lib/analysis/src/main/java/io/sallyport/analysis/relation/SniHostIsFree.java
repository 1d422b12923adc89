package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// SP3113: an older VirtualService of the gateway has an SNI host, so a match of this one that has it, too, is left
/// out with all its SNI hosts (T4).
final class SniHostIsFree extends WorldRule<VirtualService> {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec: {servers: [{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.test"], tls: {mode: PASSTHROUGH}}]}
            ---
            """;

    SniHostIsFree() {
        super(
                "SP3113",
                WARNING,
                "SNI host has an older VirtualService",
                Kind.VIRTUAL_SERVICE,
                VirtualService.class,
                new Page(
                        "A gateway finds a rule for TLS by SNI alone, the oldest first. A match with an SNI host that an older VirtualService has is left out, with all its SNI hosts.",
                        GATEWAY + service("old", "a.test", "a.test") + service("young", "*.test", "b.test, a.test"),
                        GATEWAY + service("old", "a.test", "a.test") + service("young", "*.test", "b.test, c.test")));
    }

    private static String service(String name, String host, String names) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: %s}
                spec: {hosts: ["%s"], gateways: [edge], tls: [{match: [{sniHosts: [%s]}], route: [{destination: {host: cart}}]}]}
                ---
                """.formatted(name, host, names);
    }

    @Override
    public void check(At<VirtualService> service, Lookup world, Report report) {
        if (!isPublic(service.value())) {
            return;
        }
        service.each("tls", VirtualService::tls)
                .flatMap(route -> route.each("match", TlsRoute::match))
                .forEach(match -> check(service.value(), match, world, report));
    }

    private static void check(VirtualService service, At<TlsMatchAttributes> match, Lookup world, Report report) {
        var namespace = report.object().namespace();
        var named = match.value().gateways().isEmpty()
                ? service.gateways()
                : match.value().gateways();
        var gateways = named.stream()
                .filter(gateway -> !gateway.equals("mesh"))
                .map(gateway -> Bindings.gatewayName(gateway, namespace))
                .toList();
        match.each("sniHosts", TlsMatchAttributes::sniHosts)
                .flatMap(host -> gateways.stream()
                        .flatMap(gateway -> holder(host.value(), gateway, match.value(), world, report).stream())
                        .map(other -> new Taken(host, other)))
                .findFirst()
                .ifPresent(taken -> report.at(
                        taken.host(),
                        "never used: the older %s has SNI host \"%s\" (expected: each SNI host in one match of a gateway)"
                                .formatted(taken.by().ref(), taken.host().value()),
                        List.of(new Report.Place(taken.by(), Path.of("spec", "tls")))));
    }

    private record Taken(At<String> host, ConfigObject<VirtualService> by) {}

    private static Optional<ConfigObject<VirtualService>> holder(
            String host, String gateway, TlsMatchAttributes match, Lookup world, Report report) {
        return patterns(host.toLowerCase(Locale.ROOT)).stream()
                .flatMap(pattern -> world.bound(gateway, pattern).stream())
                .filter(other -> other.isOlderThan(report.object()) && isPublic(other.spec()))
                .filter(other -> older(other, gateway, match)
                        .flatMap(older -> older.sniHosts().stream())
                        .anyMatch(host::equalsIgnoreCase))
                .findFirst();
    }

    // The matches of the other that are there for every port of this one.
    private static Stream<TlsMatchAttributes> older(
            ConfigObject<VirtualService> other, String gateway, TlsMatchAttributes match) {
        return other.spec().tls().stream()
                .flatMap(route -> route.match().stream())
                .filter(older -> older.port() == 0 || older.port() == match.port())
                .filter(older -> older.gateways().isEmpty()
                        || older.gateways().stream()
                                .anyMatch(written -> Bindings.gatewayName(written, other.namespace())
                                        .equals(gateway)));
    }

    // Those that only some proxies see may stand at another gateway, or come before older ones.
    static boolean isPublic(VirtualService service) {
        return service.exportTo().isEmpty() || service.exportTo().contains("*");
    }

    // The hosts of VirtualServices that cover an SNI host: `a.b.test`, `*.b.test`, `*.test` and `*`.
    static List<String> patterns(String host) {
        var patterns = new ArrayList<String>();
        patterns.add(host);
        for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
            var pattern = "*" + host.substring(dot);
            if (!pattern.equals(host)) {
                patterns.add(pattern);
            }
        }
        if (!host.equals("*")) {
            patterns.add("*");
        }
        return patterns;
    }
}
