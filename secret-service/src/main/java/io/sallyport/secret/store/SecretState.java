package io.sallyport.secret.store;

import com.google.common.collect.ImmutableList;
import io.sallyport.secret.material.Outcome;
import io.sallyport.secret.material.ServerCertificate;
import io.sallyport.secret.material.TrustBundle;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/// What is known of one secret: what is served of each half, and why that is not what the source offers.
///
/// `digest` is of the offered entries, so that an offer that repeats the last one changes nothing.
public record SecretState(
        SecretName name,
        String source,
        String digest,
        Instant since,
        Half<ServerCertificate> certificate,
        Half<TrustBundle> trust) {

    /// One half of a secret.
    public sealed interface Half<T> {

        /// The source says nothing of it.
        record Absent<T>() implements Half<T> {}

        /// What the source offers is served.
        record Served<T>(T value, List<String> warnings) implements Half<T> {
            public Served {
                warnings = ImmutableList.copyOf(warnings);
            }
        }

        /// What the source offers cannot be served; the last good version is.
        record LastGood<T>(T value, String reason) implements Half<T> {}

        /// Nothing can be served: handshakes fail.
        record Closed<T>(String reason) implements Half<T> {}

        /// The half after an offer, given what was served before, which is asked for where it matters.
        static <T> Half<T> after(Outcome<T> offered, Supplier<Half<T>> before) {
            return switch (offered) {
                case Outcome.Absent<T>() -> new Absent<>();
                case Outcome.Usable<T>(T value, var warnings) -> new Served<>(value, warnings);
                case Outcome.Unusable<T>(var reason) ->
                    switch (before.get()) {
                        case Served<T>(T value, var _) -> new LastGood<>(value, reason);
                        case LastGood<T>(T value, var _) -> new LastGood<>(value, reason);
                        case Absent<T> _, Closed<T> _ -> new Closed<>(reason);
                    };
            };
        }
    }
}
