package io.sallyport.accesslog.rollup;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Adds up what a store has to say to one question: pages, and sums that are not pages yet. Not for threads.
///
/// Sketches are most of what there is, so only those of the groups that are shown are looked at, and last.
public final class RollupSum {

    private static final int FEW = 4;

    private static final class Group extends RollupTable.Sums {

        private final long start;
        private final String value;
        private final List<Spread> spreads = new ArrayList<>(FEW);

        Group(long start, String value) {
            this.start = start;
            this.value = value;
        }

        private void add(RollupTable.Sums sums, Spread spread, boolean isShown) {
            addAll(sums);
            if (isShown) {
                spreads.add(spread.kept());
            }
        }
    }

    private final RollupQuestion question;
    // By bar and value; without bars there is one, at 0.
    private final Map<Long, Map<String, Group>> groups = new HashMap<>();
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

    /// Adds a page, which must not change any more.
    public void add(long start, byte[] page) {
        isKnown &= RollupPages.read(page, at(start));
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
        var bar = bar(start);
        group(bar, values(bar), value)
                .add(new RollupTable.Sums(count, errors, first, last), Sketch.of(places), hasSketches());
    }

    void add(long start, RollupTable table) {
        isKnown &= !table.isOverfull();
        table.forEach(at(start));
    }

    // Takes the cells of a piece of time.
    private RollupTable.Visitor at(long start) {
        var bar = bar(start);
        var values = values(bar);
        var isShown = hasSketches();
        return (namespace, value, sums, spread) -> {
            if (question.mayShow(namespace)) {
                group(bar, values, value).add(sums, spread, isShown);
            }
        };
    }

    private long bar(long start) {
        return question.bar() == 0 ? 0 : Math.floorDiv(start, question.bar()) * question.bar();
    }

    private Map<String, Group> values(long bar) {
        return groups.computeIfAbsent(bar, _ -> new HashMap<>());
    }

    private static Group group(long bar, Map<String, Group> values, String value) {
        return values.computeIfAbsent(value, _ -> new Group(bar, value));
    }

    /// Whether the sums know all there is; if not, the rows have to be asked.
    public boolean isKnown() {
        return isKnown;
    }

    /// The largest groups; with bars all of them, in their order.
    public RollupAnswer answer() {
        var all = new ArrayList<Group>();
        groups.values().forEach(values -> all.addAll(values.values()));
        Comparator<Group> order = question.bar() == 0
                ? Comparator.comparingDouble(group -> -group.count())
                : Comparator.comparingLong(group -> group.start);
        all.sort(order.thenComparing(group -> group.value));
        var sum = new SketchSum();
        return new RollupAnswer(
                all.stream().mapToDouble(Group::count).sum(),
                all.stream()
                        .limit(question.limit())
                        .map(group -> shown(group, sum))
                        .collect(ImmutableList.toImmutableList()));
    }

    private static RollupAnswer.Group shown(Group group, SketchSum sum) {
        return new RollupAnswer.Group(
                group.start,
                group.value,
                group.count(),
                group.errors(),
                group.first(),
                group.last(),
                new RollupAnswer.Durations(sum.of(group.spreads)));
    }
}
