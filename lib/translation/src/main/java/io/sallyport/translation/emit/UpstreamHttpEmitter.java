package io.sallyport.translation.emit;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.envoyproxy.envoy.config.common.matcher.v3.MatchPredicate;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import io.sallyport.translation.plan.Timeout;
import io.sallyport.translation.plan.Upstream.Ejection;
import io.sallyport.translation.plan.Upstream.Known;
import io.sallyport.translation.plan.Upstream.Limits;
import io.sallyport.translation.plan.Upstream.Pings;
import io.sallyport.translation.plan.Upstream.Tls;
import java.util.List;
import java.util.Optional;

/// Spells what is spoken to an upstream, for requests.
final class UpstreamHttpEmitter {

    // Envoy 1.40 has HttpProtocolOptions.outlier_detection and its error_matcher, and the classes of its API that we
    // build
    // with do not.
    private static final int OUTLIER_DETECTION = 8;
    private static final int ERROR_MATCHER = 1;

    private UpstreamHttpEmitter() {}

    /// Empty where nothing is to be said: Envoy's own are HTTP/1.1.
    static Optional<HttpProtocolOptions> emit(Known upstream) {
        boolean namesHost = upstream.tls() instanceof Tls.Originate tls && tls.sni() instanceof Tls.Sni.AsRequest;
        var options = HttpProtocolOptions.newBuilder();
        switch (upstream.protocol()) {
            // Requests may be sent to such a port too, and are HTTP/1.1 then.
            case TCP -> {
                boolean isPlain = !namesHost && statuses(upstream.ejection()).isEmpty();
                if (isPlain && !hasConnectionLimits(upstream.limits())) {
                    return Optional.empty();
                }
                options.getExplicitHttpConfigBuilder()
                        .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance());
            }
            case HTTP1 ->
                options.getExplicitHttpConfigBuilder()
                        .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance());
            case HTTP2 -> options.getExplicitHttpConfigBuilder().setHttp2ProtocolOptions(http2(upstream.limits()));
            case AS_CLIENT ->
                options.getUseDownstreamProtocolConfigBuilder()
                        .setHttpProtocolOptions(Http1ProtocolOptions.getDefaultInstance())
                        .setHttp2ProtocolOptions(http2(upstream.limits()));
        }
        addConnections(upstream.limits(), options.getCommonHttpProtocolOptionsBuilder());
        if (namesHost && upstream.tls() instanceof Tls.Originate tls) {
            options.getUpstreamHttpProtocolOptionsBuilder()
                    .setAutoSni(true)
                    .setAutoSanValidation(
                            tls.alternativeNames().isEmpty() && !(tls.authority() instanceof Tls.Authority.Unchecked));
        }
        var statuses = statuses(upstream.ejection());
        if (!statuses.isEmpty()) {
            options.setUnknownFields(failures(statuses));
        }
        return Optional.of(options.build());
    }

    /// A field that the classes of the API do not know, by its number.
    static UnknownFieldSet unnamed(int field, Message value) {
        return unnamed(field, Values.bytes(value));
    }

    private static UnknownFieldSet unnamed(int field, ByteString value) {
        return UnknownFieldSet.newBuilder()
                .addField(
                        field,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(value)
                                .build())
                .build();
    }

    // Which answers are failures.
    private static UnknownFieldSet failures(List<Integer> statuses) {
        var each = statuses.stream().map(UpstreamHttpEmitter::hasStatus).toList();
        var any = each.size() == 1
                ? each.getFirst()
                : MatchPredicate.newBuilder()
                        .setOrMatch(MatchPredicate.MatchSet.newBuilder().addAllRules(each))
                        .build();
        return unnamed(OUTLIER_DETECTION, unnamed(ERROR_MATCHER, any).toByteString());
    }

    private static MatchPredicate hasStatus(int status) {
        var match = MatchPredicate.newBuilder();
        match.getHttpResponseHeadersMatchBuilder()
                .addHeadersBuilder()
                .setName(":status")
                .getStringMatchBuilder()
                .setExact(Integer.toString(status));
        return match.build();
    }

    private static Http2ProtocolOptions http2(Limits limits) {
        var out = Http2ProtocolOptions.newBuilder();
        if (limits.streams() > 0 && limits.streams() < Limits.UNLIMITED) {
            out.setMaxConcurrentStreams(Values.uint32(limits.streams()));
        }
        switch (limits.pings()) {
            case Pings.Off() -> {}
            case Pings.Every(var interval, var timeout) ->
                out.getConnectionKeepaliveBuilder()
                        .setInterval(Values.duration(interval))
                        .setTimeout(Values.duration(timeout));
        }
        return out.build();
    }

    private static List<Integer> statuses(Ejection ejection) {
        return switch (ejection) {
            case Ejection.None() -> List.of();
            case Ejection.On on -> on.statuses();
        };
    }

    private static boolean hasConnectionLimits(Limits limits) {
        return (limits.requestsPerConnection() > 0 && limits.requestsPerConnection() < Limits.UNLIMITED)
                || limits.idle() instanceof Timeout.After
                || limits.connectionAge() instanceof Timeout.After;
    }

    private static void addConnections(
            Limits limits, io.envoyproxy.envoy.config.core.v3.HttpProtocolOptions.Builder out) {
        if (limits.requestsPerConnection() > 0 && limits.requestsPerConnection() < Limits.UNLIMITED) {
            out.setMaxRequestsPerConnection(Values.uint32(limits.requestsPerConnection()));
        }
        switch (limits.idle()) {
            case Timeout.None() -> {}
            case Timeout.After(var idle) -> out.setIdleTimeout(Values.duration(idle));
        }
        switch (limits.connectionAge()) {
            case Timeout.None() -> {}
            case Timeout.After(var age) -> out.setMaxConnectionDuration(Values.duration(age));
        }
    }
}
