package io.sallyport.analysis.expansion;

import io.sallyport.model.EgressPolicy;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.stream.Stream;

/// When an EgressPolicy ends. `2027-06-30` is the last day on which it holds, so it ends as the next one begins (UTC);
/// `2027-06-30T12:00:00Z` is the first moment at which it does not hold.
public record Expiry(Instant end) {

    /// How long before its end a policy is warned of.
    public static final Duration NOTICE = Duration.ofDays(14);

    /// What a moment is to an end.
    public enum Phase {
        FAR,
        NEAR,
        OVER
    }

    /// The end of a policy; none for one that has no end, or whose text is no date.
    public static Optional<Expiry> of(EgressPolicy policy) {
        return policy.expires().isEmpty() ? Optional.empty() : parse(policy.expires());
    }

    static Optional<Expiry> parse(String text) {
        try {
            return Optional.of(new Expiry(
                    text.contains("T") || text.contains("t")
                            ? OffsetDateTime.parse(text).toInstant()
                            : LocalDate.parse(text)
                                    .plusDays(1)
                                    .atStartOfDay(ZoneOffset.UTC)
                                    .toInstant()));
        } catch (DateTimeException _) {
            return Optional.empty();
        }
    }

    /// Whether the policy holds, and for how long still.
    public Phase at(Instant now) {
        if (!now.isBefore(end)) {
            return Phase.OVER;
        }
        return now.isBefore(notice()) ? Phase.FAR : Phase.NEAR;
    }

    private Instant notice() {
        return end.minus(NOTICE);
    }

    /// The next moment after `now` at which something changes.
    public Stream<Instant> changesAfter(Instant now) {
        return Stream.of(notice(), end).filter(moment -> moment.isAfter(now));
    }
}
