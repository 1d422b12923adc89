package io.sallyport.accesslog.web;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.Coverage;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.TreeMap;

/// Numbers and times as people read them: `41,207`, `2.1 s`, `0.8 %`, `10:04:05.123`.
final class Shown {

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter MINUTE =
            DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("MMM d HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final long DAY_SECONDS = 86_400;
    // Left out on purpose, and made up for by the weights of other rows.
    private static final String SAMPLED = "sampled";

    private Shown() {}

    static String count(double count) {
        return count(Math.round(count));
    }

    static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    static String share(double share) {
        var percent = 100 * share;
        return String.format(Locale.ROOT, percent == Math.rint(percent) ? "%.0f %%" : "%.1f %%", percent);
    }

    static String seconds(double seconds) {
        if (seconds >= 1) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        if (seconds >= 0.0095) {
            return String.format(Locale.ROOT, "%.0f ms", seconds * 1_000);
        }
        return seconds >= 0.001
                ? String.format(Locale.ROOT, "%.1f ms", seconds * 1_000)
                : String.format(Locale.ROOT, "%.0f µs", seconds * 1_000_000);
    }

    static String duration(Duration duration) {
        return seconds(Durations.toMicros(duration) / 1_000_000.0);
    }

    static Instant instant(Timestamp time) {
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    static String clock(Timestamp time) {
        return CLOCK.format(instant(time));
    }

    static String full(Timestamp time) {
        return Timestamps.toString(time);
    }

    /// As short as a bar of so many seconds allows.
    static String bar(Instant time, long seconds) {
        if (seconds >= DAY_SECONDS / 4) {
            return DAY.format(time);
        }
        return (seconds >= 60 ? MINUTE : SECOND).format(time);
    }

    /// How complete an answer is; its first word says it.
    ///
    /// @param state `complete`, `pending` or `lost`
    record Completeness(String state, String text) {}

    static Completeness coverage(Coverage coverage) {
        var sampled = coverage.getLostOrDefault(SAMPLED, 0);
        var lost =
                coverage.getLostMap().values().stream().mapToLong(each -> each).sum();
        var all = coverage.getStored() + coverage.getPending() + lost;
        if (all == 0) {
            return new Completeness(
                    coverage.getFiltered() == 0 ? "complete" : "pending",
                    coverage.getFiltered() == 0
                            ? "no rows: no proxy has sent this collector any in this time"
                            : "no rows: proxies answered " + count(coverage.getFiltered())
                                    + " requests in this time and sent this collector none of them: Telemetry names other"
                                    + " providers or filters them out, or enableEnvoyAccessLogService is off");
        }
        var isComplete = all - sampled == coverage.getStored();
        var text = new StringBuilder(isComplete ? "complete: " : "incomplete: ")
                .append(count(coverage.getStored()))
                .append(" of ")
                .append(count(all))
                .append(" requests stored");
        if (coverage.getPending() > 0) {
            text.append(", ").append(count(coverage.getPending())).append(" on their way");
        }
        new TreeMap<>(coverage.getLostMap())
                .forEach((cause, count) -> text.append(", ")
                        .append(count(count))
                        .append(cause.equals(SAMPLED) ? " left out: " : " lost: ")
                        .append(cause.replace('_', ' ')));
        if (coverage.getFiltered() > 0) {
            text.append("; ")
                    .append(count(coverage.getFiltered()))
                    .append(" more not logged: Telemetry leaves them out");
        }
        var state = lost > sampled ? "lost" : "pending";
        return new Completeness(isComplete ? "complete" : state, text.toString());
    }
}
