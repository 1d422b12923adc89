package io.sallyport.cli.log;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Terminal;
import io.sallyport.proto.accesslog.v1.Scope;
import java.text.ParseException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say which time a question is about.
final class TimeRange {

    private static final String USUAL = "1h";

    @Option(names = "--since", paramLabel = "TIME", description = "15m, 1h, 7d. Default: 1h.")
    private @Nullable String since;

    @Option(names = "--from", paramLabel = "TIME", description = "RFC 3339, instead of --since.")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "RFC 3339. Default: now.")
    private @Nullable String to;

    /// Whether any of them was given.
    boolean isGiven() {
        return since != null || from != null || to != null;
    }

    void check() throws CommandFailedException {
        if (from != null && since != null) {
            throw CommandFailedException.unable("--since and --from (expected: one of them)");
        }
        if (Moments.duration(since()).isZero()) {
            throw CommandFailedException.unable("--since " + since + " (expected: some time, like 15m, 1h or 7d)");
        }
        if (to != null) {
            time(to);
        }
        if (from != null) {
            time(from);
        }
        if (from != null && to != null && Timestamps.compare(time(from), time(to)) >= 0) {
            throw CommandFailedException.unable("--from " + from + " --to " + to + " (expected: --from before --to)");
        }
    }

    private String since() {
        return since == null ? USUAL : since;
    }

    /// As a question's scope; without `--to` its end is left to the server.
    ///
    /// @param isWholeMinutes whether it begins with a minute, as sums by the minute do
    Scope.Builder scope(Terminal terminal, boolean isWholeMinutes) throws CommandFailedException {
        var scope = Scope.newBuilder();
        if (to != null) {
            scope.setTo(time(to));
        }
        if (from != null) {
            return scope.setFrom(time(from));
        }
        var end = to == null ? terminal.clock().instant() : Instant.ofEpochMilli(Timestamps.toMillis(time(to)));
        var begin = end.minus(Moments.duration(since()));
        var first = isWholeMinutes ? begin.truncatedTo(ChronoUnit.MINUTES) : begin;
        return scope.setFrom(Timestamps.fromMillis(first.toEpochMilli()));
    }

    /// As the address of a page says it: `since=1h`, or `from=…&to=…`.
    SortedMap<String, String> parameters() throws CommandFailedException {
        var parameters = new TreeMap<String, String>();
        if (from == null) {
            parameters.put("since", since());
        } else {
            parameters.put("from", Timestamps.toString(time(from)));
        }
        if (to != null) {
            parameters.put("to", Timestamps.toString(time(to)));
        }
        return parameters;
    }

    static Timestamp time(String text) throws CommandFailedException {
        try {
            return Timestamps.parse(text);
        } catch (ParseException e) {
            throw CommandFailedException.unable("time \"" + text + "\" (expected: like 2026-11-21T10:00:00Z)");
        }
    }
}
