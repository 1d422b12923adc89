package io.sallyport.secret.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.sallyport.secret.store.SecretState.Half;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// One change of a secret is one trace: `secret.change` judges what a source or a caller offers, and each
/// response that a proxy is sent because of it, `secret.push`, ends with the proxy's answer. The newest
/// changes are remembered so that streams can go on with their traces. A span names the secret and never
/// holds a byte of it.
public final class Rotations {

    private static final int KEPT = 1_000;
    // A certificate for 1,000 proxies is not 1,000 spans: the first ones tell what there is to tell.
    private static final int MAX_PUSHES = 100;

    private static final class Change {

        private final long number;
        private final Span span;
        private int pushes;

        private Change(long number, Span span) {
            this.number = number;
            this.span = span;
        }
    }

    private final Tracer tracer;

    @GuardedBy("this") private long number;

    @GuardedBy("this") private final Map<SecretName, Change> newest = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<SecretName, Change> eldest) {
            return size() > KEPT;
        }
    };

    public Rotations(Tracer tracer) {
        this.tracer = tracer;
    }

    /// Judges an offer within a span, which counts if anything changed.
    SecretKeeper.Change judged(SecretName name, String source, Supplier<SecretKeeper.Change> offer) {
        var span = tracer.spanBuilder("secret.change")
                .setAttribute("sallyport.secret", name.toString())
                .setAttribute("sallyport.source", source)
                .startSpan();
        try (var _ = span.makeCurrent()) {
            var change = offer.get();
            if (change.isChange()) {
                outcome(span, change.state());
                keep(name, span);
                span.end();
            }
            return change;
        }
    }

    /// The same for a secret that goes.
    void withdrawn(SecretName name, String source, Runnable withdrawal) {
        var span = tracer.spanBuilder("secret.change")
                .setAttribute("sallyport.secret", name.toString())
                .setAttribute("sallyport.source", source)
                .setAttribute("sallyport.outcome", "withdrawn")
                .startSpan();
        try (var _ = span.makeCurrent()) {
            withdrawal.run();
            keep(name, span);
        } finally {
            span.end();
        }
    }

    private static void outcome(Span span, SecretState state) {
        var worst = "served";
        for (var half : new Half<?>[] {state.certificate(), state.trust()}) {
            switch (half) {
                case Half.Served<?> _, Half.Absent<?> _ -> {}
                case Half.LastGood<?>(var _, var reason) -> {
                    worst = worst.equals("closed") ? worst : "last good";
                    span.setStatus(StatusCode.ERROR, reason);
                }
                case Half.Closed<?>(var reason) -> {
                    worst = "closed";
                    span.setStatus(StatusCode.ERROR, reason);
                }
            }
        }
        span.setAttribute("sallyport.outcome", worst);
    }

    private synchronized void keep(SecretName name, Span span) {
        number++;
        // The newest is the last to be forgotten.
        newest.remove(name);
        newest.put(name, new Change(number, span));
    }

    /// Counts the changes, so that a stream knows which of them came after it.
    public synchronized long count() {
        return number;
    }

    /// The span of a response with the secret in one of `places`, for a stream that was there before it changed: what a
    /// later one is sent is its start. An invalid span where there is nothing to tell.
    public Span push(Collection<SecretName> places, long since, String proxy) {
        return change(places, since)
                .map(change -> tracer.spanBuilder("secret.push")
                        .setParent(Context.root().with(change))
                        .setAttribute("sallyport.proxy", proxy)
                        .startSpan())
                .orElseGet(Span::getInvalid);
    }

    private synchronized Optional<Span> change(Collection<SecretName> places, long since) {
        for (var place : places) {
            var known = newest.get(place);
            if (known != null && known.number > since) {
                known.pushes++;
                return known.pushes <= MAX_PUSHES ? Optional.of(known.span) : Optional.empty();
            }
        }
        return Optional.empty();
    }
}
