package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpBody;
import io.sallyport.model.VirtualService.HttpDirectResponse;
import io.sallyport.model.VirtualService.HttpRedirect;
import io.sallyport.model.VirtualService.HttpRoute;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/// What the gateway answers by itself: redirects and direct responses.
final class AnswerRules {

    private AnswerRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new RedirectCodeIsKnown(),
                new RedirectCodeIsSent(),
                new RedirectIsComplete(),
                new StatusIsValid(),
                new BodyIsSmall());
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
}
