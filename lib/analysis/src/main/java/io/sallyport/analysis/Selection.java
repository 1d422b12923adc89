package io.sallyport.analysis;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.PeerAuthentication;
import io.sallyport.model.PolicySelector;
import io.sallyport.model.Sidecar;
import io.sallyport.model.Telemetry;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What objects are for of which one workload takes only one: `Sidecar|shop|{app=cart}`. Objects with a target are not
/// among them.
public final class Selection {

    private Selection() {}

    public static Optional<String> of(ConfigObject<?> object) {
        return switch (object.spec()) {
            case Sidecar sidecar ->
                Optional.of(text(
                        object,
                        sidecar.workloadSelector() == null
                                ? Map.of()
                                : sidecar.workloadSelector().labels()));
            case Telemetry telemetry
            when telemetry.targetRef() == null && telemetry.targetRefs().isEmpty() ->
                Optional.of(text(object, labels(telemetry.selector())));
            case PeerAuthentication authentication -> Optional.of(text(object, labels(authentication.selector())));
            default -> Optional.empty();
        };
    }

    private static Map<String, String> labels(@Nullable PolicySelector selector) {
        return selector == null ? Map.of() : selector.matchLabels();
    }

    private static String text(ConfigObject<?> object, Map<String, String> labels) {
        return object.ref().kind() + "|" + object.namespace() + "|" + labels;
    }
}
