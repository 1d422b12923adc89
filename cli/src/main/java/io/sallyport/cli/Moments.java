package io.sallyport.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Pattern;

/// How times and durations are written and read: `3 min ago`, `38 ms`, `--wait=30s`.
public final class Moments {

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    private Moments() {}

    /// Relative to now for a person, RFC 3339 to the second for a program.
    public static String written(Instant moment, Terminal terminal) {
        if (!terminal.isInteractive()) {
            return moment.truncatedTo(ChronoUnit.SECONDS).toString();
        }
        var passed = Duration.between(moment, terminal.clock().instant());
        if (passed.toSeconds() < 5) {
            return "just now";
        }
        if (passed.toSeconds() < 120) {
            return passed.toSeconds() + " s ago";
        }
        if (passed.toMinutes() < 120) {
            return passed.toMinutes() + " min ago";
        }
        return passed.toHours() < 48 ? passed.toHours() + " h ago" : passed.toDays() + " d ago";
    }

    /// `38 ms`, `1.2 s`, `2 min 5 s`, rounded to what is shown.
    public static String written(Duration duration) {
        var millis = duration.plusNanos(500_000).toMillis();
        if (millis < 1_000) {
            return millis + " ms";
        }
        if (millis < 9_950) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
        }
        var seconds = (millis + 500) / 1_000;
        return seconds < 120 ? seconds + " s" : seconds / 60 + " min " + seconds % 60 + " s";
    }

    /// Reads `500ms`, `30s`, `2m`, `1h` or `7d`.
    public static Duration duration(String text) throws CommandFailedException {
        var match = DURATION.matcher(text);
        if (!match.matches()) {
            throw CommandFailedException.unable("duration \"" + text + "\" (expected: 500ms, 30s, 2m, 1h or 7d)");
        }
        var number = Long.parseLong(match.group(1));
        return switch (match.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }
}
