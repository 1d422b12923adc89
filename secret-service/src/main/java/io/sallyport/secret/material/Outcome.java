package io.sallyport.secret.material;

import com.google.common.collect.ImmutableList;
import java.util.List;

/// What became of one half of a secret: it can be served, it cannot, or it is not there at all.
public sealed interface Outcome<T> {

    /// It can be served; `warnings` are what a person should know: `expires in 3 days`.
    record Usable<T>(T value, List<String> warnings) implements Outcome<T> {
        public Usable {
            warnings = ImmutableList.copyOf(warnings);
        }
    }

    /// It must not be served: `key does not belong to certificate`. The last good version stays in force.
    record Unusable<T>(String reason) implements Outcome<T> {}

    /// No entry of the secret speaks of it.
    record Absent<T>() implements Outcome<T> {}
}
