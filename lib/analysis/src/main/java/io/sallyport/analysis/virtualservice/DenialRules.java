package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig.NormalizationType;
import io.sallyport.model.MeshConfig.PathNormalization;
import io.sallyport.model.Platform;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Rules that deny a path, and spellings of it that they do not see (`reference/hardening.md`, H95 to H99).
final class DenialRules {

    private static final int FIRST_REFUSAL = 400;

    private DenialRules() {}

    static List<Rule<?>> all() {
        return List.of(new DenialSeesEverySpelling());
    }

    /// SP4216: by default paths keep `//` and `%2F`, and letters have their case, as in Istio.
    static final class DenialSeesEverySpelling extends WorldRule<VirtualService> {
        DenialSeesEverySpelling() {
            super(
                    "SP4216",
                    WARNING,
                    "Denial can be by-passed",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rule that refuses a path sees one spelling of it. With Istio's defaults \"//admin\", \"/x%2f..%2fadmin\" and \"/ADMIN\" go to the next rule, and many servers take them for \"/admin\".",
                            "{hosts: [shop.test], gateways: [edge], http: [{match: [{uri: {prefix: /admin/}}], directResponse: {status: 403}}, {route: [{destination: {host: shop}}]}]}",
                            """
                            apiVersion: sallyport.io/v1alpha1
                            kind: Platform
                            metadata: {namespace: istio-system, name: sallyport}
                            edge: strict
                            ---
                            apiVersion: networking.istio.io/v1
                            kind: VirtualService
                            metadata: {namespace: shop, name: shop}
                            spec:
                              hosts: [shop.test]
                              gateways: [edge]
                              http:
                              - match: [{uri: {prefix: /admin/}, ignoreUriCase: true}]
                                directResponse: {status: 403}
                              - {route: [{destination: {host: shop}}]}
                            """));
        }

        @Override
        public void check(At<VirtualService> service, Lookup world, Report report) {
            var rules = Walk.http(service).toList();
            for (int i = 0; i < rules.size(); i++) {
                if (isDenial(rules.get(i).value()) && isFollowedByAll(rules, i)) {
                    rules.get(i).each("match", HttpRoute::match).forEach(match -> match(match, world, report));
                }
            }
        }

        private static boolean isDenial(HttpRoute rule) {
            var response = rule.directResponse();
            return response != null && response.status() >= FIRST_REFUSAL;
        }

        // Whether a later rule sends what this one lets pass to some server.
        private static boolean isFollowedByAll(List<At<HttpRoute>> rules, int denial) {
            return rules.stream()
                    .skip(denial + 1L)
                    .map(At::value)
                    .filter(rule -> !rule.route().isEmpty())
                    .anyMatch(rule -> rule.match().isEmpty()
                            || rule.match().stream().anyMatch(DenialSeesEverySpelling::takesAll));
        }

        private static boolean takesAll(HttpMatchRequest match) {
            var uri = match.uri();
            return uri == null || (uri.form() instanceof StringMatch.Prefix(var prefix) && prefix.equals("/"));
        }

        private static void match(At<HttpMatchRequest> match, Lookup world, Report report) {
            var uri = match.value().uri();
            var path = uri == null ? Optional.<String>empty() : denied(uri);
            if (path.isEmpty() || path.get().length() < 2 || !path.get().startsWith("/")) {
                return;
            }
            var spellings = new ArrayList<String>();
            var repairs = new ArrayList<String>();
            if (!mergesSlashes(world)) {
                spellings.add("/" + path.get());
                repairs.add("\"edge: strict\", or pathNormalization DECODE_AND_MERGE_SLASHES");
            }
            var upper = path.get().toUpperCase(java.util.Locale.ROOT);
            if (!match.value().ignoreUriCase() && !upper.equals(path.get())) {
                spellings.add(upper);
                repairs.add("ignoreUriCase");
            }
            if (!spellings.isEmpty()) {
                report.at(
                        match.below("uri"),
                        "\"%s\" is denied, but not \"%s\" (expected: %s)"
                                .formatted(path.get(), String.join("\", \"", spellings), String.join("; ", repairs)));
            }
        }

        private static Optional<String> denied(StringMatch uri) {
            return switch (uri.form()) {
                case StringMatch.Exact(var path) -> Optional.of(path);
                case StringMatch.Prefix(var prefix) -> Optional.of(prefix);
                case StringMatch.Regex _, StringMatch.Present _ -> Optional.empty();
            };
        }

        private static boolean mergesSlashes(Lookup world) {
            var written = world.meshConfig()
                    .flatMap(mesh -> Optional.ofNullable(mesh.pathNormalization()))
                    .map(PathNormalization::normalization);
            return written.map(type -> type == NormalizationType.MERGE_SLASHES
                            || type == NormalizationType.DECODE_AND_MERGE_SLASHES)
                    .orElseGet(() -> world.platform()
                            .map(object -> object.spec() instanceof Platform platform
                                    && platform.edge() == Platform.Edge.strict)
                            .orElse(false));
        }
    }
}
