package io.sallyport.xds.discovery;

import io.grpc.Status;

/// The client broke the protocol or a bound: its stream ends with this status, and no other stream notices.
final class ProtocolViolation extends Exception {

    private static final long serialVersionUID = 1;

    private final Status.Code code;

    ProtocolViolation(Status.Code code, String message) {
        super(message);
        this.code = code;
    }

    Status status() {
        return Status.fromCode(code).withDescription(getMessage());
    }
}
