package io.sallyport.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("F28")
class FatalErrorsTest {

    private final AtomicInteger ends = new AtomicInteger();
    private final FatalErrors errors = new FatalErrors(ends::incrementAndGet);

    @Test
    void aThreadThatDiesOfAnErrorEndsTheProcess() throws InterruptedException {
        die(Thread.ofPlatform().unstarted(FatalErrorsTest::missClass));
        die(Thread.ofVirtual().unstarted(FatalErrorsTest::missClass));

        assertThat(ends).hasValue(2);
    }

    @Test
    void aFullStackEndsTheProcessWhereOneThreadDoesTheWorkOfAll() throws InterruptedException {
        die(Thread.ofPlatform().unstarted(FatalErrorsTest::fillStack));

        assertThat(ends).hasValue(1);
    }

    @Test
    void whatOneRequestDoesToItsThreadEndsNothing() throws InterruptedException {
        die(Thread.ofVirtual().unstarted(FatalErrorsTest::fillStack));
        die(Thread.ofPlatform().unstarted(FatalErrorsTest::fail));

        assertThat(ends).hasValue(0);
    }

    private void die(Thread thread) throws InterruptedException {
        thread.setUncaughtExceptionHandler(errors);
        thread.start();
        thread.join();
    }

    private static void missClass() {
        throw new NoClassDefFoundError("io/sallyport/Missing");
    }

    private static void fillStack() {
        throw new StackOverflowError();
    }

    private static void fail() {
        throw new IllegalStateException("a fault of ours");
    }
}
