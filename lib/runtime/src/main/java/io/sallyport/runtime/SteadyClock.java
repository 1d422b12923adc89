package io.sallyport.runtime;

import com.google.common.base.Ticker;
import java.time.Instant;
import java.time.InstantSource;

/// Time that only passes: what is measured by it does not change when somebody sets the machine's clock. Its instants
/// mean nothing to others; two of them are so far apart as they are.
public final class SteadyClock implements InstantSource {

    private final Ticker ticker;
    private final long start;

    public SteadyClock() {
        this(Ticker.systemTicker());
    }

    SteadyClock(Ticker ticker) {
        this.ticker = ticker;
        this.start = ticker.read();
    }

    @Override
    public Instant instant() {
        return Instant.EPOCH.plusNanos(ticker.read() - start);
    }
}
