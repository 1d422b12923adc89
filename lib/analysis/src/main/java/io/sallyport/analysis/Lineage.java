package io.sallyport.analysis;

import com.google.common.collect.ImmutableList;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/// By which small steps an immutable value came from earlier ones, so that whoever saw one of these learns what differs
/// without comparing both. Earlier values are known by an identity and not by a reference: none is kept alive.
public final class Lineage<K> {

    /// Whoever is further behind compares.
    private static final int STEPS = 256;

    /// A step that changed more than this is remembered until the next one only.
    private static final int SMALL = 256;

    private final Object identity = new Object();
    private final ImmutableList<Step<K>> steps;

    private record Step<K>(Object before, Set<K> changed) {}

    private Lineage(ImmutableList<Step<K>> steps) {
        this.steps = steps;
    }

    /// Of a value that came from nowhere.
    public static <K> Lineage<K> start() {
        return new Lineage<>(ImmutableList.of());
    }

    /// Of the next value, which differs in `changed`. The set must not change any more.
    public Lineage<K> next(Set<K> changed) {
        var recent = ImmutableList.<Step<K>>builder();
        if (changed.size() <= SMALL
                && !steps.isEmpty()
                && steps.getLast().changed().size() <= SMALL) {
            recent.addAll(steps.subList(Math.max(0, steps.size() - STEPS + 1), steps.size()));
        }
        return new Lineage<>(recent.add(new Step<>(identity, changed)).build());
    }

    /// What may differ from an earlier value; empty if the way from there is not remembered.
    public Optional<Set<K>> since(Lineage<K> earlier) {
        if (earlier == this) {
            return Optional.of(Set.of());
        }
        for (int from = steps.size() - 1; from >= 0; from--) {
            if (steps.get(from).before() == earlier.identity) {
                return Optional.of(changedFrom(from));
            }
        }
        return Optional.empty();
    }

    private Set<K> changedFrom(int from) {
        if (from == steps.size() - 1) {
            return steps.getLast().changed();
        }
        var union = new LinkedHashSet<K>();
        steps.subList(from, steps.size()).forEach(step -> union.addAll(step.changed()));
        return union;
    }
}
