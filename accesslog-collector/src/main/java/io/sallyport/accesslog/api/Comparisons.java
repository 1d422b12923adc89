package io.sallyport.accesslog.api;

import com.google.common.collect.Sets;
import com.google.protobuf.util.Durations;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Puts two sets of rows side by side, group by group; what got worse comes first.
final class Comparisons {

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

    CompareResponse.Builder compare(Selection before, Selection after, String by, int limit)
            throws QueryException, StoreException, BoundExceededException {
        if (limit < 1 || limit > Questions.MAX_GROUPS) {
            throw new QueryException("limit " + limit + " (expected: 1 to " + Questions.MAX_GROUPS + ")");
        }
        var left = groups(before, by);
        var right = groups(after, by);
        var ofLeft = List.copyOf(left.keySet());
        addMissing(left, before, by, right.keySet());
        addMissing(right, after, by, ofLeft);
        var pairs = new TreeMap<String, Pair>();
        for (var value : Sets.union(left.keySet(), right.keySet())) {
            pairs.put(value, new Pair(left.getOrDefault(value, none(value)), right.getOrDefault(value, none(value))));
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
        return response;
    }

    private Map<String, Questions.Group> groups(Selection selection, String by)
            throws QueryException, StoreException, BoundExceededException {
        var found = new LinkedHashMap<String, Questions.Group>();
        questions.top(selection, by, Questions.MAX_GROUPS).forEach(group -> found.put(group.value(), group));
        return found;
    }

    // A group that is not among those with most rows here may have some all the same.
    private void addMissing(
            Map<String, Questions.Group> found, Selection selection, String by, Collection<String> ofOther)
            throws QueryException, StoreException, BoundExceededException {
        if (found.size() < Questions.MAX_GROUPS) {
            return;
        }
        var missing =
                ofOther.stream().filter(value -> !found.containsKey(value)).toList();
        if (!missing.isEmpty()) {
            groups(questions.narrowed(selection, by, missing), by).forEach(found::putIfAbsent);
        }
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
