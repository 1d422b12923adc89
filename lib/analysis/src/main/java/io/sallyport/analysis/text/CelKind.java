package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import java.util.Optional;

/// What a part of a log filter is when Envoy works it out, as far as the text tells. `ANY` fits everywhere.
enum CelKind {
    BOOL("a bool"),
    INT("an int"),
    UINT("a uint"),
    DOUBLE("a double"),
    STRING("a string"),
    BYTES("bytes"),
    TIMESTAMP("a timestamp"),
    DURATION("a duration"),
    LIST("a list"),
    MAP("a map"),
    /// A map whose values are strings: `request.headers`.
    TEXTS("a map"),
    TYPE("a type"),
    ANY("anything");

    private static final ImmutableSet<CelKind> NUMBERS = Sets.immutableEnumSet(INT, UINT, DOUBLE);
    private static final ImmutableSet<CelKind> ORDERED =
            Sets.immutableEnumSet(BOOL, STRING, BYTES, TIMESTAMP, DURATION);
    private static final ImmutableSet<CelKind> MAPS = Sets.immutableEnumSet(MAP, TEXTS);

    private final String shown;

    CelKind(String shown) {
        this.shown = shown;
    }

    /// With its article: "an int".
    String shown() {
        return shown;
    }

    /// Whether a value can be this or one of those.
    boolean canBe(ImmutableSet<CelKind> kinds) {
        return this == ANY || kinds.contains(this);
    }

    /// Whether a bool can come of it.
    boolean canBeTrue() {
        return this == BOOL || this == ANY;
    }

    /// Whether `in` can look into it.
    boolean hasElements() {
        return this == LIST || this == ANY || MAPS.contains(this);
    }

    /// Of one field or element.
    CelKind element() {
        return this == TEXTS ? STRING : ANY;
    }

    /// Whether some values of the two are equal. Numbers are compared by what they are worth.
    boolean canEqual(CelKind other) {
        return this == other
                || this == ANY
                || other == ANY
                || (NUMBERS.contains(this) && NUMBERS.contains(other))
                || (MAPS.contains(this) && MAPS.contains(other));
    }

    /// Whether one can be less than the other.
    boolean isOrderedWith(CelKind other) {
        if (this == ANY || other == ANY) {
            return true;
        }
        return (NUMBERS.contains(this) && NUMBERS.contains(other)) || (this == other && ORDERED.contains(this));
    }

    /// What comes of `+`, `-`, `*`, `/` and `%`; empty where Envoy has no such operation, as for two strings.
    Optional<CelKind> calculated(String operator, CelKind other) {
        if (this == ANY || other == ANY) {
            return Optional.of(ANY);
        }
        if (this == other && NUMBERS.contains(this)) {
            return operator.equals("%") && this == DOUBLE ? Optional.empty() : Optional.of(this);
        }
        return switch (operator) {
            case "+" -> sum(other);
            case "-" -> difference(other);
            default -> Optional.empty();
        };
    }

    private Optional<CelKind> sum(CelKind other) {
        if (this == DURATION && (other == DURATION || other == TIMESTAMP)) {
            return Optional.of(other);
        }
        return this == TIMESTAMP && other == DURATION ? Optional.of(TIMESTAMP) : Optional.empty();
    }

    private Optional<CelKind> difference(CelKind other) {
        if (this == TIMESTAMP && (other == TIMESTAMP || other == DURATION)) {
            return Optional.of(other == TIMESTAMP ? DURATION : TIMESTAMP);
        }
        return this == DURATION && other == DURATION ? Optional.of(DURATION) : Optional.empty();
    }
}
