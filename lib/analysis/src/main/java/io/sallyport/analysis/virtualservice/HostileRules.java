package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.analysis.text.Regexes;
import io.sallyport.analysis.text.RequestPaths;
import io.sallyport.analysis.text.Weights;
import io.sallyport.model.Kind;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HeaderOperations;
import io.sallyport.model.VirtualService.Headers;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRedirect;
import io.sallyport.model.VirtualService.HttpRewrite;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.RegexRewrite;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/// What Istio's admission lets pass and nobody can mean: names, paths and numbers that no request or no Envoy takes.
final class HostileRules {

    private static final String SERVED = "directResponse: {status: 200}";

    private HostileRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new WeightsFit(),
                new HeaderNameIsToken(),
                new FramingIsLeftAlone(),
                new PathCanMatch(),
                new NewPathIsPlain());
    }

    /// SP4212: a sum by which Envoy cannot divide.
    static final class WeightsFit extends ObjectRule<VirtualService> {
        WeightsFit() {
            super(
                    "SP4212",
                    WARNING,
                    "Weights add up to too much",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Istio accepts any sum, and Envoy refuses every route of a table in which one rule has more than 4,294,967,295. Here that rule alone is withheld: its requests get 503.",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: a}, weight: 2147483647}, {destination: {host: b}, weight: 2147483647}, {destination: {host: c}, weight: 2147483647}]}]}",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: a}, weight: 1}, {destination: {host: b}, weight: 1}, {destination: {host: c}, weight: 1}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .forEach(route -> sum(
                            route,
                            route.value().route().stream()
                                    .map(share -> share.weight())
                                    .toList(),
                            report));
            service.each("tls", VirtualService::tls)
                    .forEach(route -> sum(
                            route,
                            route.value().route().stream()
                                    .map(share -> share.weight())
                                    .toList(),
                            report));
            service.each("tcp", VirtualService::tcp)
                    .forEach(route -> sum(
                            route,
                            route.value().route().stream()
                                    .map(share -> share.weight())
                                    .toList(),
                            report));
        }

        private static void sum(At<?> route, List<Integer> weights, Report report) {
            long sum = Weights.sum(weights.stream().mapToInt(Integer::intValue));
            if (sum > Weights.LARGEST_SUM) {
                report.at(
                        route.below("route"),
                        "weights of %d in all (expected: at most %d; the rule is withheld)"
                                .formatted(sum, Weights.LARGEST_SUM));
            }
        }
    }

    // Each header that is set, added or removed, and where that is said.
    private static void changedNames(At<VirtualService> service, BiConsumer<At<?>, String> name) {
        operations(service).forEach(operations -> {
            HeaderRules.changes(operations)
                    .forEach(header -> name.accept(header, header.path().name()));
            operations.each("remove", HeaderOperations::remove).forEach(each -> name.accept(each, each.value()));
        });
    }

    private static Stream<At<HeaderOperations>> operations(At<VirtualService> service) {
        return Walk.http(service)
                .flatMap(Walk::headers)
                .flatMap(headers -> Stream.concat(
                        headers.field("request", Headers::request), headers.field("response", Headers::response)));
    }

    /// SP4218: Istio lets it pass, and Envoy sends a message whose headers contradict its body.
    static final class FramingIsLeftAlone extends ObjectRule<VirtualService> {
        FramingIsLeftAlone() {
            super(
                    "SP4218",
                    WARNING,
                    "Header that frames messages is not changed",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Content-Length, Transfer-Encoding, Connection and their like are written by each proxy for its own connection. One that contradicts the body lets the next server see two requests in one, so such changes are left out.",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {content-length: \"0\"}}}, " + SERVED
                                    + "}]}",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {x-length: \"0\"}}}, " + SERVED
                                    + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            changedNames(service, (place, name) -> name(place, name, report));
        }

        private static void name(At<?> place, String name, Report report) {
            if (HeaderNames.isFraming(name)) {
                report.at(place, "header \"%s\" is left as it is (expected: another one)".formatted(name));
            }
        }
    }

    /// SP4213: Istio lets the name pass, and Envoy sends it.
    static final class HeaderNameIsToken extends ObjectRule<VirtualService> {
        HeaderNameIsToken() {
            super(
                    "SP4213",
                    WARNING,
                    "Changed header is no header name",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "HTTP knows names of letters, digits and some signs, without spaces and colons. Many servers refuse a request with any other, and some read two headers from it.",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {\"x user\": a}}}, " + SERVED
                                    + "}]}",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {x-user: a}}}, " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            changedNames(service, (place, name) -> name(place, name, report));
        }

        // An empty name and one with ":" in front are refused already.
        private static void name(At<?> place, String name, Report report) {
            if (!name.isEmpty() && !name.startsWith(":")) {
                HeaderNames.tokenProblem(name).ifPresent(problem -> report.at(place, problem));
            }
        }
    }

    /// SP4214: a path that no request has once Envoy has normalised it.
    static final class PathCanMatch extends ObjectRule<VirtualService> {
        PathCanMatch() {
            super(
                    "SP4214",
                    WARNING,
                    "Path can never match",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Requests are compared by their normalised path: no query, dots resolved, \"\\\" as \"/\", needless escapes undone. \"//\" and \"%2F\" stay as they are.",
                            "{hosts: [shop.test], http: [{match: [{uri: {exact: /a/../b}}], " + SERVED + "}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {exact: //b}}], " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.matches(service)
                    .flatMap(match -> match.field("uri", HttpMatchRequest::uri))
                    .forEach(uri -> why(uri.value())
                            .ifPresent(why -> report.at(
                                    uri,
                                    "path \"%s\" never matches: %s (expected: a path as it is after normalisation)"
                                            .formatted(text(uri.value()), why))));
        }

        private static Optional<String> why(StringMatch uri) {
            return switch (uri.form()) {
                case StringMatch.Exact(var path) -> RequestPaths.whyNeverEqual(path);
                case StringMatch.Prefix(var prefix) -> RequestPaths.whyNeverPrefix(prefix);
                case StringMatch.Regex _, StringMatch.Present _ -> Optional.empty();
            };
        }

        private static String text(StringMatch uri) {
            return switch (uri.form()) {
                case StringMatch.Exact(var path) -> path;
                case StringMatch.Prefix(var prefix) -> prefix;
                case StringMatch.Regex(var regex) -> regex;
                case StringMatch.Present _ -> "";
            };
        }
    }

    /// SP4215: a new path that leads elsewhere than it looks.
    static final class NewPathIsPlain extends ObjectRule<VirtualService> {
        NewPathIsPlain() {
            super(
                    "SP4215",
                    WARNING,
                    "New path leads elsewhere",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A redirect's uri is put right after the host, so \".evil.test/\" and \"@evil.test/\" change the host; \"//evil.test/\" is a host to many clients; a group that the pattern does not have makes a rewrite do nothing.",
                            "{hosts: [shop.test], http: [{redirect: {uri: //evil.test/}}]}",
                            "{hosts: [shop.test], http: [{redirect: {uri: /new}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service).forEach(route -> {
                var redirect = route.field("redirect", HttpRoute::redirect)
                        .flatMap(to -> to.field("uri", HttpRedirect::uri))
                        .filter(uri -> !uri.value().startsWith("%PREFIX()%"));
                var rewrite =
                        route.field("rewrite", HttpRoute::rewrite).flatMap(to -> to.field("uri", HttpRewrite::uri));
                Stream.concat(redirect, rewrite)
                        .filter(uri -> !uri.value().isEmpty())
                        .forEach(uri -> RequestPaths.shapeProblem(uri.value())
                                .ifPresent(problem -> report.at(
                                        uri,
                                        "uri \"%s\" %s (expected: a path such as \"/new\")"
                                                .formatted(uri.value(), problem))));
                route.field("rewrite", HttpRoute::rewrite)
                        .flatMap(to -> to.field("uriRegexRewrite", HttpRewrite::uriRegexRewrite))
                        .forEach(regex -> regex(regex, report));
            });
        }

        private static void regex(At<RegexRewrite> regex, Report report) {
            var match = regex.value().match();
            var rewrite = regex.value().rewrite();
            RequestPaths.fragmentProblem(rewrite)
                    .ifPresent(problem -> report.at(
                            regex.below("rewrite"),
                            "rewrite \"%s\" %s (expected: a path such as \"/new\")".formatted(rewrite, problem)));
            if (!match.isEmpty() && Regexes.problem(match).isEmpty()) {
                Regexes.substitutionProblem(match, rewrite)
                        .ifPresent(problem -> report.at(regex.below("rewrite"), problem));
            }
        }
    }
}
