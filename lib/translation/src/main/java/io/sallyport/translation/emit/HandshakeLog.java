package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ExtensionFilter;
import io.envoyproxy.envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter;
import io.sallyport.model.Value;
import io.sallyport.translation.plan.AccessLog;
import io.sallyport.translation.plan.AccessLog.Format;
import io.sallyport.translation.plan.AccessLog.Sink;
import java.util.TreeMap;

/// Rows about handshakes that failed: no secret, no client certificate, a wrong one, no version in common. Neither the
/// log of requests nor Istio's log of unmatched connections has them.
///
/// The reason stands where a row says how its connection ended (`CONNECTION_TERMINATION_DETAILS`), which is
/// empty before a handshake is over. So the default formats keep their 24 values, and whoever parses them
/// needs nothing new.
final class HandshakeLog {

    /// Rows with a reason; a connection that ended well has none.
    static final AccessLogFilter FAILED = AccessLogFilter.newBuilder()
            .setExtensionFilter(ExtensionFilter.newBuilder()
                    .setName("envoy.access_loggers.extension_filters.cel")
                    .setTypedConfig(Values.pack(ExpressionFilter.newBuilder()
                            .setExpression("connection.transport_failure_reason != ''")
                            .build())))
            .build();

    private static final String ENDED = "%CONNECTION_TERMINATION_DETAILS%";
    private static final String REASON = "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%";

    private HandshakeLog() {}

    /// The same log with the reason in it. Streams of records carry it anyway.
    static AccessLog of(AccessLog log) {
        return log.sink() instanceof Sink.File(var path, var format, var omitsEmpty)
                ? new AccessLog(new Sink.File(path, reasoned(format), omitsEmpty), log.rows())
                : log;
    }

    private static Format reasoned(Format format) {
        return switch (format) {
            case Format.Text(var line) -> new Format.Text(line.replace(ENDED, REASON));
            case Format.Json(var fields) -> new Format.Json(reasoned(fields));
        };
    }

    private static Value.Struct reasoned(Value.Struct fields) {
        var all = new TreeMap<String, Value>();
        fields.fields().forEach((name, value) -> all.put(name, reasoned(value)));
        return new Value.Struct(com.google.common.collect.ImmutableSortedMap.copyOf(all));
    }

    private static Value reasoned(Value value) {
        return switch (value) {
            case Value.Text(var text) -> new Value.Text(text.replace(ENDED, REASON));
            case Value.Struct struct -> reasoned(struct);
            case Value.Nothing _, Value.Bool _, Value.Num _, Value.Sequence _ -> value;
        };
    }
}
