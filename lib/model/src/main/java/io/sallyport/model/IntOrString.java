package io.sallyport.model;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Kubernetes' "a number or a name": `targetPort: 8080` or `targetPort: http`. Exactly one of the two is there.
public record IntOrString(
        @Nullable Integer number, @Nullable String name) {

    public IntOrString {
        if ((number == null) == (name == null)) {
            throw new IllegalArgumentException(number + ", " + name + " (expected: a number or a name)");
        }
    }

    public static IntOrString of(int number) {
        return new IntOrString(number, null);
    }

    public static IntOrString of(String name) {
        return new IntOrString(null, name);
    }

    public Optional<Integer> asNumber() {
        return Optional.ofNullable(number);
    }

    public Optional<String> asName() {
        return Optional.ofNullable(name);
    }

    @Override
    public String toString() {
        return number != null ? number.toString() : String.valueOf(name);
    }
}
