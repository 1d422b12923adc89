package io.sallyport.accesslog.api;

import com.google.protobuf.util.Durations;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/// Puts two sets of rows side by side, group by group; what got worse comes first.
final class Comparisons {

    private static final int MAX_GROUPS = 1_000;

    private record Pair(Questions.Group before, Questions.Group after) {

        double change() {
            return Math.abs(after.errorRate() - before.errorRate());
        }

        double rows() {
            return before.count() + after.count();
        }
    }

    private final Questions questions;

    Comparisons(Questions questions) {
        this.questions = questions;
    }

    CompareResponse compare(Selection before, Selection after, String by, int limit)
            throws QueryException, StoreException, BoundExceededException {
        if (limit < 1 || limit > MAX_GROUPS) {
            throw new QueryException("limit " + limit + " (expected: 1 to " + MAX_GROUPS + ")");
        }
        var pairs = new TreeMap<String, Pair>();
        for (var group : questions.top(before, by, MAX_GROUPS)) {
            pairs.put(group.value(), new Pair(group, none(group.value())));
        }
        for (var group : questions.top(after, by, MAX_GROUPS)) {
            var pair = pairs.getOrDefault(group.value(), new Pair(none(group.value()), group));
            pairs.put(group.value(), new Pair(pair.before(), group));
        }
        List<Pair> sorted = new ArrayList<>(pairs.values());
        sorted.sort(Comparator.comparingDouble(Pair::change)
                .thenComparingDouble(Pair::rows)
                .reversed());
        var response = CompareResponse.newBuilder()
                .setBefore(side(questions.total(before)))
                .setAfter(side(questions.total(after)));
        for (var pair : sorted.subList(0, Math.min(limit, sorted.size()))) {
            response.addLinesBuilder()
                    .setValue(pair.after().value())
                    .setBefore(side(pair.before()))
                    .setAfter(side(pair.after()));
        }
        return response.build();
    }

    private static Questions.Group none(String value) {
        return new Questions.Group(value, 0, 0, 0, 0, 0, 0);
    }

    private static CompareResponse.Side side(Questions.Group group) {
        return CompareResponse.Side.newBuilder()
                .setCount(group.count())
                .setErrorRate(group.errorRate())
                .setP50(Durations.fromMicros(Math.round(group.p50())))
                .setP99(Durations.fromMicros(Math.round(group.p99())))
                .build();
    }
}
