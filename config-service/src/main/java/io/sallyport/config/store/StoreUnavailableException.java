package io.sallyport.config.store;

import org.jspecify.annotations.Nullable;

/// The store cannot be read or written now: `cannot append r43: disk full`.
public final class StoreUnavailableException extends Exception {

    StoreUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
