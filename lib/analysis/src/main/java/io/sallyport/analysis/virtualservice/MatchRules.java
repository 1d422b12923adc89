package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Labels;
import io.sallyport.analysis.text.Regexes;
import io.sallyport.model.Kind;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.CorsPolicy;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.TlsMatchAttributes;
import io.sallyport.model.VirtualService.TlsRoute;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Which requests and connections a rule takes.
final class MatchRules {

    private static final String SERVED = "directResponse: {status: 200}";

    private MatchRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new MatchedHeaderIsName(),
                new ComparisonIsNotEmpty(),
                new RegexIsRe2(),
                new MatchedPortExists(),
                new SourceNamespaceIsLabel(),
                new SourceLabelsAreLabels(),
                new TlsRouteIsComplete(),
                new SniHostBelongsToHosts(),
                new TcpRouteIsComplete(),
                new SubnetIsNetwork(),
                new SniIsNoAddress(),
                new RegexIsSmall());
    }

    /// SP1212: a header that no request can carry.
    static final class MatchedHeaderIsName extends ObjectRule<VirtualService> {
        MatchedHeaderIsName() {
            super(
                    "SP1212",
                    ERROR,
                    "Matched header is no header name",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A match asks for a header by a name that HTTP allows, by a pseudo-header such as \":path\", or for a token's claim.",
                            "{hosts: [shop.test], http: [{match: [{headers: {\"x user\": {exact: a}}}], " + SERVED
                                    + "}]}",
                            "{hosts: [shop.test], http: [{match: [{headers: {x-user: {exact: a}}}], " + SERVED
                                    + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.matches(service)
                    .flatMap(match -> Stream.concat(
                            match.entries("headers", HttpMatchRequest::headers),
                            match.entries("withoutHeaders", HttpMatchRequest::withoutHeaders)))
                    .filter(header -> !HeaderNames.isMatchable(header.path().name())
                            && !HeaderNames.isClaim(header.path().name()))
                    .forEach(header -> report.at(
                            header,
                            "header \"%s\" (expected: a header name, such as \"x-user\"; or :method, :scheme, :authority, :path)"
                                    .formatted(header.path().name())));
        }
    }

    /// SP1213: a comparison with nothing.
    static final class ComparisonIsNotEmpty extends ObjectRule<VirtualService> {
        ComparisonIsNotEmpty() {
            super(
                    "SP1213",
                    ERROR,
                    "Comparison with an empty prefix or regex",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Only the path may be compared with an empty prefix; leave a match out, or write {} for \"present\".",
                            "{hosts: [shop.test], http: [{match: [{headers: {x-user: {prefix: \"\"}}}], " + SERVED
                                    + "}]}",
                            "{hosts: [shop.test], http: [{match: [{headers: {x-user: {}}}], " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.matches(service).forEach(match -> {
                Walk.comparisons(match).forEach(comparison -> {
                    if ("".equals(comparison.value().prefix())) {
                        report.at(comparison, "empty prefix (expected: text; or {} for any value)");
                    }
                });
                regexes(match).forEach(comparison -> {
                    if ("".equals(comparison.value().regex())) {
                        report.at(comparison, "empty regex (expected: RE2 syntax)");
                    }
                });
            });
            origins(service)
                    .filter(origin -> text(origin.value()).isEmpty())
                    .forEach(origin -> report.at(origin, "empty origin (expected: exact, prefix or regex)"));
        }

        private static String text(StringMatch match) {
            return switch (match.form()) {
                case StringMatch.Exact exact -> exact.value();
                case StringMatch.Prefix prefix -> prefix.value();
                case StringMatch.Regex regex -> regex.value();
                case StringMatch.Present present -> "";
            };
        }
    }

    static Stream<At<StringMatch>> origins(At<VirtualService> service) {
        return Walk.http(service)
                .flatMap(route -> route.field("corsPolicy", HttpRoute::corsPolicy))
                .flatMap(policy -> policy.each("allowOrigins", CorsPolicy::allowOrigins));
    }

    // `*` in withoutHeaders is Istio's way to say "present", and no regex.
    private static Stream<At<StringMatch>> regexes(At<HttpMatchRequest> match) {
        return Stream.concat(match.field("uri", HttpMatchRequest::uri), Walk.comparisons(match))
                .filter(comparison -> comparison.value().regex() != null)
                .filter(comparison -> !("*".equals(comparison.value().regex()) && isWithout(comparison)));
    }

    private static boolean isWithout(At<StringMatch> comparison) {
        var parent = comparison.path().parent();
        return parent != null && parent.name().equals("withoutHeaders");
    }

    /// SP1232: an expression that Envoy cannot compile.
    static final class RegexIsRe2 extends ObjectRule<VirtualService> {
        RegexIsRe2() {
            super(
                    "SP1232",
                    ERROR,
                    "Regular expression is not RE2",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Envoy compiles expressions with RE2: no look-ahead, no back-references, at most 1,024 bytes.",
                            "{hosts: [shop.test], http: [{match: [{uri: {regex: \"/a(?=b)\"}}], " + SERVED + "}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {regex: \"/a.*\"}}], " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Stream.concat(Walk.matches(service).flatMap(MatchRules::regexes), origins(service))
                    .forEach(comparison -> {
                        var regex = comparison.value().regex();
                        if (regex != null && !regex.isEmpty()) {
                            Regexes.problem(regex).ifPresent(problem -> report.at(comparison.below("regex"), problem));
                        }
                    });
        }
    }

    /// SP4209: an expression so large that Envoy might refuse the listener for it.
    static final class RegexIsSmall extends ObjectRule<VirtualService> {
        RegexIsSmall() {
            super(
                    "SP4209",
                    WARNING,
                    "Regular expression is too large to serve",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "An expression whose program has more than 2,048 steps, or whose dense classes are repeated too often, would be refused by Envoy together with its neighbours. The host is withheld instead: its last good routes stay, or it answers 404.",
                            "{hosts: [shop.test], http: [{match: [{uri: {regex: \"/(a{999}b{999}c{999}){1}\"}}], "
                                    + SERVED + "}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {regex: \"/a+b+c+\"}}], " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.matches(service).flatMap(MatchRules::regexes).forEach(comparison -> {
                var regex = comparison.value().regex();
                if (regex != null && Regexes.problem(regex).isEmpty() && Regexes.isTooLarge(regex)) {
                    report.at(
                            comparison.below("regex"),
                            "regex \"%s\" compiles to too many steps (expected: a smaller one; its host is withheld)"
                                    .formatted(regex));
                }
            });
        }
    }

    /// SP1214: a port outside of 1 to 65535. 0 is "any".
    static final class MatchedPortExists extends ObjectRule<VirtualService> {
        MatchedPortExists() {
            super(
                    "SP1214",
                    ERROR,
                    "Matched port cannot exist",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Ports are 1 to 65535.",
                            "{hosts: [shop.test], http: [{match: [{port: 70000}], " + SERVED + "}]}",
                            "{hosts: [shop.test], http: [{match: [{port: 80}], " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Stream.of(
                            Walk.matches(service)
                                    .map(match -> match.as(match.value().port())),
                            Walk.tlsMatches(service)
                                    .map(match -> match.as(match.value().port())),
                            Walk.tcpMatches(service)
                                    .map(match -> match.as(match.value().port())))
                    .flatMap(part -> part)
                    .filter(port -> port.value() < 0 || port.value() > 65535)
                    .forEach(port ->
                            report.at(port.below("port"), "port %d (expected: 1 to 65535)".formatted(port.value())));
        }
    }

    /// SP1233: a namespace that cannot exist.
    static final class SourceNamespaceIsLabel extends ObjectRule<VirtualService> {
        SourceNamespaceIsLabel() {
            super(
                    "SP1233",
                    ERROR,
                    "Source namespace cannot be a name",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Namespaces are letters, digits and dashes.",
                            "{hosts: [shop.test], http: [{match: [{sourceNamespace: a_b}], " + SERVED + "}]}",
                            "{hosts: [shop.test], http: [{match: [{sourceNamespace: a-b}], " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.matches(service)
                    .flatMap(match -> match.field("sourceNamespace", HttpMatchRequest::sourceNamespace))
                    .filter(namespace -> !namespace.value().isEmpty() && !Hosts.isLabel(namespace.value()))
                    .forEach(namespace -> report.at(
                            namespace,
                            "namespace \"%s\" (expected: letters, digits and dashes)".formatted(namespace.value())));
        }
    }

    /// SP1234: labels that no workload can have.
    static final class SourceLabelsAreLabels extends ObjectRule<VirtualService> {
        SourceLabelsAreLabels() {
            super(
                    "SP1234",
                    ERROR,
                    "Source label cannot be a label",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Keys and values follow the rules of Kubernetes labels.",
                            "{hosts: [shop.test], http: [{match: [{sourceLabels: {app: a b}}], " + SERVED + "}]}",
                            "{hosts: [shop.test], http: [{match: [{sourceLabels: {app: a-b}}], " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Stream.of(
                            Walk.matches(service)
                                    .flatMap(match -> match.entries("sourceLabels", HttpMatchRequest::sourceLabels)),
                            Walk.tlsMatches(service)
                                    .flatMap(match -> match.entries("sourceLabels", TlsMatchAttributes::sourceLabels)),
                            Walk.tcpMatches(service)
                                    .flatMap(match -> match.entries("sourceLabels", L4MatchAttributes::sourceLabels)))
                    .flatMap(part -> part)
                    .forEach(label -> Labels.problem(label.path().name(), label.value())
                            .ifPresent(problem -> report.at(label, problem)));
        }
    }

    /// SP1227: a TLS rule without SNI or destination.
    static final class TlsRouteIsComplete extends ObjectRule<VirtualService> {
        TlsRouteIsComplete() {
            super(
                    "SP1227",
                    ERROR,
                    "TLS rule is not complete",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A TLS rule is chosen by SNI, so each match has sniHosts; and it forwards to a destination.",
                            "{hosts: [shop.test], tls: [{match: [{port: 443, sniHosts: []}], route: [{destination: {host: cart}}]}]}",
                            "{hosts: [shop.test], tls: [{match: [{port: 443, sniHosts: [shop.test]}], route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            service.each("tls", VirtualService::tls).forEach(route -> {
                if (route.value().match().isEmpty()) {
                    report.at(route, "TLS rule without match (expected: at least one, with sniHosts)");
                }
                route.each("match", TlsRoute::match)
                        .filter(match -> match.value().sniHosts().isEmpty())
                        .forEach(match -> report.at(match, "TLS match without sniHosts (expected: at least one)"));
                if (route.value().route().isEmpty()) {
                    report.at(route, "TLS rule without route (expected: at least one destination)");
                }
            });
        }
    }

    /// SP1228: an SNI that belongs to somebody else.
    static final class SniHostBelongsToHosts extends ObjectRule<VirtualService> {
        SniHostBelongsToHosts() {
            super(
                    "SP1228",
                    ERROR,
                    "SNI host is not one of the hosts",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Every SNI host has to be one of the VirtualService's hosts, or be covered by one of its wildcards.",
                            "{hosts: [shop.test], tls: [{match: [{sniHosts: [other.test]}], route: [{destination: {host: cart}}]}]}",
                            "{hosts: [\"*.test\"], tls: [{match: [{sniHosts: [other.test]}], route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.tlsMatches(service)
                    .flatMap(match -> match.each("sniHosts", TlsMatchAttributes::sniHosts))
                    .forEach(
                            sni -> problem(service.value(), sni.value()).ifPresent(problem -> report.at(sni, problem)));
        }

        private static Optional<String> problem(VirtualService service, String sni) {
            var syntax =
                    Walk.isGatewayOnly(service) ? Hosts.gatewayBoundProblem(sni, true) : Hosts.wildcardProblem(sni);
            if (syntax.isPresent()) {
                return Addresses.isAddress(sni) ? Optional.empty() : syntax;
            }
            return service.hosts().stream().anyMatch(host -> Hosts.covers(host, sni))
                    ? Optional.empty()
                    : Optional.of("SNI host \"%s\" (expected: one that hosts [%s] cover)"
                            .formatted(sni, String.join(", ", service.hosts())));
        }
    }

    /// SP1229: bytes without a destination.
    static final class TcpRouteIsComplete extends ObjectRule<VirtualService> {
        TcpRouteIsComplete() {
            super(
                    "SP1229",
                    ERROR,
                    "TCP rule is not complete",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A TCP rule forwards to a destination.",
                            "{hosts: [shop.test], tcp: [{match: [{port: 9000}]}]}",
                            "{hosts: [shop.test], tcp: [{match: [{port: 9000}], route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            service.each("tcp", VirtualService::tcp)
                    .filter(route -> route.value().route().isEmpty())
                    .forEach(route -> report.at(route, "TCP rule without route (expected: at least one destination)"));
        }
    }

    /// SP1235: a network that is none.
    static final class SubnetIsNetwork extends ObjectRule<VirtualService> {
        SubnetIsNetwork() {
            super(
                    "SP1235",
                    ERROR,
                    "Destination subnet is no network",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Subnets are IP addresses or networks in CIDR form.",
                            "{hosts: [shop.test], tcp: [{match: [{destinationSubnets: [10.0.0.0/33]}], route: [{destination: {host: cart}}]}]}",
                            "{hosts: [shop.test], tcp: [{match: [{destinationSubnets: [10.0.0.0/16]}], route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Stream.concat(
                            Walk.tlsMatches(service)
                                    .flatMap(match ->
                                            match.each("destinationSubnets", TlsMatchAttributes::destinationSubnets)),
                            Walk.tcpMatches(service)
                                    .flatMap(match ->
                                            match.each("destinationSubnets", L4MatchAttributes::destinationSubnets)))
                    .forEach(subnet ->
                            Addresses.subnetProblem(subnet.value()).ifPresent(problem -> report.at(subnet, problem)));
        }
    }

    /// SP4205: clients do not send addresses as SNI. Istio warns too.
    static final class SniIsNoAddress extends ObjectRule<VirtualService> {
        SniIsNoAddress() {
            super(
                    "SP4205",
                    WARNING,
                    "SNI host is an IP address",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "SNI carries names only, so a rule for an address takes next to no connection.",
                            "{hosts: [\"10.0.0.1\"], tls: [{match: [{sniHosts: [\"10.0.0.1\"]}], route: [{destination: {host: cart}}]}]}",
                            "{hosts: [shop.test], tls: [{match: [{sniHosts: [shop.test]}], route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.tlsMatches(service)
                    .flatMap(match -> match.each("sniHosts", TlsMatchAttributes::sniHosts))
                    .filter(sni -> Addresses.isAddress(sni.value())
                            && Hosts.wildcardProblem(sni.value()).isPresent())
                    .forEach(sni -> report.at(
                            sni, "SNI host \"%s\" is an address (expected: a host name)".formatted(sni.value())));
        }
    }
}
