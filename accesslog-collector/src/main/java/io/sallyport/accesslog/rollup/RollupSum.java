package io.sallyport.accesslog.rollup;

import com.google.common.collect.ImmutableList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/// Adds up what a store has to say to one question: pages, and sums that are not pages yet. Not for threads.
public final class RollupSum {

    private record Group(long start, String value, RollupTable.Cell sum) {}

    private final RollupQuestion question;
    // By bar and value; without bars there is one, at 0.
    private final Map<Long, Map<String, RollupTable.Cell>> groups = new HashMap<>();
    private boolean isKnown = true;

    public RollupSum(RollupQuestion question) {
        this.question = question;
    }

    public RollupQuestion question() {
        return question;
    }

    // Bars are counts.
    private boolean hasSketches() {
        return question.bar() == 0;
    }

    /// Adds a page.
    public void add(long start, byte[] page) {
        isKnown &=
                RollupPages.read(page, hasSketches(), (namespace, value, cell) -> add(start, namespace, value, cell));
    }

    /// Adds what lies in a piece of the question's time, of sums that may go on changing afterwards.
    public void add(Rollup sums, Step.Span span) {
        sums.addTo(this, question.attribute(), span.from(), span.to());
    }

    /// Adds a value of those that the question may be about, as a store knows it that sums by itself.
    ///
    /// @param places of [Sketch], and how much weight is at each
    public void add(
            long start, String value, double count, double errors, long first, long last, Map<Integer, Double> places) {
        add(start, value, new RollupTable.Cell(count, errors, first, last, Sketch.of(places)));
    }

    void add(long start, RollupTable table) {
        isKnown &= !table.isOverfull();
        table.forEach((namespace, value, cell) -> add(start, namespace, value, cell));
    }

    private void add(long start, String namespace, String value, RollupTable.Cell cell) {
        if (question.mayShow(namespace)) {
            add(start, value, cell);
        }
    }

    private void add(long start, String value, RollupTable.Cell cell) {
        var bar = question.bar() == 0 ? 0 : Math.floorDiv(start, question.bar()) * question.bar();
        var values = groups.computeIfAbsent(bar, _ -> new HashMap<>());
        var known = values.get(value);
        if (known == null) {
            known = hasSketches() ? cell.copy() : RollupTable.Cell.empty();
            values.put(value, known);
            if (hasSketches()) {
                return;
            }
        }
        known.addAll(cell, hasSketches());
    }

    /// Whether the sums know all there is; if not, the rows have to be asked.
    public boolean isKnown() {
        return isKnown;
    }

    /// The largest groups; with bars all of them, in their order.
    public RollupAnswer answer() {
        var all = groups.entrySet().stream()
                .flatMap(bar -> bar.getValue().entrySet().stream()
                        .map(value -> new Group(bar.getKey(), value.getKey(), value.getValue())))
                .toList();
        Comparator<Group> order = question.bar() == 0
                ? Comparator.comparingDouble(group -> -group.sum().count())
                : Comparator.comparingLong(Group::start);
        return new RollupAnswer(
                all.stream().mapToDouble(group -> group.sum().count()).sum(),
                all.stream()
                        .sorted(order.thenComparing(Group::value))
                        .limit(question.limit())
                        .map(RollupSum::shown)
                        .collect(ImmutableList.toImmutableList()));
    }

    private static RollupAnswer.Group shown(Group group) {
        var sum = group.sum();
        return new RollupAnswer.Group(
                group.start(),
                group.value(),
                sum.count(),
                sum.errors(),
                sum.first(),
                sum.last(),
                new RollupAnswer.Durations(sum.sketch()));
    }
}
