package io.sallyport.config.kubernetes;

import io.sallyport.analysis.gatewayapi.ObjectStatus.OfListener;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Adds to a listener's conditions what becomes of the Secrets that it names. One that is missing or
/// malformed is enough for `ResolvedRefs` to be false; the listener is programmed as long as one of them
/// is served.
///
/// Source: the Gateway API's `ListenerReasonInvalidCertificateRef`.
final class ListenerSecrets {

    static final String INVALID = "InvalidCertificateRef";

    private static final String RESOLVED = "ResolvedRefs";
    private static final String PROGRAMMED = "Programmed";

    private final KeyPairs.Known known;

    ListenerSecrets(KeyPairs.Known known) {
        this.known = known;
    }

    /// `said` without the Secrets; `before` are the conditions that the object shows, which stay where
    /// nothing is known of this `generation`'s Secrets.
    List<Condition> judged(
            OfListener listener, List<Condition> said, @Nullable Object before, @Nullable Long generation) {
        var names = listener.credentials();
        var faults = known.faults(names);
        if (faults.isEmpty() && known.lacks(names)) {
            var stays = shown(before, RESOLVED, INVALID, generation);
            if (stays.isPresent()) {
                return said.stream()
                        .map(each -> each.type().equals(RESOLVED) && each.isTrue()
                                ? stays.get()
                                : shown(before, PROGRAMMED, "Invalid", generation)
                                        .filter(shown -> each.type().equals(PROGRAMMED) && each.isTrue())
                                        .orElse(each))
                        .toList();
            }
        }
        return said.stream().map(each -> judged(each, names, faults)).toList();
    }

    private Condition judged(Condition said, List<String> names, List<String> faults) {
        if (!said.isTrue() || faults.isEmpty()) {
            return said;
        }
        return switch (said.type()) {
            case RESOLVED -> new Condition(RESOLVED, false, INVALID, String.join("; ", faults));
            case PROGRAMMED ->
                known.isAnyServed(names)
                        ? said
                        : new Condition(PROGRAMMED, false, "Invalid", "none of its certificates can be served");
            default -> said;
        };
    }

    // A condition that does not hold, as the object shows it of this generation.
    private static Optional<Condition> shown(
            @Nullable Object conditions, String type, String reason, @Nullable Long generation) {
        return (conditions instanceof List<?> list ? list : List.of())
                .stream()
                        .filter(Map.class::isInstance)
                        .map(each -> (Map<?, ?>) each)
                        .filter(each -> type.equals(each.get("type")) && reason.equals(each.get("reason")))
                        .filter(each -> Objects.equals(
                                String.valueOf(each.get("observedGeneration")), String.valueOf(generation)))
                        .map(each -> new Condition(type, false, reason, String.valueOf(each.get("message"))))
                        .findFirst();
    }
}
