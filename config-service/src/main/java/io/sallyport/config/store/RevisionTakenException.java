package io.sallyport.config.store;

/// Another replica has written the next revision first: read it and decide again.
final class RevisionTakenException extends Exception {

    RevisionTakenException(String message) {
        super(message);
    }
}
