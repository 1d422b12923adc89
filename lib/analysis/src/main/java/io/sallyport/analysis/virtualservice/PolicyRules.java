package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Durations;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.Abort;
import io.sallyport.model.VirtualService.CorsPolicy;
import io.sallyport.model.VirtualService.Delay;
import io.sallyport.model.VirtualService.HttpFaultInjection;
import io.sallyport.model.VirtualService.HttpRetry;
import io.sallyport.model.VirtualService.HttpRoute;
import io.sallyport.model.VirtualService.Percent;
import java.math.BigDecimal;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// How a rule treats its requests: time, retries, faults, cross-origin requests.
final class PolicyRules {

    private static final String ROUTE = "route: [{destination: {host: cart}}]";

    private PolicyRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new CorsIsValid(),
                new FaultIsValid(),
                new RetryIsValid(),
                new RetryOnIsKnown(),
                new DurationIsValid(),
                new MirrorPercentIsNotDeprecated(),
                new AbortHasError(),
                new OldFieldIsNotUsed(),
                new SessionIsUnderstood(),
                new WriteIsNotRetried());
    }

    /// SP1217: answers to preflight requests that no browser understands.
    static final class CorsIsValid extends ObjectRule<VirtualService> {
        private static final ImmutableSet<String> METHODS =
                ImmutableSet.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*");

        CorsIsValid() {
            super(
                    "SP1217",
                    ERROR,
                    "CORS policy is not valid",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Methods are HTTP's own, in capitals, or \"*\"; header names are HTTP's, or \"*\"; maxAge is in whole seconds.",
                            "{hosts: [shop.test], http: [{corsPolicy: {allowMethods: [get]}, " + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{corsPolicy: {allowMethods: [GET]}, " + ROUTE + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("corsPolicy", HttpRoute::corsPolicy))
                    .forEach(policy -> {
                        policy.each("allowMethods", CorsPolicy::allowMethods)
                                .filter(method -> !METHODS.contains(method.value()))
                                .forEach(method -> report.at(
                                        method,
                                        "method \"%s\" (expected: %s)"
                                                .formatted(method.value(), String.join(", ", METHODS))));
                        Stream.concat(
                                        policy.each("allowHeaders", CorsPolicy::allowHeaders),
                                        policy.each("exposeHeaders", CorsPolicy::exposeHeaders))
                                .filter(name -> !HeaderNames.isToken(name.value()))
                                .forEach(name -> report.at(
                                        name,
                                        "header \"%s\" (expected: a header name, or \"*\")".formatted(name.value())));
                        policy.field("maxAge", CorsPolicy::maxAge)
                                .filter(age -> age.value().toNanosPart() > 0)
                                .forEach(age -> report.at(
                                        age,
                                        "maxAge \"%s\" (expected: whole seconds, such as \"24h\")"
                                                .formatted(Durations.text(age.value()))));
                    });
        }
    }

    /// SP1218: a fault for nobody, or one that Envoy does not know.
    static final class FaultIsValid extends ObjectRule<VirtualService> {
        private static final ImmutableSet<String> GRPC = ImmutableSet.of(
                "OK",
                "CANCELLED",
                "UNKNOWN",
                "INVALID_ARGUMENT",
                "DEADLINE_EXCEEDED",
                "NOT_FOUND",
                "ALREADY_EXISTS",
                "PERMISSION_DENIED",
                "RESOURCE_EXHAUSTED",
                "FAILED_PRECONDITION",
                "ABORTED",
                "OUT_OF_RANGE",
                "UNIMPLEMENTED",
                "INTERNAL",
                "UNAVAILABLE",
                "DATA_LOSS",
                "UNAUTHENTICATED");

        FaultIsValid() {
            super(
                    "SP1218",
                    ERROR,
                    "Fault is not valid",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A fault delays by a fixed time or answers with an HTTP or gRPC status, for 0 or 0.0001 to 100 percent.",
                            "{hosts: [shop.test], http: [{fault: {abort: {httpStatus: 99, percentage: {value: 5}}}, "
                                    + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{fault: {abort: {httpStatus: 503, percentage: {value: 5}}}, "
                                    + ROUTE + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("fault", HttpRoute::fault))
                    .forEach(fault -> {
                        if (fault.value().delay() == null && fault.value().abort() == null) {
                            report.at(fault, "empty fault (expected: delay, abort or both)");
                        }
                        fault.field("delay", HttpFaultInjection::delay).forEach(delay -> {
                            delay.field("percentage", Delay::percentage).forEach(share -> share(share, report));
                            delay.field("exponentialDelay", Delay::exponentialDelay)
                                    .forEach(time -> report.at(
                                            time, "exponentialDelay is not supported (expected: fixedDelay)"));
                        });
                        fault.field("abort", HttpFaultInjection::abort).forEach(abort -> abort(abort, report));
                    });
        }

        private static void abort(At<Abort> abort, Report report) {
            abort.field("percentage", Abort::percentage).forEach(share -> share(share, report));
            abort.field("httpStatus", Abort::httpStatus)
                    .filter(status -> status.value() < 200 || status.value() > 600)
                    .forEach(status -> report.at(status, "status %d (expected: 200 to 599)".formatted(status.value())));
            abort.field("grpcStatus", Abort::grpcStatus)
                    .filter(status -> !GRPC.contains(status.value()))
                    .forEach(status -> report.at(
                            status,
                            "gRPC status \"%s\" (expected: a name such as \"UNAVAILABLE\")".formatted(status.value())));
            abort.field("http2Error", Abort::http2Error)
                    .forEach(error ->
                            report.at(error, "http2Error is not supported (expected: httpStatus or grpcStatus)"));
        }

        private static void share(At<Percent> share, Report report) {
            double value = share.value().value();
            boolean fits = value == 0 || (value >= 0.0001 && value <= 100);
            if (!fits) {
                report.at(
                        share.below("value"), "share of %s %% (expected: 0, or 0.0001 to 100)".formatted(plain(value)));
            }
        }

        private static String plain(double value) {
            return Double.isFinite(value) ? BigDecimal.valueOf(value).toPlainString() : Double.toString(value);
        }
    }

    /// SP1223: retries that are switched off and configured at once.
    static final class RetryIsValid extends ObjectRule<VirtualService> {
        RetryIsValid() {
            super(
                    "SP1223",
                    ERROR,
                    "Retries are off and configured",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "attempts is 0 or more; 0, or none, switches retries off, and then nothing else can be said about them.",
                            "{hosts: [shop.test], http: [{retries: {perTryTimeout: 2s}, " + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{retries: {attempts: 3, perTryTimeout: 2s}, " + ROUTE
                                    + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("retries", HttpRoute::retries))
                    .forEach(retries -> {
                        var policy = retries.value();
                        if (policy.attempts() < 0) {
                            report.at(
                                    retries.below("attempts"),
                                    "attempts %d (expected: 0 or more)".formatted(policy.attempts()));
                        }
                        boolean configured = policy.perTryTimeout() != null
                                || !policy.retryOn().isEmpty()
                                || policy.retryRemoteLocalities() != null;
                        if (policy.attempts() == 0 && configured) {
                            report.at(
                                    retries,
                                    "retries are configured for 0 attempts (expected: attempts of 1 or more, or nothing else)");
                        }
                    });
        }
    }

    /// SP1236: a condition that Envoy does not know.
    static final class RetryOnIsKnown extends ObjectRule<VirtualService> {
        private static final ImmutableSet<String> WORDS = ImmutableSet.of(
                "5xx",
                "gateway-error",
                "reset",
                "reset-before-request",
                "connect-failure",
                "retriable-4xx",
                "refused-stream",
                "retriable-status-codes",
                "retriable-headers",
                "envoy-ratelimited",
                "http3-post-connect-failure",
                "cancelled",
                "deadline-exceeded",
                "internal",
                "resource-exhausted",
                "unavailable");

        RetryOnIsKnown() {
            super(
                    "SP1236",
                    ERROR,
                    "Retry condition is unknown",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "retryOn is a list with commas and without spaces: Envoy's words, and HTTP status codes.",
                            "{hosts: [shop.test], http: [{retries: {attempts: 2, retryOn: \"5xx, reset\"}, " + ROUTE
                                    + "}]}",
                            "{hosts: [shop.test], http: [{retries: {attempts: 2, retryOn: \"5xx,reset,429\"}, " + ROUTE
                                    + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("retries", HttpRoute::retries))
                    .flatMap(retries -> retries.field("retryOn", HttpRetry::retryOn))
                    .filter(words -> !words.value().isEmpty())
                    .forEach(words -> Stream.of(words.value().split(",", -1))
                            .filter(word -> !WORDS.contains(word) && !isStatus(word))
                            .forEach(word -> report.at(
                                    words,
                                    "retryOn \"%s\" (expected: %s, or a status code)"
                                            .formatted(word, String.join(", ", WORDS)))));
        }

        // The codes that have a name in Go's net/http, which is what Istio asks.
        private static boolean isStatus(String word) {
            if (word.length() != 3 || !word.chars().allMatch(c -> c >= '0' && c <= '9')) {
                return false;
            }
            int code = Integer.parseInt(word);
            return IntStream.of(226, 307, 308, 426, 428, 429, 431, 451, 510, 511)
                            .anyMatch(known -> known == code)
                    || (code >= 100 && code <= 103)
                    || (code >= 200 && code <= 208)
                    || (code >= 300 && code <= 305)
                    || (code >= 400 && code <= 418)
                    || (code >= 421 && code <= 425)
                    || (code >= 500 && code <= 508);
        }
    }

    /// SP1226: times that Envoy cannot keep.
    static final class DurationIsValid extends ObjectRule<VirtualService> {
        DurationIsValid() {
            super(
                    "SP1226",
                    ERROR,
                    "Duration of a VirtualService is not valid",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "Times are 1 ms or more, in whole milliseconds. To switch a timeout off, leave it out.",
                            "{hosts: [shop.test], http: [{timeout: 0s, " + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{timeout: 5s, " + ROUTE + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> Stream.of(
                                    route.field("timeout", HttpRoute::timeout),
                                    route.field("retries", HttpRoute::retries)
                                            .flatMap(retries -> Stream.concat(
                                                    retries.field("perTryTimeout", HttpRetry::perTryTimeout),
                                                    retries.field("backoff", HttpRetry::backoff))),
                                    route.field("corsPolicy", HttpRoute::corsPolicy)
                                            .flatMap(policy -> policy.field("maxAge", CorsPolicy::maxAge)),
                                    route.field("fault", HttpRoute::fault)
                                            .flatMap(fault -> fault.field("delay", HttpFaultInjection::delay))
                                            .flatMap(delay -> delay.field("fixedDelay", Delay::fixedDelay)))
                            .flatMap(part -> part))
                    .forEach(time -> Durations.problem(time.value()).ifPresent(problem -> report.at(time, problem)));
        }
    }

    /// SP4204: Istio warns too.
    static final class MirrorPercentIsNotDeprecated extends ObjectRule<VirtualService> {
        MirrorPercentIsNotDeprecated() {
            super(
                    "SP4204",
                    WARNING,
                    "mirrorPercent is deprecated",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "mirrorPercentage takes its place, and fractions of a percent.",
                            "{hosts: [shop.test], http: [{mirror: {host: copy}, mirrorPercent: 5, " + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{mirror: {host: copy}, mirrorPercentage: {value: 5}, " + ROUTE
                                    + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("mirrorPercent", HttpRoute::mirrorPercent))
                    .forEach(percent -> report.at(
                            percent,
                            "mirrorPercent is deprecated (expected: mirrorPercentage: {value: %d})"
                                    .formatted(percent.value())));
        }
    }

    /// SP4206: Istio has a warning for it that its admission loses on the way.
    static final class AbortHasError extends ObjectRule<VirtualService> {
        AbortHasError() {
            super(
                    "SP4206",
                    INFO,
                    "Abort without an error does nothing",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "An abort needs the status to answer with.",
                            "{hosts: [shop.test], http: [{fault: {abort: {percentage: {value: 5}}}, " + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{fault: {abort: {httpStatus: 503, percentage: {value: 5}}}, "
                                    + ROUTE + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .flatMap(route -> route.field("fault", HttpRoute::fault))
                    .flatMap(fault -> fault.field("abort", HttpFaultInjection::abort))
                    .filter(abort -> abort.value().httpStatus() == null
                            && abort.value().grpcStatus() == null
                            && abort.value().http2Error() == null)
                    .forEach(abort -> report.at(abort, "abort without an error (expected: httpStatus or grpcStatus)"));
        }
    }

    /// SP4210: fields that Istio asks people to leave, without a warning of its own.
    static final class OldFieldIsNotUsed extends ObjectRule<VirtualService> {
        OldFieldIsNotUsed() {
            super(
                    "SP4210",
                    INFO,
                    "Field of a VirtualService is deprecated",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "corsPolicy.allowOrigin and fault.delay.percent still work; allowOrigins and percentage replace them.",
                            "{hosts: [shop.test], http: [{corsPolicy: {allowOrigin: [\"*\"]}, " + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{corsPolicy: {allowOrigins: [{exact: \"*\"}]}, " + ROUTE
                                    + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service).forEach(route -> {
                route.field("corsPolicy", HttpRoute::corsPolicy)
                        .filter(policy -> !policy.value().allowOrigin().isEmpty())
                        .forEach(policy -> report.at(
                                policy.below("allowOrigin"), "allowOrigin is deprecated (expected: allowOrigins)"));
                route.field("fault", HttpRoute::fault)
                        .flatMap(fault -> fault.field("delay", HttpFaultInjection::delay))
                        .filter(delay -> delay.value().percent() != 0)
                        .forEach(delay ->
                                report.at(delay.below("percent"), "percent is deprecated (expected: percentage)"));
            });
        }
    }

    /// SP4101: nobody asked for these retries, and a payment is made twice.
    static final class WriteIsNotRetried extends ObjectRule<VirtualService> {
        private static final ImmutableSet<String> WRITES = ImmutableSet.of("POST", "PATCH");

        WriteIsNotRetried() {
            super(
                    "SP4101",
                    WARNING,
                    "Writes are retried by default",
                    Kind.VIRTUAL_SERVICE,
                    VirtualService.class,
                    new Page(
                            "A rule without retries is tried twice more on failures that may come after the upstream has acted. For a rule that takes only POST or PATCH, say so or switch it off.",
                            "{hosts: [shop.test], http: [{match: [{method: {exact: POST}}], " + ROUTE + "}]}",
                            "{hosts: [shop.test], http: [{match: [{method: {exact: POST}}], retries: {attempts: 0}, "
                                    + ROUTE + "}]}"));
        }

        @Override
        public void check(At<VirtualService> service, Report report) {
            Walk.http(service)
                    .filter(route -> route.value().retries() == null
                            && !route.value().route().isEmpty()
                            && !route.value().match().isEmpty())
                    .filter(route -> route.value().match().stream().allMatch(match -> {
                        var method = match.method();
                        return method != null && method.exact() != null && WRITES.contains(method.exact());
                    }))
                    .forEach(
                            route -> report.at(
                                    route,
                                    "requests that write are tried up to 3 times (expected: retries, or retries: {attempts: 0})"));
        }
    }
}
