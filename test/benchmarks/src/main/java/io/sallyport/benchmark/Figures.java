package io.sallyport.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Durations of one kind, and their quantiles by nearest rank.
final class Figures {

    private final List<Duration> sorted = new ArrayList<>();

    void add(Duration duration) {
        sorted.add(duration);
        sorted.sort(null);
    }

    /// The least for 0, the greatest for 1.
    Duration quantile(double share) {
        return sorted.get(Math.clamp((int) Math.ceil(share * sorted.size()) - 1L, 0, sorted.size() - 1));
    }

    static String millis(Duration duration) {
        return "%.1f ms".formatted(duration.toNanos() / 1e6);
    }

    /// `p50 1.2 ms, p99 3.4 ms of 50`
    @Override
    public String toString() {
        return "p50 %s, p99 %s of %d".formatted(millis(quantile(0.5)), millis(quantile(0.99)), sorted.size());
    }
}
