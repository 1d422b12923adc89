package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.analysis.text.HeaderValues;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HeaderOperations;
import io.sallyport.model.VirtualService.Headers;
import io.sallyport.model.VirtualService.HttpBody;
import io.sallyport.model.VirtualService.HttpDirectResponse;
import io.sallyport.model.VirtualService.HttpRedirect;
import io.sallyport.model.VirtualService.HttpRewrite;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.List;
import java.util.stream.Stream;

/// What is written into headers and other texts, by a rule or for all rules of a VirtualService.
final class HeaderRules {

    private static final String SERVED = "directResponse: {status: 200}";

    private HeaderRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new HeaderCanBeChanged(),
                new HeaderValueIsValid(),
                new AuthorityIsSetOnce(),
                new SecretsAreNotPrinted(),
                new CredentialIsNotCopied());
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
                .flatMap(HeaderRules::changes);
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
                        .flatMap(HeaderRules::changes)
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
