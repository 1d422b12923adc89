package io.sallyport.analysis;

import io.sallyport.analysis.expansion.EgressExpansion.Derived;
import io.sallyport.analysis.gatewayapi.Spelled;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// The objects of an image that nobody wrote, each with the EgressPolicy, route, Gateway or Ingress that stands
/// for it.
public final class Expansions {

    private final Map<ObjectRef, Derived> derived;
    private final Map<ObjectRef, ConfigObject<?>> writers;
    private final Map<ObjectRef, Spelled> spelled;
    private final List<ConfigObject<?>> ended;

    Expansions(
            Map<ObjectRef, Derived> derived,
            Map<ObjectRef, ConfigObject<?>> writers,
            Map<ObjectRef, Spelled> spelled,
            List<ConfigObject<?>> ended) {
        this.derived = derived;
        this.writers = writers;
        this.spelled = spelled;
        this.ended = List.copyOf(ended);
    }

    /// The EgressPolicies that have ended, and stand for nothing.
    public List<ConfigObject<?>> ended() {
        return ended;
    }

    /// What stands for an object, if nobody wrote it.
    public Optional<ConfigObject<?>> writer(ObjectRef ref) {
        return Optional.<ConfigObject<?>>ofNullable(writers.get(ref))
                .or(() -> Optional.ofNullable(spelled.get(ref)).map(Spelled::writer));
    }

    /// The objects that nobody wrote, each with what stands for it.
    public SortedMap<ObjectRef, ObjectRef> all() {
        var all = new TreeMap<ObjectRef, ObjectRef>();
        spelled.forEach((ref, made) -> all.put(ref, made.writer().ref()));
        writers.forEach((ref, writer) -> all.put(ref, writer.ref()));
        return Collections.unmodifiableSortedMap(all);
    }

    Origin written(Origin origin) {
        var rule = spelled.get(origin.object());
        if (rule != null) {
            return rule.written(origin.path()).origin();
        }
        var made = derived.get(origin.object());
        var writer = writers.get(origin.object());
        return made == null || writer == null ? origin : new Origin(writer.ref(), made.written(origin.path()));
    }
}
