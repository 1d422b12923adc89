package io.sallyport.cli.server;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.DataDirectory;
import io.sallyport.proto.config.v1.Findings;
import io.sallyport.runtime.tls.HandshakeFailure;
import java.io.IOException;
import java.util.Optional;

/// What a failed call means to the user, and what to do about it.
final class Refusals {

    private final ServerAddress server;
    private final String address;
    private final boolean hasToken;
    private final DataDirectory data;

    /// `address` is what to call the server or servers.
    Refusals(ServerAddress server, String address, boolean hasToken, DataDirectory data) {
        this.server = server;
        this.address = address;
        this.hasToken = hasToken;
        this.data = data;
    }

    CommandFailedException explain(StatusRuntimeException refused) {
        var status = refused.getStatus();
        var findings = findings(refused);
        if (findings.isPresent()) {
            return new RefusedException(described(status), findings.get());
        }
        return switch (status.getCode()) {
            case UNAVAILABLE -> CommandFailedException.unable(unavailable(status));
            case DEADLINE_EXCEEDED ->
                CommandFailedException.unable("no answer from " + address
                        + " in time (expected: a running \"sallyport up\"; its logs may say why)");
            case UNAUTHENTICATED -> CommandFailedException.unable(unauthenticated(status));
            case UNIMPLEMENTED ->
                CommandFailedException.unable(
                        address
                                + " does not know this call (expected: a Sallyport of the same version, see sallyport --version)");
            case NOT_FOUND,
                    ABORTED,
                    FAILED_PRECONDITION,
                    ALREADY_EXISTS,
                    INVALID_ARGUMENT,
                    OUT_OF_RANGE,
                    PERMISSION_DENIED -> CommandFailedException.no(described(status));
            default -> CommandFailedException.unable(described(status));
        };
    }

    private String unavailable(Status status) {
        var handshake = HandshakeFailure.reason(status.getCause());
        if (handshake.isPresent()) {
            return "no safe connection to " + address + ": " + handshake.get() + "; nothing was sent";
        }
        if (!server.isTls() && isCut(status)) {
            return address + " closed the connection (expected: https://" + server.hostAndPort()
                    + ", if it speaks TLS)";
        }
        return isAway(status) ? away() : described(status);
    }

    private static boolean isCut(Status status) {
        return HandshakeFailure.isCut(status.getCause())
                || String.valueOf(status.getDescription()).startsWith("Network closed");
    }

    private String away() {
        return "no Sallyport answers at " + address
                + " (expected: a running \"sallyport up\", or its address in --server, or its folder in --data)";
    }

    private String unauthenticated(Status status) {
        if (server.isTls()) {
            return address + " does not know who calls: " + described(status) + "; see --token-file, --cert and --key";
        }
        return hasToken
                ? "the token in " + data.tokenFile() + " is not the one of " + address
                        + " (expected: --data of the \"sallyport up\" that runs there)"
                : "no token in " + data.root() + " for " + address
                        + " (expected: --data of the \"sallyport up\" that runs there)";
    }

    private static String described(Status status) {
        var description = status.getDescription();
        return description == null || description.isEmpty() ? "the server answered " + status.getCode() : description;
    }

    // What a server says for itself has no cause on this side; a failed connection has.
    private static boolean isAway(Status status) {
        return status.getCause() instanceof IOException
                || "io exception".equals(status.getDescription())
                || String.valueOf(status.getDescription()).startsWith("Unable to resolve host");
    }

    private static Optional<Findings> findings(StatusRuntimeException refused) {
        var status = StatusProto.fromThrowable(refused);
        if (status == null) {
            return Optional.empty();
        }
        for (var detail : status.getDetailsList()) {
            if (detail.is(Findings.class)) {
                try {
                    return Optional.of(detail.unpack(Findings.class));
                } catch (InvalidProtocolBufferException malformed) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }
}
