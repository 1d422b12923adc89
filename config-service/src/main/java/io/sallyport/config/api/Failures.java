package io.sallyport.config.api;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.sallyport.config.store.Outcome;
import io.sallyport.proto.config.v1.Findings;
import java.util.Optional;

/// The one place where what went wrong becomes a gRPC status.
final class Failures {

    private static final String DOMAIN = "sallyport.io";

    private Failures() {}

    static StatusRuntimeException refused(RefusedException refused, int detailBytes) {
        var status = com.google.rpc.Status.newBuilder()
                .setCode(Code.INVALID_ARGUMENT_VALUE)
                .setMessage(String.valueOf(refused.getMessage()));
        if (!refused.findings().isEmpty()) {
            status.addDetails(Any.pack(fitting(refused, detailBytes)));
        }
        return StatusProto.toStatusRuntimeException(status.build());
    }

    private static Findings fitting(RefusedException refused, int detailBytes) {
        var findings = Findings.newBuilder().setTotal(refused.findings().size());
        int size = 0;
        for (var finding : refused.findings()) {
            var wire = Wire.finding(finding);
            size += wire.getSerializedSize() + 8;
            if (size > detailBytes) {
                break;
            }
            findings.addFindings(wire);
        }
        return findings.build();
    }

    /// Empty if the outcome is an answer.
    static Optional<StatusRuntimeException> of(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Accepted _, Outcome.Repeated _ -> Optional.empty();
            case Outcome.OtherHead(long expected, long head)
            when expected > head ->
                Optional.of(status(
                        Code.FAILED_PRECONDITION,
                        "expected revision r" + expected + " does not exist (expected: at most r" + head + ")",
                        head(head)));
            case Outcome.OtherHead(long expected, long head) ->
                Optional.of(status(
                        Code.ABORTED,
                        "the head is r" + head + ", not r" + expected + ": read it and retry",
                        head(head)));
            case Outcome.Foreign(var ref, var owner) ->
                Optional.of(status(
                        Code.FAILED_PRECONDITION,
                        ref + " belongs to " + owner + " (expected: a change there)",
                        ErrorInfo.newBuilder()
                                .setReason("FOREIGN_OWNER")
                                .setDomain(DOMAIN)
                                .putMetadata("owner", owner.text())
                                .build()));
            case Outcome.IdReused(var id, long revision) ->
                Optional.of(status(
                        Code.ALREADY_EXISTS,
                        "request id \"" + id + "\" was used for another change, answered at r" + revision
                                + " (expected: a new id)",
                        head(revision)));
            case Outcome.Twice(var ref) ->
                Optional.of(status(Code.INVALID_ARGUMENT, ref + " occurs twice in the request (expected: once)"));
            case Outcome.TooMany(var namespace, int bound) ->
                Optional.of(status(
                        Code.RESOURCE_EXHAUSTED,
                        "namespace \"" + namespace + "\" is full (expected: at most " + bound + " resources)"));
            case Outcome.Busy(long head) ->
                Optional.of(status(
                        Code.RESOURCE_EXHAUSTED,
                        "too many changes are waiting at r" + head + ": retry in a second",
                        RetryInfo.newBuilder()
                                .setRetryDelay(Duration.newBuilder().setSeconds(1))
                                .build()));
        };
    }

    private static ErrorInfo head(long head) {
        return ErrorInfo.newBuilder()
                .setReason("HEAD")
                .setDomain(DOMAIN)
                .putMetadata("revision", Long.toString(head))
                .build();
    }

    static StatusRuntimeException status(Code code, String message, Message... details) {
        var status =
                com.google.rpc.Status.newBuilder().setCode(code.getNumber()).setMessage(message);
        for (var detail : details) {
            status.addDetails(Any.pack(detail));
        }
        return StatusProto.toStatusRuntimeException(status.build());
    }
}
