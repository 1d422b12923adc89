package io.sallyport.accesslog.rollup;

import com.google.common.collect.ImmutableSortedMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The values of one attribute in one piece of time. Clients choose some of them (a `Host` of their own for every
/// request), so they are bounded: of what has too many, nothing is kept but that.
final class RollupTable {

    static final int MAX_VALUES = 4_000;

    /// Of a row whose duration is not to be kept.
    static final int NO_PLACE = Sketch.NONE - 1;

    /// What is known of some rows together, but for how long they took.
    static class Sums {

        private double count;
        private double errors;
        private long first;
        private long last;

        Sums(double count, double errors, long first, long last) {
            this.count = count;
            this.errors = errors;
            this.first = first;
            this.last = last;
        }

        /// Of no rows.
        Sums() {
            this(0, 0, Long.MAX_VALUE, Long.MIN_VALUE);
        }

        double count() {
            return count;
        }

        double errors() {
            return errors;
        }

        long first() {
            return first;
        }

        long last() {
            return last;
        }

        void add(double moreCount, double moreErrors, long from, long to) {
            count += moreCount;
            errors += moreErrors;
            first = Math.min(first, from);
            last = Math.max(last, to);
        }

        void addAll(Sums other) {
            add(other.count, other.errors, other.first, other.last);
        }
    }

    /// One value of one namespace.
    static final class Cell extends Sums {

        private final Sketch sketch = new Sketch();

        Sketch sketch() {
            return sketch;
        }
    }

    /// Sees one cell of a page or a table. The sums are not the visitor's to keep, and of the spread no more than
    /// [Spread#kept].
    interface Visitor {
        void cell(String namespace, String value, Sums sums, Spread spread);
    }

    private final Map<String, Map<String, Cell>> cells = new HashMap<>();
    private int size;
    private boolean isOverfull;

    void add(String namespace, String value, double weight, double errors, long time, int place) {
        var cell = cell(namespace, value);
        if (cell != null) {
            cell.add(weight, errors, time, time);
            if (place != NO_PLACE) {
                cell.sketch.add(place, weight);
            }
        }
    }

    private @Nullable Cell cell(String namespace, String value) {
        if (isOverfull) {
            return null;
        }
        var values = cells.computeIfAbsent(namespace, _ -> new HashMap<>());
        var cell = values.get(value);
        if (cell == null) {
            if (size == MAX_VALUES) {
                overfull();
                return null;
            }
            cell = new Cell();
            values.put(value, cell);
            size++;
        }
        return cell;
    }

    private void overfull() {
        isOverfull = true;
        cells.clear();
        size = 0;
    }

    void addAll(RollupTable other) {
        if (other.isOverfull) {
            overfull();
            return;
        }
        other.forEach(this::merge);
    }

    /// Adds a page of the same attribute.
    void addPage(byte[] page) {
        if (!RollupPages.read(page, this::merge)) {
            overfull();
        }
    }

    private void merge(String namespace, String value, Sums more, Spread spread) {
        var cell = cell(namespace, value);
        if (cell != null) {
            cell.addAll(more);
            cell.sketch.addAll(spread.sketch());
        }
    }

    int size() {
        return size;
    }

    boolean isOverfull() {
        return isOverfull;
    }

    void forEach(Visitor visitor) {
        cells.forEach((namespace, values) ->
                values.forEach((value, cell) -> visitor.cell(namespace, value, cell, cell.sketch)));
    }

    List<String> namespaces() {
        return cells.keySet().stream().sorted().toList();
    }

    /// By value, in their order.
    ImmutableSortedMap<String, Cell> cells(String namespace) {
        return ImmutableSortedMap.copyOf(cells.getOrDefault(namespace, Map.of()));
    }

    /// The time of the first row; 0 without rows.
    long earliest() {
        return cells.values().stream()
                .flatMap(values -> values.values().stream())
                .mapToLong(Cell::first)
                .min()
                .orElse(0);
    }
}
