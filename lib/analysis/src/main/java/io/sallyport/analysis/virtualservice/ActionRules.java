package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Regexes;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import io.sallyport.model.VirtualService.HttpRewrite;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.List;
import java.util.stream.Stream;

/// What a rule does with the requests it takes: which actions it has, and where it sends, copies and rewrites them.
final class ActionRules {

    private ActionRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new RuleHasOneAction(),
                new RuleHasAction(),
                new DelegatingRuleOnlyDelegates(),
                new MirrorIsValid(),
                new DestinationIsValid(),
                new RewriteIsValid(),
                new WeightsAddUp());
    }

    /// SP1209: two answers to one request.
    static final class RuleHasOneAction extends ObjectRule<VirtualService> {
        RuleHasOneAction() {
            super(
                    "SP1209",
                    ERROR,
                    "HTTP rule has two actions",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rule forwards, redirects or answers; only one that forwards may rewrite and inject faults.",
                            "{hosts: [shop.test], http: [{redirect: {uri: /new}, route: [{destination: {host: cart}}]}]}",
                            "{hosts: [shop.test], http: [{redirect: {uri: /new}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service).forEach(route -> {
                var rule = route.value();
                boolean delegates =
                        rule.delegate() != null && !service.value().hosts().isEmpty();
                if (delegates) {
                    return;
                }
                if (rule.delegate() != null) {
                    report.at(
                            route.below("delegate"),
                            "a delegate names a delegate (expected: one level of delegation only)");
                }
                if (rule.redirect() != null) {
                    exclusive(route, "redirect", report);
                    if (rule.directResponse() != null) {
                        report.at(
                                route.below("directResponse"),
                                "directResponse beside redirect (expected: one of the two)");
                    }
                } else if (rule.directResponse() != null) {
                    exclusive(route, "directResponse", report);
                }
                if (rule.mirror() != null && !rule.mirrors().isEmpty()) {
                    report.at(route.below("mirror"), "mirror beside mirrors (expected: one of the two)");
                }
            });
        }

        private static void exclusive(At<HttpRoute> route, String action, Report report) {
            var rule = route.value();
            if (!rule.route().isEmpty()) {
                report.at(route.below("route"), "route beside " + action + " (expected: one of the two)");
            }
            if (rule.fault() != null) {
                report.at(route.below("fault"), "fault beside " + action + " (expected: one of the two)");
            }
            if (rule.rewrite() != null) {
                report.at(route.below("rewrite"), "rewrite beside " + action + " (expected: one of the two)");
            }
        }
    }

    /// SP1210: no answer to a request.
    static final class RuleHasAction extends ObjectRule<VirtualService> {
        RuleHasAction() {
            super(
                    "SP1210",
                    ERROR,
                    "HTTP rule has no action",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rule that takes requests has to say what happens to them.",
                            "{hosts: [shop.test], http: [{match: [{uri: {prefix: /}}]}]}",
                            "{hosts: [shop.test], http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            boolean delegate = service.value().hosts().isEmpty();
            Walk.http(service)
                    .filter(route -> delegate || route.value().delegate() == null)
                    .filter(route -> route.value().route().isEmpty()
                            && route.value().redirect() == null
                            && route.value().directResponse() == null)
                    .forEach(route -> report.at(
                            route, "rule without action (expected: route, redirect, directResponse or delegate)"));
        }
    }

    /// SP1211: the delegate decides, so the root cannot.
    static final class DelegatingRuleOnlyDelegates extends ObjectRule<VirtualService> {
        DelegatingRuleOnlyDelegates() {
            super(
                    "SP1211",
                    ERROR,
                    "Delegating rule has an action of its own",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rule with a delegate leaves the action to it.",
                            "{hosts: [shop.test], gateways: [edge], http: [{delegate: {name: cart}, route: [{destination: {host: cart}}]}]}",
                            "{hosts: [shop.test], gateways: [edge], http: [{delegate: {name: cart}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            if (service.value().hosts().isEmpty()) {
                return;
            }
            Walk.http(service).filter(route -> route.value().delegate() != null).forEach(route -> {
                if (route.value().redirect() != null) {
                    report.at(route.below("redirect"), "redirect beside delegate (expected: one of the two)");
                }
                if (!route.value().route().isEmpty()) {
                    report.at(route.below("route"), "route beside delegate (expected: one of the two)");
                }
            });
        }
    }

    /// SP1219: a copy for nobody, or for more than all.
    static final class MirrorIsValid extends ObjectRule<VirtualService> {
        MirrorIsValid() {
            super(
                    "SP1219",
                    ERROR,
                    "Mirror is not valid",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A mirror needs a destination, and takes 0 to 100 percent of the requests.",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: cart}}], mirrors: [{destination: {host: copy}, percentage: {value: 101}}]}]}",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: cart}}], mirrors: [{destination: {host: copy}, percentage: {value: 10}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service).forEach(route -> {
                route.field("mirrorPercent", HttpRoute::mirrorPercent)
                        .filter(percent -> percent.value() > 100)
                        .forEach(percent -> report.at(
                                percent, "mirror share %d %% (expected: 0 to 100)".formatted(percent.value())));
                Stream.concat(
                                route.field("mirrorPercentage", HttpRoute::mirrorPercentage),
                                route.each("mirrors", HttpRoute::mirrors)
                                        .flatMap(mirror -> mirror.field("percentage", HttpMirrorPolicy::percentage)))
                        .filter(percent -> !(percent.value().value() >= 0
                                && percent.value().value() <= 100))
                        .forEach(percent -> report.at(
                                percent.below("value"),
                                "mirror share %s %% (expected: 0 to 100)"
                                        .formatted(percent.value().value())));
            });
        }
    }

    /// SP1220: a destination that cannot exist.
    static final class DestinationIsValid extends ObjectRule<VirtualService> {
        DestinationIsValid() {
            super(
                    "SP1220",
                    ERROR,
                    "Destination is not valid",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A destination is a host of the registry, with a subset that is a DNS label and a port of 1 to 65535.",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: cart, port: {number: 70000}}}]}]}",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: cart, port: {number: 8080}}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.destinations(service).forEach(destination -> problem(destination, report));
        }

        private static void problem(At<Destination> destination, Report report) {
            var host = destination.value().host();
            if (host.equals("*")) {
                report.at(destination.below("host"), "destination \"*\" (expected: the name of a service)");
            } else if (!host.isEmpty()) {
                Hosts.wildcardProblem(host).ifPresent(problem -> report.at(destination.below("host"), problem));
            } else {
                report.at(destination.below("host"), "host is empty (expected: the name of a service)");
            }
            var subset = destination.value().subset();
            if (!subset.isEmpty() && !Hosts.isLabel(subset)) {
                report.at(
                        destination.below("subset"),
                        "subset \"%s\" (expected: letters, digits and dashes)".formatted(subset));
            }
            destination
                    .field("port", Destination::port)
                    .flatMap(port -> port.field("number", VirtualService.PortSelector::number))
                    .filter(number -> number.value() < 1 || number.value() > 65535)
                    .forEach(number -> report.at(number, "port %d (expected: 1 to 65535)".formatted(number.value())));
        }
    }

    /// SP1224: a rewrite to nothing, or to two things.
    static final class RewriteIsValid extends ObjectRule<VirtualService> {
        RewriteIsValid() {
            super(
                    "SP1224",
                    ERROR,
                    "Rewrite is not valid",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rewrite changes the path (by uri or by uriRegexRewrite), the authority, or both.",
                            "{hosts: [shop.test], http: [{rewrite: {uri: /a, uriRegexRewrite: {match: b, rewrite: c}}, route: [{destination: {host: cart}}]}]}",
                            "{hosts: [shop.test], http: [{rewrite: {uri: /a}, route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("rewrite", HttpRoute::rewrite))
                    .forEach(rewrite -> {
                        var to = rewrite.value();
                        if (!to.uri().isEmpty() && to.uriRegexRewrite() != null) {
                            report.at(
                                    rewrite.below("uriRegexRewrite"),
                                    "uriRegexRewrite beside uri (expected: one of the two)");
                        }
                        if (to.uri().isEmpty()
                                && to.uriRegexRewrite() == null
                                && to.authority().isEmpty()) {
                            report.at(rewrite, "empty rewrite (expected: uri, uriRegexRewrite or authority)");
                        }
                        rewrite.field("uriRegexRewrite", HttpRewrite::uriRegexRewrite)
                                .forEach(regex -> {
                                    if (regex.value().match().isEmpty()
                                            || regex.value().rewrite().isEmpty()) {
                                        report.at(regex, "uriRegexRewrite without match or rewrite (expected: both)");
                                    } else {
                                        Regexes.problem(regex.value().match())
                                                .ifPresent(problem -> report.at(regex.below("match"), problem));
                                    }
                                });
                    });
        }
    }

    /// SP1225: shares that are none.
    static final class WeightsAddUp extends ObjectRule<VirtualService> {
        WeightsAddUp() {
            super(
                    "SP1225",
                    ERROR,
                    "Weights do not split anything",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Weights are 0 or more, and relative to each other; among several destinations one must have some.",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: a}}, {destination: {host: b}}]}]}",
                            "{hosts: [shop.test], http: [{route: [{destination: {host: a}, weight: 9}, {destination: {host: b}, weight: 1}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .forEach(route -> split(
                            route,
                            Walk.httpDestinations(route)
                                    .map(share -> share.as(share.value().weight()))
                                    .toList(),
                            report));
            service.each("tls", VirtualService::tls)
                    .forEach(route -> split(
                            route,
                            route.each("route", VirtualService.TlsRoute::route)
                                    .map(share -> share.as(share.value().weight()))
                                    .toList(),
                            report));
            service.each("tcp", VirtualService::tcp)
                    .forEach(route -> split(
                            route,
                            route.each("route", VirtualService.TcpRoute::route)
                                    .map(share -> share.as(share.value().weight()))
                                    .toList(),
                            report));
        }

        private static void split(At<?> route, List<At<Integer>> weights, Report report) {
            weights.stream()
                    .filter(weight -> weight.value() < 0)
                    .forEach(weight -> report.at(
                            weight.below("weight"), "weight %d (expected: 0 or more)".formatted(weight.value())));
            if (weights.size() > 1 && weights.stream().allMatch(weight -> weight.value() == 0)) {
                report.at(
                        route.below("route"),
                        "%d destinations, all of weight 0 (expected: some weight)".formatted(weights.size()));
            }
        }
    }
}
