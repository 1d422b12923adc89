package io.sallyport.accesslog.api;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.accesslog.storage.KafkaRow;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// Hands rows that were just stored to those who follow. A follower that reads too slowly misses rows, and is
/// told how many; the store never waits for one.
public final class Tails {

    private static final int MAX_FOLLOWERS = 100;
    private static final int MAX_WAITING = 2_000;

    private final Set<Tail> tails = ConcurrentHashMap.newKeySet();
    private volatile Source source = () -> {};

    /// Where rows come from.
    @FunctionalInterface
    public interface Source {

        /// Somebody follows now: what comes from then on is to be told.
        void begin() throws InterruptedException;
    }

    /// From now on somebody has to be told when rows are wanted.
    public void readFrom(Source told) throws InterruptedException {
        source = told;
        if (isFollowed()) {
            told.begin();
        }
    }

    /// Whether anybody follows.
    public boolean isFollowed() {
        return !tails.isEmpty();
    }

    /// Returns when whoever follows by now will see all that comes.
    void begin() throws InterruptedException {
        source.begin();
    }

    /// Gives a batch to all followers.
    public void stored(List<KafkaRow> rows) {
        for (var tail : tails) {
            tail.offer(rows);
        }
    }

    /// Begins to follow; absent when too many do.
    java.util.Optional<Tail> follow(Predicate<KafkaRow> filter) {
        if (tails.size() >= MAX_FOLLOWERS) {
            return java.util.Optional.empty();
        }
        var tail = new Tail(filter);
        tails.add(tail);
        return java.util.Optional.of(tail);
    }

    /// One who follows.
    final class Tail implements AutoCloseable {

        private final Predicate<KafkaRow> filter;

        @GuardedBy("this") private final ArrayDeque<KafkaRow> waiting = new ArrayDeque<>();

        @GuardedBy("this") private long skipped;

        private Tail(Predicate<KafkaRow> filter) {
            this.filter = filter;
        }

        private synchronized void offer(List<KafkaRow> rows) {
            for (var row : rows) {
                if (filter.test(row)) {
                    if (waiting.size() < MAX_WAITING) {
                        waiting.add(row);
                    } else {
                        skipped++;
                    }
                }
            }
            notifyAll();
        }

        /// What has come since the last call, after at most so long; may be nothing.
        @SuppressWarnings("WaitNotInLoop") // A wake-up for nothing is a shorter wait: the caller asks again.
        synchronized Batch next(long millis) throws InterruptedException {
            if (waiting.isEmpty()) {
                wait(millis);
            }
            var batch = new Batch(new ArrayList<>(waiting), skipped);
            waiting.clear();
            skipped = 0;
            return batch;
        }

        @Override
        public void close() {
            tails.remove(this);
        }
    }

    /// Rows, and how many more there were.
    record Batch(List<KafkaRow> rows, long skipped) {}
}
