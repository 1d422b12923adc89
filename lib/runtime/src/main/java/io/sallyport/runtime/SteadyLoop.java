package io.sallyport.runtime;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A thread that takes one turn after the other until it is closed. A turn that fails ends nothing: the next one comes
/// after a rest, which doubles up to half a minute, and is told that it has to make up for what the failed one left.
///
/// ```java
/// SteadyLoop.start("config-status", again -> writeAll());
/// ```
public final class SteadyLoop implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SteadyLoop.class);
    private static final Duration FIRST_REST = Duration.ofMillis(500);
    private static final Duration LONGEST_REST = Duration.ofSeconds(30);

    /// What is done over and over. It waits for its own work, and may be interrupted in that.
    public interface Turn {

        /// `again` says that the turn before did not come to its end.
        void run(boolean again) throws Exception;
    }

    private final Turn turn;
    private final Duration firstRest;
    private final Duration pause;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicLong failures = new AtomicLong();
    private final Thread owner;
    private volatile boolean failing;

    private SteadyLoop(String name, Duration firstRest, Duration pause, Turn turn) {
        this.turn = turn;
        this.firstRest = firstRest;
        this.pause = pause;
        this.owner = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
    }

    /// Starts it on a thread of that name.
    public static SteadyLoop start(String name, Turn turn) {
        return start(name, FIRST_REST, turn);
    }

    /// Starts a loop that looks at something at once and then again and again, with a pause after each look.
    public static SteadyLoop every(String name, Duration pause, Turn look) {
        return start(name, FIRST_REST, pause, look);
    }

    static SteadyLoop start(String name, Duration firstRest, Turn turn) {
        return start(name, firstRest, Duration.ZERO, turn);
    }

    private static SteadyLoop start(String name, Duration firstRest, Duration pause, Turn turn) {
        var loop = new SteadyLoop(name, firstRest, pause, turn);
        loop.owner.start();
        return loop;
    }

    /// How many turns have failed.
    public long failures() {
        return failures.get();
    }

    /// Whether the last turn failed, so that nothing is done until the next one comes to its end.
    public boolean isFailing() {
        return failing;
    }

    private void run() {
        var rest = firstRest;
        try {
            while (closed.getCount() > 0) {
                if (take()) {
                    rest = firstRest;
                    if (pause.isPositive() && closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                        return;
                    }
                } else {
                    if (closed.await(rest.toMillis(), TimeUnit.MILLISECONDS)) {
                        return;
                    }
                    rest = rest.multipliedBy(2).compareTo(LONGEST_REST) < 0 ? rest.multipliedBy(2) : LONGEST_REST;
                }
            }
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean take() throws InterruptedException {
        try {
            turn.run(failing);
            failing = false;
            return true;
        } catch (InterruptedException stop) {
            throw stop;
        } catch (Exception e) {
            if (closed.getCount() > 0) {
                failures.incrementAndGet();
                failing = true;
                log.atError().setCause(e).addKeyValue("loop", owner.getName()).log("A turn failed; it is taken again");
            }
            return false;
        }
    }

    /// Ends it, and returns when its last turn has ended.
    @Override
    public void close() {
        closed.countDown();
        owner.interrupt();
        try {
            owner.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
