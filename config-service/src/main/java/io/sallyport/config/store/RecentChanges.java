package io.sallyport.config.store;

import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import org.pcollections.ConsPStack;
import org.pcollections.PStack;

/// Which objects the latest revisions touched: what a watcher needs that was away for a moment.
/// Bounded by revisions and by names; who was away for longer gets a snapshot.
final class RecentChanges {

    static final RecentChanges NONE = new RecentChanges(0, 0, ConsPStack.empty());

    private static final int MAX_REVISIONS = 4_000;
    private static final int MAX_NAMES = 40_000;

    // Newest first. `floor` is the revision before the oldest entry: resuming from there is possible.
    private final long floor;
    private final int names;
    private final PStack<Entry> entries;

    private record Entry(long number, List<ObjectRef> refs) {}

    private RecentChanges(long floor, int names, PStack<Entry> entries) {
        this.floor = floor;
        this.names = names;
        this.entries = entries;
    }

    static RecentChanges of(long head, SortedMap<Long, List<ObjectRef>> touched) {
        if (touched.isEmpty()) {
            return new RecentChanges(head, 0, ConsPStack.empty());
        }
        var recent = new RecentChanges(touched.firstKey() - 1, 0, ConsPStack.empty());
        for (var entry : touched.entrySet()) {
            recent = recent.plus(entry.getKey(), entry.getValue());
        }
        return recent;
    }

    RecentChanges plus(long number, List<ObjectRef> refs) {
        var next = entries.plus(new Entry(number, refs));
        int nextNames = names + refs.size();
        return next.size() > MAX_REVISIONS || nextNames > MAX_NAMES
                ? trimmed(next)
                : new RecentChanges(floor, nextNames, next);
    }

    // Keeps the newer half, so that trimming is rare.
    private static RecentChanges trimmed(PStack<Entry> entries) {
        int kept = 0;
        int keptNames = 0;
        for (var entry : entries) {
            if (kept >= MAX_REVISIONS / 2 || keptNames + entry.refs().size() > MAX_NAMES / 2) {
                break;
            }
            kept++;
            keptNames += entry.refs().size();
        }
        long floor = entries.get(kept).number();
        return new RecentChanges(floor, keptNames, ConsPStack.from(entries.subList(0, kept)));
    }

    /// The objects that revisions after `from` touched; empty if that is not known any more.
    Optional<SortedSet<ObjectRef>> since(long from) {
        if (from < floor) {
            return Optional.empty();
        }
        var refs = new TreeSet<ObjectRef>();
        for (var entry : entries) {
            if (entry.number() <= from) {
                break;
            }
            refs.addAll(entry.refs());
        }
        return Optional.of(refs);
    }
}
