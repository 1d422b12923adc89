package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.analysis.text.HeaderValues;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Regexes;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.HeaderOperations;
import io.sallyport.model.VirtualService.Headers;
import io.sallyport.model.VirtualService.HttpBody;
import io.sallyport.model.VirtualService.HttpDirectResponse;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import io.sallyport.model.VirtualService.HttpRedirect;
import io.sallyport.model.VirtualService.HttpRewrite;
import io.sallyport.model.VirtualService.HttpRoute;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/// What a rule does with the requests it takes.
final class ActionRules {

    private static final String SERVED = "directResponse: {status: 200}";

    private ActionRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new RedirectCodeIsKnown(),
                new RedirectCodeIsSent(),
                new RuleHasOneAction(),
                new RuleHasAction(),
                new DelegatingRuleOnlyDelegates(),
                new HeaderCanBeChanged(),
                new HeaderValueIsValid(),
                new AuthorityIsSetOnce(),
                new MirrorIsValid(),
                new DestinationIsValid(),
                new RedirectIsComplete(),
                new StatusIsValid(),
                new RewriteIsValid(),
                new WeightsAddUp(),
                new SecretsAreNotPrinted(),
                new BodyIsSmall(),
                new CredentialIsNotCopied());
    }

    private static Stream<At<Integer>> redirectCodes(At<VirtualService> service) {
        return Walk.http(service)
                .flatMap(route -> route.field("redirect", HttpRoute::redirect))
                .flatMap(redirect -> redirect.field("redirectCode", HttpRedirect::redirectCode))
                .filter(code -> code.value() != 0);
    }

    private static boolean isRedirect(int code) {
        return code >= 300 && code <= 399;
    }

    /// SP1203: a code that no client takes for a redirect.
    static final class RedirectCodeIsKnown extends ObjectRule<VirtualService> {
        RedirectCodeIsKnown() {
            super(
                    "SP1203",
                    ERROR,
                    "Redirect code is no redirect",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "The code of a redirect is 301, 302, 303, 307 or 308; Istio takes all from 300 to 399.",
                            "{hosts: [shop.test], http: [{redirect: {uri: /new, redirectCode: 404}}]}",
                            "{hosts: [shop.test], http: [{redirect: {uri: /new, redirectCode: 308}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            redirectCodes(service)
                    .filter(code -> !isRedirect(code.value()))
                    .forEach(code -> report.at(
                            code, "redirect code %d (expected: 301, 302, 303, 307 or 308)".formatted(code.value())));
        }
    }

    /// SP4217: Istio takes the code, logs that it cannot be, and sends a route without an action, which Envoy refuses
    /// together with all other routes of the port.
    static final class RedirectCodeIsSent extends ObjectRule<VirtualService> {
        private static final ImmutableSet<Integer> SENT = ImmutableSet.of(301, 302, 303, 307, 308);

        RedirectCodeIsSent() {
            super(
                    "SP4217",
                    WARNING,
                    "Redirect code that Envoy cannot redirect with",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Envoy redirects with five codes only. A rule with any other answers 503; with Istio all routes of the port stop changing.",
                            "{hosts: [shop.test], http: [{redirect: {uri: /new, redirectCode: 300}}]}",
                            "{hosts: [shop.test], http: [{redirect: {uri: /new, redirectCode: 302}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            redirectCodes(service)
                    .filter(code -> isRedirect(code.value()) && !SENT.contains(code.value()))
                    .forEach(code -> report.at(
                            code,
                            "redirect code %d: Envoy cannot send it, and the rule answers 503 (expected: 301, 302, 303, 307 or 308)"
                                    .formatted(code.value())));
        }
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

    /// SP1215: headers that are not ours to change.
    static final class HeaderCanBeChanged extends ObjectRule<VirtualService> {
        HeaderCanBeChanged() {
            super(
                    "SP1215",
                    ERROR,
                    "Header cannot be changed",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Names with \":\" belong to the protocol; Host and :authority can be set on requests only.",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {\":path\": /x}}}, " + SERVED
                                    + "}]}",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {x-path: /x}}}, " + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service).flatMap(Walk::headers).forEach(headers -> {
                headers.field("request", Headers::request).forEach(operations -> {
                    changes(operations)
                            .forEach(header -> HeaderNames.requestProblem(
                                            header.path().name())
                                    .ifPresent(problem -> report.at(header, problem)));
                    removals(operations, report);
                });
                headers.field("response", Headers::response).forEach(operations -> {
                    changes(operations)
                            .forEach(header -> HeaderNames.responseProblem(
                                            header.path().name())
                                    .ifPresent(problem -> report.at(header, problem)));
                    removals(operations, report);
                });
            });
        }

        private static void removals(At<HeaderOperations> operations, Report report) {
            operations
                    .each("remove", HeaderOperations::remove)
                    .forEach(name ->
                            HeaderNames.responseProblem(name.value()).ifPresent(problem -> report.at(name, problem)));
        }
    }

    static Stream<At<String>> changes(At<HeaderOperations> operations) {
        return Stream.concat(
                operations.entries("set", HeaderOperations::set), operations.entries("add", HeaderOperations::add));
    }

    static Stream<At<String>> values(At<VirtualService> service) {
        return Walk.http(service)
                .flatMap(Walk::headers)
                .flatMap(headers -> Stream.concat(
                        headers.field("request", Headers::request), headers.field("response", Headers::response)))
                .flatMap(ActionRules::changes);
    }

    /// SP1216: values that Envoy refuses, or that hand out the gateway's secrets.
    static final class HeaderValueIsValid extends ObjectRule<VirtualService> {
        HeaderValueIsValid() {
            super(
                    "SP1216",
                    ERROR,
                    "Header value cannot be sent",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Envoy reads \"%…%\" as a command and refuses the whole listener when it knows none of that name. %ENVIRONMENT% and %FILE_CONTENT% would send the gateway's own secrets.",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {x-share: 100%}}}, " + SERVED
                                    + "}]}",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {x-share: 100%%}}}, " + SERVED
                                    + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            values(service)
                    .forEach(value ->
                            HeaderValues.problem(value.value()).ifPresent(problem -> report.at(value, problem)));
        }
    }

    /// SP1231: two rewrites of one Host.
    static final class AuthorityIsSetOnce extends ObjectRule<VirtualService> {
        AuthorityIsSetOnce() {
            super(
                    "SP1231",
                    ERROR,
                    "Host is rewritten twice",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "rewrite.authority, and headers host and :authority, all set the Host that the upstream sees.",
                            "{hosts: [shop.test], http: [{rewrite: {authority: a.test}, headers: {request: {set: {host: b.test}}}, route: [{destination: {host: cart}}]}]}",
                            "{hosts: [shop.test], http: [{rewrite: {authority: a.test}, route: [{destination: {host: cart}}]}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service).forEach(route -> {
                var rewrite = route.value().rewrite();
                var current = rewrite == null ? "" : rewrite.authority();
                var settings = route.field("headers", HttpRoute::headers)
                        .flatMap(headers -> headers.field("request", Headers::request))
                        .flatMap(ActionRules::changes)
                        .filter(header -> HeaderNames.isAuthority(header.path().name()))
                        .toList();
                for (var setting : settings) {
                    if (!current.isEmpty()) {
                        report.at(
                                setting,
                                "host \"%s\" is set beside \"%s\" (expected: one of the two)"
                                        .formatted(setting.value(), current));
                        return;
                    }
                    current = setting.value();
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

    /// SP1221: a redirect to the same place, or to none.
    static final class RedirectIsComplete extends ObjectRule<VirtualService> {
        RedirectIsComplete() {
            super(
                    "SP1221",
                    ERROR,
                    "Redirect changes nothing",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A redirect has to change path, host, port or scheme; the scheme is http or https.",
                            "{hosts: [shop.test], http: [{redirect: {redirectCode: 302}}]}",
                            "{hosts: [shop.test], http: [{redirect: {scheme: https, redirectCode: 302}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("redirect", HttpRoute::redirect))
                    .forEach(redirect -> {
                        var to = redirect.value();
                        boolean empty = to.uri().isEmpty()
                                && to.prefixRewrite().isEmpty()
                                && to.authority().isEmpty()
                                && to.scheme().isEmpty()
                                && to.port() == null
                                && to.derivePort() == null;
                        if (empty) {
                            report.at(
                                    redirect, "redirect to the same place (expected: uri, authority, port or scheme)");
                        }
                        if (!to.uri().isEmpty() && !to.prefixRewrite().isEmpty()) {
                            report.at(
                                    redirect.below("prefixRewrite"),
                                    "prefixRewrite beside uri (expected: one of the two)");
                        }
                        if (!to.scheme().isEmpty()
                                && !to.scheme().equals("http")
                                && !to.scheme().equals("https")) {
                            report.at(
                                    redirect.below("scheme"),
                                    "scheme \"%s\" (expected: \"http\" or \"https\")".formatted(to.scheme()));
                        }
                        redirect.field("port", HttpRedirect::port)
                                .filter(port -> port.value() > 65535)
                                .forEach(port ->
                                        report.at(port, "port %d (expected: 1 to 65535)".formatted(port.value())));
                    });
        }
    }

    /// SP1222: an answer that is no final answer.
    static final class StatusIsValid extends ObjectRule<VirtualService> {
        private static final int LARGEST_BODY = 1024 * 1024;

        StatusIsValid() {
            super(
                    "SP1222",
                    ERROR,
                    "Direct response is not valid",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "The status is 200 to 599, and the body at most 1 MiB.",
                            "{hosts: [shop.test], http: [{directResponse: {status: 100}}]}",
                            "{hosts: [shop.test], http: [{directResponse: {status: 204}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("directResponse", HttpRoute::directResponse))
                    .forEach(response -> {
                        int status = response.value().status();
                        // Istio lets 600 pass, and so do we.
                        if (status < 200 || status > 600) {
                            report.at(response.below("status"), "status %d (expected: 200 to 599)".formatted(status));
                        }
                        response.field("body", HttpDirectResponse::body)
                                .filter(body -> size(body.value()) > LARGEST_BODY)
                                .forEach(body -> report.at(
                                        body,
                                        "body of %d bytes (expected: at most 1 MiB)".formatted(size(body.value()))));
                    });
        }
    }

    static int size(HttpBody body) {
        var string = body.string();
        if (string != null) {
            return string.getBytes(StandardCharsets.UTF_8).length;
        }
        var bytes = body.bytes();
        return bytes == null ? 0 : bytes.toArray().length;
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

    /// SP1230: text that is a secret the day somebody formats it.
    static final class SecretsAreNotPrinted extends ObjectRule<VirtualService> {
        SecretsAreNotPrinted() {
            super(
                    "SP1230",
                    ERROR,
                    "Text would print a secret of the gateway",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "%ENVIRONMENT(…)% and %FILE_CONTENT(…)% stand for the gateway's own environment and files; no answer, redirect or rewrite may name them.",
                            "{hosts: [shop.test], http: [{directResponse: {status: 200, body: {string: \"%ENVIRONMENT(TOKEN)%\"}}}]}",
                            "{hosts: [shop.test], http: [{directResponse: {status: 200, body: {string: 100 % sure}}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> Stream.of(
                                    route.field("directResponse", HttpRoute::directResponse)
                                            .flatMap(response -> response.field("body", HttpDirectResponse::body))
                                            .flatMap(body -> body.field("string", HttpBody::string)),
                                    route.field("redirect", HttpRoute::redirect)
                                            .flatMap(redirect -> Stream.of(
                                                            redirect.field("uri", HttpRedirect::uri),
                                                            redirect.field(
                                                                    "prefixRewrite", HttpRedirect::prefixRewrite),
                                                            redirect.field("authority", HttpRedirect::authority))
                                                    .flatMap(part -> part)),
                                    route.field("rewrite", HttpRoute::rewrite)
                                            .flatMap(rewrite -> Stream.concat(
                                                    rewrite.field("uri", HttpRewrite::uri),
                                                    rewrite.field("authority", HttpRewrite::authority))))
                            .flatMap(part -> part))
                    .forEach(text -> HeaderValues.secretCommand(text.value())
                            .ifPresent(command -> report.at(
                                    text,
                                    "text with \"%%%s(\" (expected: no command that reads the gateway's secrets)"
                                            .formatted(command))));
        }
    }

    /// SP4207: an answer that every proxy holds in memory. Istio warns too.
    static final class BodyIsSmall extends ObjectRule<VirtualService> {
        private static final int LARGE = 100 * 1024;

        BodyIsSmall() {
            super(
                    "SP4207",
                    WARNING,
                    "Direct response is large",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Bodies above 100 KiB are copied into every proxy's configuration; serve them from a backend.",
                            "{hosts: [shop.test], http: [{directResponse: {status: 200, body: {string: \""
                                    + "x".repeat(LARGE + 1) + "\"}}}]}",
                            "{hosts: [shop.test], http: [{directResponse: {status: 200, body: {string: small}}}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("directResponse", HttpRoute::directResponse))
                    .flatMap(response -> response.field("body", HttpDirectResponse::body))
                    .filter(body -> size(body.value()) > LARGE && size(body.value()) <= StatusIsValid.LARGEST_BODY)
                    .forEach(body -> report.at(
                            body, "body of %d bytes (expected: at most 100 KiB)".formatted(size(body.value()))));
        }
    }

    /// SP4208: a credential under another name escapes every filter that knows the first one.
    static final class CredentialIsNotCopied extends ObjectRule<VirtualService> {
        CredentialIsNotCopied() {
            super(
                    "SP4208",
                    WARNING,
                    "Credential is copied into another header",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Logs and upstreams drop Authorization and Cookie, and keep headers they do not know.",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {x-user: \"%REQ(authorization)%\"}}}, "
                                    + SERVED + "}]}",
                            "{hosts: [shop.test], http: [{headers: {request: {set: {x-user: \"%REQ(x-forwarded-user)%\"}}}, "
                                    + SERVED + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            values(service)
                    .forEach(value -> HeaderValues.copiedCredential(value.value())
                            .ifPresent(header -> report.at(
                                    value,
                                    "value copies \"%s\" (expected: a header that is no credential)"
                                            .formatted(header))));
        }
    }
}
