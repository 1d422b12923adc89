package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Bindings;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.RequestAuthentication;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.List;
import java.util.stream.Stream;

/// SP2122: nobody reads the token whose claims a rule asks for, so that the rule takes no request (Istio: IST0149).
final class ClaimsAreChecked extends WorldRule<VirtualService> {

    private static final String SHOP = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec: {selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.test"]}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: shop, name: shop}
            spec: {hosts: [shop.test], gateways: [edge], http: [{match: [{headers: {"@request.auth.claims.group": {exact: admin}}}], directResponse: {status: 200}}]}
            """;

    ClaimsAreChecked() {
        super(
                "SP2122",
                WARNING,
                "Claims are asked for and no token is checked",
                Kind.VIRTUAL_SERVICE,
                VirtualService.class,
                new Page(
                        "Claims are known where a RequestAuthentication for the gateway's proxies has checked the token. Without one, the rule takes no request.",
                        SHOP,
                        SHOP + """
                                ---
                                apiVersion: security.istio.io/v1
                                kind: RequestAuthentication
                                metadata: {namespace: shop, name: tokens}
                                spec: {selector: {matchLabels: {app: edge}}, jwtRules: [{issuer: a.test}]}
                                """));
    }

    @Override
    public void check(At<VirtualService> service, Lookup world, Report report) {
        var claim = service.each("http", VirtualService::http)
                .flatMap(route -> route.each("match", HttpRoute::match))
                .flatMap(match -> Stream.concat(
                        match.entries("headers", HttpMatchRequest::headers),
                        match.entries("withoutHeaders", HttpMatchRequest::withoutHeaders)))
                .filter(header -> HeaderNames.isClaim(header.path().name()))
                .findFirst();
        if (claim.isEmpty()) {
            return;
        }
        service.value().gateways().stream()
                .filter(gateway -> !gateway.equals("mesh"))
                .map(gateway -> Bindings.gatewayName(gateway, report.object().namespace()))
                .flatMap(gateway -> world.gateway(gateway).stream())
                .filter(gateway -> world.authentications().stream().noneMatch(object -> isFor(object, gateway)))
                .findFirst()
                .ifPresent(gateway -> report.at(
                        claim.get(),
                        "no RequestAuthentication checks tokens for %s (expected: one for its proxies)"
                                .formatted(gateway.ref()),
                        List.of(new Report.Place(gateway, Path.of("spec", "selector")))));
    }

    private static boolean isFor(ConfigObject<?> object, ConfigObject<Gateway> gateway) {
        var selector = ((RequestAuthentication) object.spec()).selector();
        return selector == null
                || gateway.spec().selector().isEmpty()
                || gateway.spec()
                        .selector()
                        .entrySet()
                        .containsAll(selector.matchLabels().entrySet())
                || selector.matchLabels()
                        .entrySet()
                        .containsAll(gateway.spec().selector().entrySet());
    }
}
