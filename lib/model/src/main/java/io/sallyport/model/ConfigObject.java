package io.sallyport.model;

import java.util.Comparator;

/// One object of the configuration: what it is, what it wants, where it was written and how old it is.
/// Two objects are equal when they say the same; positions are looked up in `source` only when a message needs them.
public record ConfigObject<S extends Spec>(ObjectRef ref, Metadata metadata, S spec, SourceDocument source, Age age) {

    /// Istio's order of conflicts: older first, then by name, then by namespace.
    public static final Comparator<ConfigObject<?>> BY_AGE = Comparator.<ConfigObject<?>, Age>comparing(
                    ConfigObject::age)
            .thenComparing(object -> object.ref().name())
            .thenComparing(object -> object.ref().namespace());

    /// Whether this one comes before another in that order, and so counts where both say something.
    public boolean isOlderThan(ConfigObject<?> other) {
        return BY_AGE.compare(this, other) < 0;
    }

    public String namespace() {
        return ref.namespace();
    }

    public String name() {
        return ref.name();
    }

    /// The same object with the age that was fixed when it was first accepted.
    public ConfigObject<S> withAge(Age fixed) {
        return new ConfigObject<>(ref, metadata, spec, source, fixed);
    }
}
