package io.sallyport.translation.link;

import io.sallyport.model.VirtualService.Abort;
import io.sallyport.model.VirtualService.Delay;
import io.sallyport.translation.plan.Percent;
import io.sallyport.translation.plan.RouteRule.Fault;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Says what trouble a rule makes on purpose. A share that is left out is no request at all, except that a delay falls
/// back to the old spelling `percent`; a delay that is not fixed has no effect.
/// (Istio: `TranslateFault` in `pilot/pkg/networking/core/route/route.go`.)
final class FaultLinker {

    private static final List<String> GRPC_STATUSES = List.of(
            "OK",
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED");

    private FaultLinker() {}

    static Fault.Delay delay(@Nullable Delay delay) {
        if (delay == null) {
            return new Fault.Delay.None();
        }
        var duration = delay.fixedDelay();
        if (duration == null) {
            return new Fault.Delay.None();
        }
        var percentage = delay.percentage();
        return new Fault.Delay.Fixed(duration, Percent.of(percentage == null ? delay.percent() : percentage.value()));
    }

    static Fault.Abort abort(@Nullable Abort abort) {
        if (abort == null) {
            return new Fault.Abort.None();
        }
        var percentage = abort.percentage();
        var share = Percent.of(percentage == null ? 0 : percentage.value());
        var status = abort.httpStatus();
        if (status != null) {
            return new Fault.Abort.Http(status, share);
        }
        return Optional.ofNullable(abort.grpcStatus())
                .map(GRPC_STATUSES::indexOf)
                .filter(number -> number >= 0)
                .<Fault.Abort>map(number -> new Fault.Abort.Grpc(number, share))
                .orElse(new Fault.Abort.None());
    }
}
