package io.sallyport.xds.discovery;

import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The scopes of chains that are gone. Envoy drains the connections of such a chain, and as long as it does their
/// requests find a table by the scope: taken away, they would be answered 404 (decision 59). A chain with a connection
/// manager of its own keeps its last table in Envoy just as long.
final class LastScopes {

    private final ResourceType type;
    private final Pace pace;
    private final Map<String, Instant> ends = new HashMap<>();

    LastScopes(ResourceType type, Pace pace) {
        this.type = type;
        this.pace = pace;
    }

    /// Whether a name can be one that is kept.
    boolean mayKeep(String name) {
        return type == ResourceType.SCOPED_ROUTES && ResourceNames.isScopeOfChain(name);
    }

    /// Whether a name that is to go stays for now. It counts from the first question.
    boolean keeps(String name, Instant now) {
        if (!mayKeep(name) || (ends.size() >= Bounds.NAMES && !ends.containsKey(name))) {
            return false;
        }
        return ends.computeIfAbsent(name, _ -> now.plus(pace.lastScopes())).isAfter(now);
    }

    /// Forgets all but these, which are to go.
    void retain(Collection<String> names) {
        if (!ends.isEmpty()) {
            ends.keySet().retainAll(names);
        }
    }

    /// It went, or is in use again.
    void forget(String name) {
        ends.remove(name);
    }

    /// When the next of them may go.
    @Nullable Instant deadline(Instant now) {
        return ends.values().stream()
                .filter(end -> end.isAfter(now))
                .min(Instant::compareTo)
                .orElse(null);
    }
}
