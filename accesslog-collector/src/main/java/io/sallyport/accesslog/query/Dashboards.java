package io.sallyport.accesslog.query;

import io.sallyport.accesslog.query.Questions.Bar;
import io.sallyport.accesslog.query.Questions.Group;
import io.sallyport.accesslog.query.Questions.Percentiles;
import io.sallyport.accesslog.rollup.Rollup;
import io.sallyport.accesslog.rollup.RollupAnswer;
import io.sallyport.accesslog.rollup.RollupQuestion;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.LogStore.ReadBounds;
import io.sallyport.accesslog.storage.StoreException;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// Answers the questions of dashboards from the sums that were made as rows came, where these say the same as the rows:
/// no filter, whole minutes, an attribute that is added up. Counts, rates and times are then exactly those of the rows;
/// percentiles are within [io.sallyport.accesslog.rollup.Sketch#RELATIVE_ERROR].
///
/// Whatever is asked otherwise is not answered here, and has to be asked of [Questions].
public final class Dashboards {

    private static final int SECONDS = 20;
    private static final int MAX_BARS = 1_500;
    private static final int CLASSES = 100;
    private static final double MICROS = 1_000_000.0;

    private final LogStore store;

    public Dashboards(LogStore store) {
        this.store = store;
    }

    /// The groups with most rows, and how many rows all groups have.
    public record Top(double total, List<Group> groups) {}

    /// Counts over time.
    ///
    /// @param step microseconds
    public Optional<List<Bar>> histogram(Selection selection, long step)
            throws QueryException, StoreException, BoundExceededException {
        if (step <= 0 || (selection.to() - selection.from()) / step >= MAX_BARS) {
            return Optional.empty();
        }
        return ask(selection, Rollup.CLASS, step, MAX_BARS * CLASSES).map(answer -> {
            var bars = new TreeMap<Long, SortedMap<Long, Double>>();
            for (var group : answer.groups()) {
                bars.computeIfAbsent(group.start(), _ -> new TreeMap<>())
                        .put(Long.parseLong(group.value()), group.count());
            }
            return bars.entrySet().stream()
                    .map(bar -> new Bar(bar.getKey(), bar.getValue()))
                    .toList();
        });
    }

    /// The values of an attribute that most rows have.
    public Optional<Top> top(Selection selection, String attribute, int limit)
            throws QueryException, StoreException, BoundExceededException {
        if (limit < 1 || limit > Questions.MAX_GROUPS) {
            return Optional.empty();
        }
        return ask(selection, attribute, 0, limit)
                .map(answer -> new Top(
                        answer.total(),
                        answer.groups().stream().map(Dashboards::group).toList()));
    }

    private static Group group(RollupAnswer.Group group) {
        var quantiles = group.durations().quantiles(List.of(0.5, 0.99));
        return new Group(
                group.value(),
                group.count(),
                group.errors(),
                quantiles.get(0),
                quantiles.get(1),
                group.first(),
                group.last());
    }

    /// Percentiles of the duration, for all rows or by an attribute.
    public Optional<List<Percentiles>> percentiles(
            Selection selection, String attribute, List<Double> quantiles, Optional<String> by, int limit)
            throws QueryException, StoreException, BoundExceededException {
        var isKnown = attribute.equals("request.duration")
                && limit >= 1
                && limit <= Questions.MAX_GROUPS
                && !quantiles.isEmpty()
                && quantiles.stream().allMatch(quantile -> quantile >= 0 && quantile <= 1);
        if (!isKnown || by.isEmpty()) {
            return Optional.empty();
        }
        return ask(selection, by.get(), 0, limit)
                .map(answer -> answer.groups().stream()
                        .map(group -> new Percentiles(
                                group.value(),
                                group.count(),
                                group.durations().quantiles(quantiles).stream()
                                        .map(micros -> micros / MICROS)
                                        .toList()))
                        .toList());
    }

    private Optional<RollupAnswer> ask(Selection selection, String attribute, long bar, int limit)
            throws QueryException, StoreException, BoundExceededException {
        var checked = selection.checked();
        if (!isEverything(checked.condition())
                || !RollupQuestion.isWhole(checked.from(), checked.to())
                || !RollupQuestion.isWhole(bar, bar)
                || !Rollup.ATTRIBUTES.contains(attribute)) {
            return Optional.empty();
        }
        return store.sums(
                new RollupQuestion(attribute, checked.from(), checked.to(), bar, checked.namespaces(), limit),
                new ReadBounds(limit, SECONDS));
    }

    // `true`, which leaves nothing out either, is how to ask for the rows all the same.
    private static boolean isEverything(Condition condition) {
        return condition instanceof Condition.All(var parts) && parts.isEmpty();
    }
}
