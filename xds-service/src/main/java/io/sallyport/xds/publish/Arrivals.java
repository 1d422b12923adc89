package io.sallyport.xds.publish;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.sallyport.follow.Arrival;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// The newest revisions as they came in, so that a stream which sends one later can say how long the change took and
/// goes on with its trace. A revision is forgotten after two minutes: what a proxy is sent then, it asked for itself.
public final class Arrivals {

    private static final int KEPT = 64;
    private static final Duration REMEMBERED = Duration.ofMinutes(2);
    // A change for 1,000 proxies is not 5,000 spans: the first ones tell what there is to tell.
    private static final int MAX_PUSHES = 100;

    /// One revision: `made` by config-service, `received` here. `span` is its publication.
    public record Entry(Arrival arrival, Instant received, Span span, AtomicInteger pushes) {

        /// What belongs to the publication goes on from here.
        public Context trace() {
            return Context.root().with(span);
        }

        /// Whether one more push of this revision may have a span of its own.
        public boolean mayTrace() {
            return pushes.incrementAndGet() <= MAX_PUSHES;
        }
    }

    @GuardedBy("this") private final Map<Long, Entry> entries = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Arrivals.Entry> eldest) {
            return size() > KEPT;
        }
    };

    synchronized void put(long revision, Entry entry) {
        entries.put(revision, entry);
    }

    /// The revision, if it came lately.
    public synchronized Optional<Entry> of(long revision, Instant now) {
        return Optional.ofNullable(entries.get(revision))
                .filter(entry -> entry.received().plus(REMEMBERED).isAfter(now));
    }
}
