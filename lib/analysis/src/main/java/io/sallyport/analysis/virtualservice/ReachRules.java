package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.TcpRoute;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Rules of one object that others of it leave nothing for. The first rule that fits takes a request.
final class ReachRules {

    private static final String SERVED = "directResponse: {status: 200}";

    private ReachRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new CatchAllIsLast(),
                new MatchIsNotRepeated(),
                new PrefixIsNotShadowed(),
                new PrefixTakesSegments(),
                new SniHostHasOneMatch());
    }

    // What a delegate does not take goes on to the next rule.
    private static Set<Path> delegated(At<VirtualService> service) {
        return Walk.http(service)
                .filter(route -> route.value().delegate() != null)
                .flatMap(route -> route.each("match", HttpRoute::match))
                .map(At::path)
                .collect(Collectors.toSet());
    }

    /// SP4201: after a rule that takes everything comes nothing. Istio warns where two rules have no match.
    static final class CatchAllIsLast extends ObjectRule<VirtualService> {
        CatchAllIsLast() {
            super(
                    "SP4201",
                    WARNING,
                    "Rule after one that takes everything",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rule without match takes every request; what follows it is never asked.",
                            "{hosts: [shop.test], http: [{" + SERVED
                                    + "}, {match: [{uri: {prefix: /a/}}], directResponse: {status: 201}}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {prefix: /a/}}], directResponse: {status: 201}}, {"
                                    + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            after(Walk.http(service).toList(), route -> route.match().isEmpty() && route.delegate() == null, report);
            after(
                    service.each("tcp", VirtualService::tcp).toList(),
                    route -> route.match().isEmpty(),
                    report);
        }

        private static <R> void after(List<At<R>> rules, Predicate<R> takesAll, Report report) {
            At<R> first = null;
            for (var rule : rules) {
                if (first != null) {
                    report.at(
                            rule,
                            "never reached: %s takes everything (expected: the rule without match last)"
                                    .formatted(first.path()));
                }
                if (first == null && takesAll.test(rule.value())) {
                    first = rule;
                }
            }
        }
    }

    /// SP4202: the same match twice; the first one takes it. Istio warns too.
    static final class MatchIsNotRepeated extends ObjectRule<VirtualService> {
        MatchIsNotRepeated() {
            super(
                    "SP4202",
                    WARNING,
                    "Match is repeated",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Of two equal matches only the first takes requests.",
                            "{hosts: [shop.test], http: [{match: [{uri: {exact: /a}}], " + SERVED
                                    + "}, {match: [{uri: {exact: /a}}], directResponse: {status: 201}}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {exact: /a}}], " + SERVED
                                    + "}, {match: [{uri: {exact: /b}}], directResponse: {status: 201}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            var seen = new HashMap<Object, At<?>>();
            var delegated = delegated(service);
            Walk.matches(service).forEach(match -> {
                var key = match.as(nameless(match.value()));
                if (!delegated.contains(match.path()) || seen.containsKey(key.value())) {
                    repeated(key, seen, report);
                }
            });
            var tcp = new HashMap<Object, At<?>>();
            service.each("tcp", VirtualService::tcp)
                    .flatMap(route -> route.each("match", TcpRoute::match))
                    .forEach(match -> repeated(match, tcp, report));
            var tls = new HashMap<Object, At<?>>();
            service.each("tls", VirtualService::tls)
                    .flatMap(route -> route.each("match", TlsRoute::match))
                    .forEach(match -> repeated(match, tls, report));
        }

        private static void repeated(At<?> match, Map<Object, At<?>> seen, Report report) {
            var first = seen.putIfAbsent(match.value(), match);
            if (first != null) {
                report.at(match, "never used: equal to %s (expected: each match once)".formatted(first.path()));
            }
        }

        private static HttpMatchRequest nameless(HttpMatchRequest match) {
            return new HttpMatchRequest(
                    "",
                    match.uri(),
                    match.scheme(),
                    match.method(),
                    match.authority(),
                    match.headers(),
                    match.port(),
                    match.sourceLabels(),
                    match.gateways(),
                    match.queryParams(),
                    match.ignoreUriCase(),
                    match.withoutHeaders(),
                    match.sourceNamespace(),
                    match.statPrefix());
        }
    }

    /// SP4211: a longer prefix after a shorter one. Istio warns too, with the same idea of "after": it compares prefix,
    /// port, method, authority, headers and query parameters, and takes a missing method for GET.
    static final class PrefixIsNotShadowed extends ObjectRule<VirtualService> {
        private static final int MOST = 400;

        PrefixIsNotShadowed() {
            super(
                    "SP4211",
                    WARNING,
                    "Prefix is shadowed by a shorter one",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "The shorter prefix comes first and takes all requests of the longer one.",
                            "{hosts: [shop.test], http: [{match: [{uri: {prefix: /a/}}], " + SERVED
                                    + "}, {match: [{uri: {prefix: /a/b/}}], directResponse: {status: 201}}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {prefix: /a/b/}}], directResponse: {status: 201}}, {match: [{uri: {prefix: /a/}}], "
                                    + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            var seen = new HashMap<Object, Boolean>();
            var delegated = delegated(service);
            var prefixes = new ArrayList<At<HttpMatchRequest>>();
            Walk.matches(service)
                    .filter(match -> seen.putIfAbsent(MatchIsNotRepeated.nameless(match.value()), true) == null)
                    .filter(match -> !prefix(match.value()).isEmpty())
                    .limit(MOST)
                    .forEach(prefixes::add);
            for (int i = 0; i < prefixes.size(); i++) {
                for (int j = i + 1; j < prefixes.size(); j++) {
                    var first = prefixes.get(i);
                    var later = prefixes.get(j);
                    boolean same = prefix(first.value()).equals(prefix(later.value()));
                    if (!same && !delegated.contains(first.path()) && covers(first.value(), later.value())) {
                        report.at(
                                later,
                                "never used: prefix \"%s\" of %s comes first (expected: \"%s\" before it)"
                                        .formatted(prefix(first.value()), first.path(), prefix(later.value())));
                    }
                }
            }
        }

        private static String prefix(HttpMatchRequest match) {
            var uri = match.uri();
            return uri == null || uri.prefix() == null ? "" : uri.prefix();
        }

        private static boolean covers(HttpMatchRequest first, HttpMatchRequest later) {
            return prefix(later).startsWith(prefix(first))
                    && first.port() == later.port()
                    && method(first).startsWith(method(later))
                    && form(first.authority()).startsWith(form(later.authority()))
                    && covers(first.headers(), later.headers())
                    && covers(first.queryParams(), later.queryParams())
                    && covers(first.withoutHeaders(), later.withoutHeaders());
        }

        private static boolean covers(Map<String, StringMatch> first, Map<String, StringMatch> later) {
            return first.size() == later.size()
                    && first.entrySet().stream().allMatch(entry -> {
                        var other = later.get(entry.getKey());
                        return other != null && form(entry.getValue()).startsWith(form(other));
                    });
        }

        private static String method(HttpMatchRequest match) {
            var form = form(match.method());
            return form.isEmpty() ? "exact:GET" : form;
        }

        private static String form(@Nullable StringMatch match) {
            if (match == null) {
                return "";
            }
            if (match.exact() != null && !match.exact().isEmpty()) {
                return "exact:" + match.exact();
            }
            return match.prefix() != null && !match.prefix().isEmpty() ? "prefix:" + match.prefix() : "";
        }
    }

    /// SP4107: `/api` is a text prefix, not a path: a later rule for the rest never sees `/apix`.
    static final class PrefixTakesSegments extends ObjectRule<VirtualService> {
        PrefixTakesSegments() {
            super(
                    "SP4107",
                    WARNING,
                    "Prefix also takes its neighbours",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Prefixes are text: \"/api\" also takes \"/apix\", which here another rule below would have served. Write \"/api/\" beside exact \"/api\" to mean path segments.",
                            "{hosts: [shop.test], http: [{match: [{uri: {prefix: /api}}], " + SERVED
                                    + "}, {directResponse: {status: 201}}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {exact: /api}}, {uri: {prefix: /api/}}], "
                                    + SERVED + "}, {directResponse: {status: 201}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            var rules = Walk.http(service).toList();
            for (int i = 0; i < rules.size(); i++) {
                var rest = rules.subList(i + 1, rules.size());
                var rule = rules.get(i);
                rule.each("match", HttpRoute::match)
                        .filter(match -> isNeighbourly(match.value()))
                        .filter(match -> rest.stream()
                                .anyMatch(later -> takes(later.value(), neighbour(match.value()))
                                        && !goesTheSameWay(rule.value(), later.value())))
                        .forEach(match -> report.at(
                                match,
                                "prefix \"%s\" also takes \"%s\" (expected, if you mean path segments: \"%s/\" beside exact \"%s\")"
                                        .formatted(
                                                text(match.value()),
                                                neighbour(match.value()),
                                                text(match.value()),
                                                text(match.value()))));
            }
        }

        // Another subset or another setting of the same services: nobody is surprised to get there.
        private static boolean goesTheSameWay(HttpRoute rule, HttpRoute later) {
            return !rule.route().isEmpty() && hosts(rule).equals(hosts(later));
        }

        private static List<String> hosts(HttpRoute rule) {
            return rule.route().stream()
                    .map(share -> share.destination() == null
                            ? ""
                            : share.destination().host())
                    .distinct()
                    .sorted()
                    .toList();
        }

        private static boolean isNeighbourly(HttpMatchRequest match) {
            var uri = match.uri();
            return uri != null
                    && uri.prefix() != null
                    && uri.prefix().length() > 1
                    && Character.isLetterOrDigit(
                            uri.prefix().charAt(uri.prefix().length() - 1));
        }

        private static String text(HttpMatchRequest match) {
            var uri = match.uri();
            return uri == null || uri.prefix() == null ? "" : uri.prefix();
        }

        private static String neighbour(HttpMatchRequest match) {
            return text(match) + "x";
        }

        private static boolean takes(HttpRoute rule, String path) {
            return rule.match().isEmpty()
                    || rule.match().stream().anyMatch(match -> {
                        var uri = match.uri();
                        return uri == null || (uri.prefix() != null && path.startsWith(uri.prefix()));
                    });
        }
    }

    /// SP4221: a gateway tells connections apart by SNI alone, so a match that shares one with an earlier match is left
    /// out (T4).
    static final class SniHostHasOneMatch extends ObjectRule<VirtualService> {
        private static final String FIRST =
                "{hosts: ['*.shop.test'], gateways: [edge], tls: [{match: [{sniHosts: [a.shop.test]}], route: [{destination: {host: cart}}]}, {match: [{sniHosts: [%s]%s}], route: [{destination: {host: till}}]}]}";

        SniHostHasOneMatch() {
            super(
                    "SP4221",
                    WARNING,
                    "SNI host has an earlier match",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A gateway finds the rule by SNI alone, whatever source labels and subnets say. A match with an SNI host that an earlier match has is left out, with all its SNI hosts.",
                            FIRST.formatted("b.shop.test, a.shop.test", ", sourceLabels: {app: web}"),
                            FIRST.formatted("b.shop.test", ", sourceLabels: {app: web}")));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            if (!Walk.isGatewayOnly(service.value())) {
                return;
            }
            var holders = new HashMap<String, List<At<TlsMatchAttributes>>>();
            Walk.tlsMatches(service).forEach(match -> {
                var hosts = match.each("sniHosts", TlsMatchAttributes::sniHosts).toList();
                var taken = hosts.stream()
                        .filter(host -> holders.getOrDefault(key(host), List.of()).stream()
                                .anyMatch(holder -> covers(holder.value(), match.value())))
                        .findFirst();
                if (taken.isEmpty()) {
                    hosts.forEach(host -> holders.computeIfAbsent(key(host), _ -> new ArrayList<>())
                            .add(match));
                } else {
                    report(match, taken.get(), holders.getOrDefault(key(taken.get()), List.of()), report);
                }
            });
        }

        // Equal matches are told by SP4202.
        private static void report(
                At<TlsMatchAttributes> match, At<String> host, List<At<TlsMatchAttributes>> holders, Report report) {
            holders.stream()
                    .filter(holder -> covers(holder.value(), match.value()))
                    .filter(holder -> !holder.value().equals(match.value()))
                    .findFirst()
                    .ifPresent(holder -> report.at(
                            host,
                            "never used: SNI host \"%s\" is already that of %s (expected: each SNI host in one match)"
                                    .formatted(host.value(), holder.path())));
        }

        private static String key(At<String> host) {
            return host.value().toLowerCase(Locale.ROOT);
        }

        // Whether the first match is there for every server that the later one is for.
        private static boolean covers(TlsMatchAttributes first, TlsMatchAttributes later) {
            return (first.port() == 0 || first.port() == later.port())
                    && (first.gateways().isEmpty()
                            || (!later.gateways().isEmpty() && first.gateways().containsAll(later.gateways())));
        }
    }
}
