package io.sallyport.cli.log;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Moments;
import io.sallyport.proto.accesslog.v1.CompareRequest;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import io.sallyport.proto.accesslog.v1.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.regex.Pattern;

/// What `--compare` sets side by side.
sealed interface Comparison {

    Pattern REVISIONS = Pattern.compile("r?(\\d{1,18}),r?(\\d{1,18})");

    /// `41,42`: what two revisions decided in the time that is asked for.
    record Revisions(long before, long after) implements Comparison {}

    /// `1d`: the time that is asked for, and the same a day before.
    record Earlier(Duration by) implements Comparison {}

    /// `2026-11-21T10:00:00Z/2026-11-21T11:00:00Z`: this time, and the one that is asked for.
    record Range(Timestamp from, Timestamp to) implements Comparison {}

    static Comparison of(String text) throws CommandFailedException {
        var revisions = REVISIONS.matcher(text);
        if (revisions.matches()) {
            return new Revisions(Long.parseLong(revisions.group(1)), Long.parseLong(revisions.group(2)));
        }
        var slash = text.indexOf('/');
        if (slash >= 0) {
            return new Range(TimeRange.time(text.substring(0, slash)), TimeRange.time(text.substring(slash + 1)));
        }
        if (!text.matches("\\d+[a-z]+")) {
            throw CommandFailedException.unable("--compare \"" + text
                    + "\" (expected: two revisions, like 41,42; how long before, like 1d; or another time, FROM/TO)");
        }
        return new Earlier(Moments.duration(text));
    }

    /// The question, about a scope with both its ends.
    default CompareRequest.Builder asked(Scope scope) {
        return switch (this) {
            case Revisions(var before, var after) ->
                CompareRequest.newBuilder()
                        .setBefore(scope.toBuilder().setRevision(before))
                        .setAfter(scope.toBuilder().setRevision(after));
            case Earlier(var by) ->
                CompareRequest.newBuilder()
                        .setBefore(scope.toBuilder()
                                .setFrom(minus(scope.getFrom(), by))
                                .setTo(minus(scope.getTo(), by)))
                        .setAfter(scope);
            case Range(var from, var to) ->
                CompareRequest.newBuilder()
                        .setBefore(scope.toBuilder().setFrom(from).setTo(to))
                        .setAfter(scope);
        };
    }

    private static Timestamp minus(Timestamp time, Duration by) {
        return Timestamps.fromMillis(Timestamps.toMillis(time) - by.toMillis());
    }

    /// What there is to say beside an answer: the sides, how complete each is, and which has no rows.
    static String[] beside(CompareRequest question, CompareResponse answer) {
        var before = side(question.getBefore());
        var after = side(question.getAfter());
        var said = new ArrayList<String>();
        said.add(before + " -> " + after);
        var first = Coverages.written(answer.getBeforeCoverage());
        var second = Coverages.written(answer.getAfterCoverage());
        if (question.getBefore().hasRevision()) {
            said.add(second);
        } else {
            said.add("before: " + first);
            said.add("after: " + second);
        }
        if (answer.getBefore().getCount() == 0) {
            said.add("no request of " + before + " (expected: a longer time, or another side; see --by revision)");
        }
        if (answer.getAfter().getCount() == 0) {
            said.add("no request of " + after + " (expected: a longer time, or another side; see --by revision)");
        }
        return said.toArray(String[]::new);
    }

    // `revision 41`, or its time.
    private static String side(Scope scope) {
        return scope.hasRevision()
                ? "revision " + scope.getRevision()
                : Timestamps.toString(scope.getFrom()) + " to " + Timestamps.toString(scope.getTo());
    }
}
