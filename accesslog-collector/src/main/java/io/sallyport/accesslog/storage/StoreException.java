package io.sallyport.accesslog.storage;

/// The store cannot be read or written. The message is for operators: it may hold the engine's own words.
public final class StoreException extends Exception {

    private static final long serialVersionUID = 1L;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
