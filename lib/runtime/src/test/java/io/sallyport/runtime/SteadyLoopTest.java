package io.sallyport.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SteadyLoopTest {

    private static final int SECONDS = 20;

    @Test
    void turnAfterAFailedOneIsToldSoAndCountsAsRecovery() throws InterruptedException {
        var told = new LinkedBlockingQueue<Boolean>();
        var turns = new AtomicInteger();
        var never = new CountDownLatch(1);
        try (var loop = SteadyLoop.start("test", Duration.ofMillis(1), again -> {
            told.add(again);
            var turn = turns.incrementAndGet();
            if (turn <= 2) {
                throw new IllegalStateException("a fault of ours");
            }
            if (turn == 4) {
                never.await();
            }
        })) {
            var first = new ArrayList<Boolean>();
            for (int i = 0; i < 4; i++) {
                first.add(told.poll(SECONDS, TimeUnit.SECONDS));
            }
            assertThat(first).isEqualTo(List.of(false, true, true, false));
            assertThat(loop.failures()).isEqualTo(2);
            assertThat(loop.isFailing()).isFalse();
        }
    }

    @Test
    void looksGoOnAfterAFailedOneAndCloseEndsThePause() throws InterruptedException {
        var looks = new LinkedBlockingQueue<Integer>();
        var number = new AtomicInteger();
        var loop = SteadyLoop.every("test", Duration.ofDays(1), _ -> {
            looks.add(number.incrementAndGet());
            if (number.get() == 1) {
                throw new IllegalStateException("a fault of ours");
            }
        });
        for (int i = 0; i < 2; i++) {
            assertThat(looks.poll(SECONDS, TimeUnit.SECONDS)).isNotNull();
        }

        loop.close();

        assertThat(loop.failures()).isEqualTo(1);
    }

    @Test
    void closingEndsATurnThatWaits() throws InterruptedException {
        var started = new CountDownLatch(1);
        var never = new CountDownLatch(1);
        var loop = SteadyLoop.start("test", _ -> {
            started.countDown();
            never.await();
        });
        assertThat(started.await(SECONDS, TimeUnit.SECONDS)).isTrue();

        loop.close();

        assertThat(loop.failures()).isZero();
    }
}
