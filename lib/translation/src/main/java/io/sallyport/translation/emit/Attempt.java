package io.sallyport.translation.emit;

import io.sallyport.model.Origin;
import io.sallyport.translation.Withheld;
import java.util.List;
import java.util.function.Supplier;

/// The emission of one node: made, or withheld with a reason. One node that fails stops no other.
sealed interface Attempt<T> {

    record Made<T>(T value) implements Attempt<T> {}

    record Failed<T>(Withheld withheld) implements Attempt<T> {}

    /// Runs `emission`; what it throws withholds this node alone. This is the one place where any exception is caught:
    /// a plan that cannot be spelled is our bug, and must not take the neighbours' changes with it.
    static <T> Attempt<T> of(String what, List<Origin> origins, Supplier<Attempt<T>> emission) {
        try {
            return emission.get();
        } catch (RuntimeException e) {
            return new Failed<>(new Withheld(what, origins, e.toString()));
        }
    }
}
