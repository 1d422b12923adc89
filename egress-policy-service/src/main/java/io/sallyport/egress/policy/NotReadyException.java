package io.sallyport.egress.policy;

/// No configuration has been read yet.
public final class NotReadyException extends Exception {

    private static final long serialVersionUID = 1L;

    NotReadyException() {
        super("no configuration has been read yet (expected: a connection to config-service)");
    }
}
