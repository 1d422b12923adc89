package io.sallyport.secret.sds;

import io.grpc.Status;

/// Ends a stream whose client asks for what it must not.
final class Refusal extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient Status status;

    Refusal(Status.Code code, String message) {
        super(message);
        this.status = code.toStatus().withDescription(message);
    }

    Status status() {
        return status;
    }
}
