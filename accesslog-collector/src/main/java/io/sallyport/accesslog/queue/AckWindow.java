package io.sallyport.accesslog.queue;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// Which rows of those under way are acknowledged. Partitions answer in any order between them, so there are
/// gaps; what counts is the end of the part without one.
final class AckWindow {

    private final int size;

    @GuardedBy("this") private final BitSet done;

    @GuardedBy("this") private long contiguous;

    @GuardedBy("this") private @Nullable Exception failure;

    /// @param acknowledged all rows up to this one are
    AckWindow(long acknowledged, int size) {
        this.contiguous = acknowledged;
        this.size = size;
        this.done = new BitSet(size);
    }

    /// Makes room for a row; false if there is none in time.
    @SuppressWarnings("WaitNotInLoop") // A wake-up for nothing is a shorter wait: the caller asks again.
    synchronized boolean reserve(long sequence, long millis) throws InterruptedException {
        if (sequence - contiguous > size && failure == null) {
            wait(millis);
        }
        return sequence - contiguous <= size;
    }

    synchronized void acknowledge(long sequence) {
        done.set((int) (sequence % size));
        var before = contiguous;
        while (done.get((int) ((contiguous + 1) % size))) {
            contiguous++;
            done.clear((int) (contiguous % size));
        }
        if (contiguous > before) {
            notifyAll();
        }
    }

    synchronized void fail(Exception reason) {
        if (failure == null) {
            failure = reason;
        }
        notifyAll();
    }

    synchronized @Nullable Exception failure() {
        return failure;
    }

    synchronized long contiguous() {
        return contiguous;
    }
}
