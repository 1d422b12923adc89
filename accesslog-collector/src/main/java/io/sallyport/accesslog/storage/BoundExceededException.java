package io.sallyport.accesslog.storage;

/// An answer would cost more than one question may. The message names the bound and what to ask instead.
public final class BoundExceededException extends Exception {

    private static final long serialVersionUID = 1L;

    public BoundExceededException(String message) {
        super(message);
    }
}
