package io.sallyport.accesslog.rollup;

import java.util.ArrayList;
import java.util.List;

/// How long the pieces of time are for which sums are kept.
public enum Step {
    MINUTE(60_000_000L),
    HOUR(3_600_000_000L),
    /// So that a day which begins in the middle of an hour is made of some ten pieces, not of thirty.
    SIX_HOURS(21_600_000_000L),
    DAY(86_400_000_000L);

    private final long micros;

    Step(long micros) {
        this.micros = micros;
    }

    public long micros() {
        return micros;
    }

    /// Where the piece begins that a time lies in.
    public long start(long time) {
        return Math.floorDiv(time, micros) * micros;
    }

    /// The next shorter one, of which this is made; a minute's is a minute.
    Step shorter() {
        return switch (this) {
            case MINUTE, HOUR -> MINUTE;
            case SIX_HOURS -> HOUR;
            case DAY -> SIX_HOURS;
        };
    }

    boolean isStart(long time) {
        return Math.floorMod(time, micros) == 0;
    }

    /// A run of whole pieces.
    ///
    /// @param from microseconds since 1970, inclusive
    /// @param to exclusive
    public record Span(Step step, long from, long to) {}

    /// The fewest pieces that make up a time of whole minutes, none longer than `longest`: an hour and a half from ten
    /// to eleven on is thirty minutes, one hour.
    public static List<Span> cover(long from, long to, Step longest) {
        var spans = new ArrayList<Span>();
        cover(from, to, longest, spans);
        return spans;
    }

    private static void cover(long from, long to, Step step, List<Span> spans) {
        if (from >= to) {
            return;
        }
        if (step == MINUTE) {
            spans.add(new Span(MINUTE, from, to));
            return;
        }
        var shorter = step.shorter();
        var first = step.start(from + step.micros - 1);
        var last = step.start(to);
        if (first >= last) {
            cover(from, to, shorter, spans);
            return;
        }
        cover(from, first, shorter, spans);
        spans.add(new Span(step, first, last));
        cover(last, to, shorter, spans);
    }
}
