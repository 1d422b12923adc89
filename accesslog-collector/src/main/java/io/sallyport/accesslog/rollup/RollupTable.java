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

    /// One value of one namespace.
    static final class Cell {

        private final Sketch sketch;
        private double count;
        private double errors;
        private long first;
        private long last;

        Cell(double count, double errors, long first, long last, Sketch sketch) {
            this.count = count;
            this.errors = errors;
            this.first = first;
            this.last = last;
            this.sketch = sketch;
        }

        static Cell empty() {
            return new Cell(0, 0, Long.MAX_VALUE, Long.MIN_VALUE, new Sketch());
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

        Sketch sketch() {
            return sketch;
        }

        private void add(double weight, double moreErrors, long time, int place) {
            addSums(weight, moreErrors, time, time);
            if (place != NO_PLACE) {
                sketch.add(place, weight);
            }
        }

        void addAll(Cell other, boolean withSketch) {
            addSums(other.count, other.errors, other.first, other.last);
            if (withSketch) {
                sketch.addAll(other.sketch);
            }
        }

        private void addSums(double moreCount, double moreErrors, long from, long to) {
            count += moreCount;
            errors += moreErrors;
            first = Math.min(first, from);
            last = Math.max(last, to);
        }

        Cell copy() {
            return new Cell(count, errors, first, last, sketch.copy());
        }
    }

    /// Sees one cell of a page or a table, which is not the visitor's to keep.
    interface Visitor {
        void cell(String namespace, String value, Cell cell);
    }

    private final Map<String, Map<String, Cell>> cells = new HashMap<>();
    private int size;
    private boolean isOverfull;

    void add(String namespace, String value, double weight, double errors, long time, int place) {
        var cell = cell(namespace, value);
        if (cell != null) {
            cell.add(weight, errors, time, place);
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
            cell = Cell.empty();
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
        if (!RollupPages.read(page, true, this::merge)) {
            overfull();
        }
    }

    private void merge(String namespace, String value, Cell more) {
        var cell = cell(namespace, value);
        if (cell != null) {
            cell.addAll(more, true);
        }
    }

    int size() {
        return size;
    }

    boolean isOverfull() {
        return isOverfull;
    }

    void forEach(Visitor visitor) {
        cells.forEach((namespace, values) -> values.forEach((value, cell) -> visitor.cell(namespace, value, cell)));
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
