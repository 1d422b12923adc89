package io.sallyport.accesslog.rollup;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Adds up what a store has to say to one question: pages, and sums that are not pages yet. Not for threads.
public final class RollupSum {

    private record GroupKey(long start, String value) {}

    private static final class Group {

        private final List<RollupTable.Sketch> sketches = new ArrayList<>(1);
        private double count;
        private double errors;
        private long first = Long.MAX_VALUE;
        private long last = Long.MIN_VALUE;
    }

    private final RollupQuestion question;
    private final Map<GroupKey, Group> groups = new HashMap<>();
    private boolean isKnown = true;

    public RollupSum(RollupQuestion question) {
        this.question = question;
    }

    public RollupQuestion question() {
        return question;
    }

    /// Adds a page.
    public void add(long start, byte[] page) {
        isKnown &= RollupTable.read(
                page, (key, count, errors, first, last, sketch) -> add(start, key, count, errors, first, last, sketch));
    }

    /// Adds what lies in a piece of the question's time, of sums that may go on changing afterwards.
    public void add(Rollup sums, Step.Span span) {
        sums.addTo(this, question.attribute(), span.from(), span.to());
    }

    /// Adds a value of those that the question may be about, as a store knows it that sums by itself.
    ///
    /// @param places of [Sketches], and how much weight is at each
    public void add(
            long start, String value, double count, double errors, long first, long last, Map<Integer, Double> places) {
        var sketch = Sketches.empty();
        places.forEach((place, weight) -> Sketches.add(sketch, place, weight));
        add(start, value, count, errors, first, last, new RollupTable.Sketch.Held(sketch));
    }

    void add(long start, RollupTable table) {
        isKnown &= !table.isOverfull();
        table.forEach((key, count, errors, first, last, sketch) ->
                add(start, key, count, errors, first, last, copied(sketch)));
    }

    private RollupTable.Sketch copied(RollupTable.Sketch sketch) {
        return switch (sketch) {
            case RollupTable.Sketch.Held(var held) when question.bar() == 0 -> new RollupTable.Sketch.Held(held.copy());
            case RollupTable.Sketch other -> other;
        };
    }

    private void add(
            long start,
            RollupTable.Key key,
            double count,
            double errors,
            long first,
            long last,
            RollupTable.Sketch sketch) {
        if (question.mayShow(key.namespace())) {
            add(start, key.value(), count, errors, first, last, sketch);
        }
    }

    private void add(
            long start, String value, double count, double errors, long first, long last, RollupTable.Sketch sketch) {
        var bar = question.bar() == 0 ? 0 : Math.floorDiv(start, question.bar()) * question.bar();
        var group = groups.computeIfAbsent(new GroupKey(bar, value), _ -> new Group());
        group.count += count;
        group.errors += errors;
        group.first = Math.min(group.first, first);
        group.last = Math.max(group.last, last);
        if (question.bar() == 0) {
            group.sketches.add(sketch);
        }
    }

    /// Whether the sums know all there is; if not, the rows have to be asked.
    public boolean isKnown() {
        return isKnown;
    }

    /// The largest groups; with bars all of them, in their order.
    public RollupAnswer answer() {
        var total = groups.values().stream().mapToDouble(group -> group.count).sum();
        Comparator<Map.Entry<GroupKey, Group>> order = question.bar() == 0
                ? Comparator.<Map.Entry<GroupKey, Group>>comparingDouble(entry -> -entry.getValue().count)
                : Comparator.comparingLong(entry -> entry.getKey().start());
        return new RollupAnswer(
                total,
                groups.entrySet().stream()
                        .sorted(order.thenComparing(entry -> entry.getKey().value()))
                        .limit(question.limit())
                        .map(RollupSum::shown)
                        .collect(ImmutableList.toImmutableList()));
    }

    private static RollupAnswer.Group shown(Map.Entry<GroupKey, Group> entry) {
        var group = entry.getValue();
        return new RollupAnswer.Group(
                entry.getKey().start(),
                entry.getKey().value(),
                group.count,
                group.errors,
                group.first,
                group.last,
                new RollupAnswer.Durations(sketch(group.sketches)));
    }

    private static DDSketch sketch(List<RollupTable.Sketch> sketches) {
        var sum = Sketches.empty();
        sketches.forEach(sketch -> sketch.addTo(sum));
        return sum;
    }
}
