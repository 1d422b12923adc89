package io.sallyport.runtime.http;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// Room for requests whose bodies are being read. Each of them holds a thread of the server until the last byte has
/// come; with a bound, whoever sends slowly takes none from probes and from requests without a body.
public final class BodyRoom {

    private static final int AT_ONCE = 64;

    private final Semaphore room = new Semaphore(AT_ONCE);

    /// Reads a body.
    @FunctionalInterface
    public interface Reading<T> {
        T read() throws IOException;
    }

    /// What was read; empty: 64 others are being read.
    public <T> Optional<T> read(Reading<T> reading) throws IOException {
        if (!room.tryAcquire()) {
            return Optional.empty();
        }
        try {
            return Optional.of(reading.read());
        } finally {
            room.release();
        }
    }
}
