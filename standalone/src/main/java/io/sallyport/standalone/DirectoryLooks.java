package io.sallyport.standalone;

import io.sallyport.config.source.DirectoryEvent;
import io.sallyport.config.source.DirectoryListener;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Wakes whoever tells refusals, each time that config-service has looked at a change of the directory.
final class DirectoryLooks implements DirectoryListener {

    private final Semaphore looks = new Semaphore(0);

    @Override
    public void changed(DirectoryEvent event) {
        looks.release();
    }

    /// Waits for the next look, or some time: refusals may also come from elsewhere. Looks that were missed are one.
    void await(long limitMillis) throws InterruptedException {
        if (looks.tryAcquire(limitMillis, TimeUnit.MILLISECONDS)) {
            looks.drainPermits();
        }
    }
}
