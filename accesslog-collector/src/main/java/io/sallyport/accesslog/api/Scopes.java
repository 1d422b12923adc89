package io.sallyport.accesslog.api;

import com.google.common.hash.Hashing;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.query.CelReader;
import io.sallyport.accesslog.query.Condition;
import io.sallyport.accesslog.query.Operand;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.proto.accesslog.v1.Scope;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;

/// Reads the scope of a question: the filter, and the time with what is left out of it filled in.
final class Scopes {

    private static final long MINUTE_MICROS = 60L * 1_000_000;
    private static final long HOUR_MICROS = 3_600L * 1_000_000;

    // The form of a cursor. `1` is that of an older Sallyport, whose cursors end with the offset.
    private static final String TOPIC_LAST = "2";

    private final CelReader reader = new CelReader();
    private final InstantSource clock;

    Scopes(InstantSource clock) {
        this.clock = clock;
    }

    CelReader reader() {
        return reader;
    }

    Selection selection(Scope scope) throws QueryException {
        // The end of the current second: what has just been stored is in.
        var to = scope.hasTo() ? micros(scope.getTo(), "to") : (clock.instant().getEpochSecond() + 1) * 1_000_000;
        var from = scope.hasFrom() ? micros(scope.getFrom(), "from") : to - HOUR_MICROS;
        if (from > to) {
            throw new QueryException("from \"" + Timestamps.toString(scope.getFrom()) + "\" (expected: before to, \""
                    + Timestamps.toString(Timestamps.fromMicros(to)) + "\")");
        }
        return new Selection(condition(scope), from, to, Tenancy.current());
    }

    private Condition condition(Scope scope) throws QueryException {
        var filter = reader.read(scope.getFilter());
        if (!scope.hasRevision()) {
            return filter;
        }
        if (scope.getRevision() < 1) {
            throw new QueryException("revision " + scope.getRevision() + " (expected: 1 or more, or none)");
        }
        return new Condition.All(List.of(filter, ofRevision(scope.getRevision())));
    }

    private static Condition ofRevision(long revision) {
        return new Condition.Compare(
                new Operand.Attribute(Column.named("config.revision")),
                Condition.Comparison.EQUAL,
                new Operand.Literal(revision));
    }

    /// The same where sums by the minute may answer: a time whose ends are left open is one of whole minutes. No row is
    /// left out by that, and none of the future is there.
    Selection wholeMinutes(Scope scope) throws QueryException {
        var found = selection(scope);
        var to = scope.hasTo() ? found.to() : Math.ceilDiv(found.to(), MINUTE_MICROS) * MINUTE_MICROS;
        var from = scope.hasFrom() ? found.from() : Math.floorDiv(found.from(), MINUTE_MICROS) * MINUTE_MICROS;
        return new Selection(found.condition(), from, to, found.namespaces());
    }

    static long micros(Timestamp time) throws QueryException {
        return micros(time, "time");
    }

    private static long micros(Timestamp time, String what) throws QueryException {
        if (!Timestamps.isValid(time)) {
            throw new QueryException(what + " is no time (expected: between the years 1 and 9999)");
        }
        return Timestamps.toMicros(time);
    }

    /// Where a search goes on, in a text that callers hand back.
    ///
    /// @param from of the first page, which later pages keep
    record Page(long from, long to, Questions.Cursor after) {}

    static String cursor(Scope scope, Page page) {
        var text = TOPIC_LAST + "." + hash(scope) + "." + page.from() + "." + page.to() + "."
                + page.after().time() + "." + page.after().partition() + "."
                + page.after().offset() + "." + page.after().topic();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    static Page page(Scope scope, String cursor) throws QueryException {
        try {
            var text = new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.US_ASCII);
            // A topic may have dots of its own.
            var parts = text.split("\\.", 8);
            var isWhole = parts[0].equals(TOPIC_LAST) ? parts.length == 8 : parts[0].equals("1") && parts.length == 7;
            if (isWhole && parts[1].equals(hash(scope))) {
                return new Page(
                        Long.parseLong(parts[2]),
                        Long.parseLong(parts[3]),
                        new Questions.Cursor(
                                Long.parseLong(parts[4]),
                                Integer.parseInt(parts[5]),
                                Long.parseLong(parts[6]),
                                parts.length == 8 ? parts[7] : ""));
            }
        } catch (IllegalArgumentException e) {
            // Fewer words than "not a number": whoever made it up knows.
            throw (QueryException) new QueryException(notOurs()).initCause(e);
        }
        throw new QueryException(notOurs());
    }

    private static String notOurs() {
        return "cursor (expected: one of an answer to the same filter)";
    }

    // A cursor of before is one of no revision.
    private static String hash(Scope scope) {
        var rows = scope.getRevision() == 0 ? scope.getFilter() : scope.getRevision() + "\n" + scope.getFilter();
        return Hashing.farmHashFingerprint64()
                .hashString(rows, StandardCharsets.UTF_8)
                .toString();
    }
}
