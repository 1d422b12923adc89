package io.sallyport.runtime.telemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A trace as it travels between processes: `00-<32 hex>-<16 hex>-01`, the `traceparent` of W3C Trace Context.
///
/// `tracestate` and `baggage` are not taken over: they are text of any caller's making that nobody here reads, and what
/// is not kept cannot grow.
public final class TraceParent {

    /// The name of the header.
    public static final String HEADER = "traceparent";

    // Future versions may be longer; nobody has more to say in one.
    private static final int MAX_LENGTH = 128;

    private static final TextMapGetter<String> ALONE = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(String header) {
            return List.of(HEADER);
        }

        @Override
        public @Nullable String get(@Nullable String header, String key) {
            return HEADER.equals(key) ? header : null;
        }
    };

    private TraceParent() {}

    /// The context of a header's trace; the root context if it is absent, too long or not well-formed.
    public static Context read(@Nullable String header) {
        if (header == null || header.isEmpty() || header.length() > MAX_LENGTH) {
            return Context.root();
        }
        return W3CTraceContextPropagator.getInstance().extract(Context.root(), header, ALONE);
    }

    /// The header for those who go on with what `span` does; empty if it belongs to no trace.
    public static String of(Span span) {
        var header = new StringBuilder();
        W3CTraceContextPropagator.getInstance().inject(Context.root().with(span), header, (carrier, key, value) -> {
            if (carrier != null && HEADER.equals(key)) {
                carrier.append(value);
            }
        });
        return header.toString();
    }
}
