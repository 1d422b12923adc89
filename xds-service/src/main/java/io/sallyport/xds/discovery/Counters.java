package io.sallyport.xds.discovery;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// What happened on all streams together, for metrics and tests.
public final class Counters {

    private final AtomicLong streams = new AtomicLong();
    private final LongAdder responses = new LongAdder();
    private final LongAdder resources = new LongAdder();
    private final LongAdder refusals = new LongAdder();
    private final LongAdder strangeNonces = new LongAdder();
    private final LongAdder unknownTypes = new LongAdder();
    private final LongAdder violations = new LongAdder();
    private final LongAdder evictions = new LongAdder();

    void opened() {
        streams.incrementAndGet();
    }

    void closed() {
        streams.decrementAndGet();
    }

    void response(int count) {
        responses.increment();
        resources.add(count);
    }

    void refusal() {
        refusals.increment();
    }

    void strangeNonce() {
        strangeNonces.increment();
    }

    void unknownType() {
        unknownTypes.increment();
    }

    void violation() {
        violations.increment();
    }

    void eviction() {
        evictions.increment();
    }

    /// Streams that are open now.
    public long streams() {
        return streams.get();
    }

    public long responses() {
        return responses.sum();
    }

    public long resources() {
        return resources.sum();
    }

    /// Responses that a proxy refused.
    public long refusals() {
        return refusals.sum();
    }

    /// Answers to responses that were never sent, or long ago.
    public long strangeNonces() {
        return strangeNonces.sum();
    }

    public long unknownTypes() {
        return unknownTypes.sum();
    }

    /// Streams that were closed because the client broke a rule or a bound.
    public long violations() {
        return violations.sum();
    }

    /// Streams that were closed for a newer one of the same proxy.
    public long evictions() {
        return evictions.sum();
    }
}
