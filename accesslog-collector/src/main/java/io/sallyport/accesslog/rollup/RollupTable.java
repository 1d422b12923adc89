package io.sallyport.accesslog.rollup;

import com.datadoghq.sketch.ddsketch.DDSketch;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.sallyport.proto.accesslog.v1.RollupCell;
import io.sallyport.proto.accesslog.v1.RollupPage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import org.jspecify.annotations.Nullable;

/// The values of one attribute in one piece of time. Clients choose some of them (a `Host` of their own for every
/// request), so they are bounded: of what has too many, nothing is kept but that.
final class RollupTable {

    static final int MAX_VALUES = 4_000;

    private static final Comparator<Key> ORDER =
            Comparator.comparing(Key::namespace).thenComparing(Key::value);
    // Nothing that we write begins with it: a page begins with the tag of a cell, or of "overfull".
    private static final byte PACKED = 0;

    private static final int MIN_PACKED = 2_048;

    record Key(String namespace, String value) {

        // The two as a record would add them up meet far too often: names of one kind differ in their last digits.
        @Override
        public int hashCode() {
            return (namespace.hashCode() * 0x9E3779B1) ^ value.hashCode();
        }
    }

    /// One value of one namespace. Many have one duration only, as where rows of a whole day come late: those have no
    /// sketch.
    private static final class Cell {

        private @Nullable DDSketch sketch;
        private int onlyPlace;
        private double onlyWeight;
        private double count;
        private double errors;
        private long first = Long.MAX_VALUE;
        private long last = Long.MIN_VALUE;

        void add(double moreCount, double moreErrors, long from, long to) {
            count += moreCount;
            errors += moreErrors;
            first = Math.min(first, from);
            last = Math.max(last, to);
        }

        void add(int place, double weight) {
            if (sketch == null && (onlyWeight == 0 || onlyPlace == place)) {
                onlyPlace = place;
                onlyWeight += weight;
            } else {
                Sketches.add(held(), place, weight);
            }
        }

        DDSketch held() {
            var known = sketch;
            if (known == null) {
                known = sketch();
                sketch = known;
            }
            return known;
        }

        DDSketch sketch() {
            if (sketch != null) {
                return sketch;
            }
            var made = Sketches.empty();
            if (onlyWeight > 0) {
                Sketches.add(made, onlyPlace, onlyWeight);
            }
            return made;
        }
    }

    /// Sees one cell of a page or a table.
    interface Visitor {
        void cell(Key key, double count, double errors, long first, long last, Sketch sketch);
    }

    /// A sketch that may still be bytes: most are never read.
    sealed interface Sketch {

        record Written(ByteString bytes) implements Sketch {}

        record Held(DDSketch sketch) implements Sketch {}

        default void addTo(DDSketch sum) {
            switch (this) {
                case Written(var bytes) -> Sketches.addAll(sum, bytes);
                case Held(var sketch) -> sum.mergeWith(sketch);
            }
        }
    }

    private final Map<Key, Cell> cells = new HashMap<>();
    private boolean isOverfull;

    void add(String namespace, String value, double weight, double errors, long time, int place) {
        var cell = cell(new Key(namespace, value));
        if (cell != null) {
            cell.add(weight, errors, time, time);
            cell.add(place, weight);
        }
    }

    private @Nullable Cell cell(Key key) {
        if (isOverfull) {
            return null;
        }
        var cell = cells.get(key);
        if (cell == null) {
            if (cells.size() == MAX_VALUES) {
                isOverfull = true;
                cells.clear();
                return null;
            }
            cell = new Cell();
            cells.put(key, cell);
        }
        return cell;
    }

    void addAll(RollupTable other) {
        if (other.isOverfull) {
            isOverfull = true;
            cells.clear();
            return;
        }
        other.forEach(this::merge);
    }

    /// Adds a page of the same attribute.
    void addPage(byte[] page) {
        if (!read(page, this::merge)) {
            isOverfull = true;
            cells.clear();
        }
    }

    private void merge(Key key, double count, double errors, long first, long last, Sketch sketch) {
        var cell = cell(key);
        if (cell != null) {
            cell.add(count, errors, first, last);
            sketch.addTo(cell.held());
        }
    }

    int size() {
        return cells.size();
    }

    boolean isOverfull() {
        return isOverfull;
    }

    void forEach(Visitor visitor) {
        cells.forEach((key, cell) ->
                visitor.cell(key, cell.count, cell.errors, cell.first, cell.last, new Sketch.Held(cell.sketch())));
    }

    /// All of it, in an order of its own; packed where many small pages are kept and few are read.
    byte[] page(boolean isPacked) {
        var page = RollupPage.newBuilder().setOverfull(isOverfull);
        cells.entrySet().stream()
                .sorted(Map.Entry.comparingByKey(ORDER))
                .forEach(entry -> page.addCellsBuilder()
                        .setNamespace(entry.getKey().namespace())
                        .setValue(entry.getKey().value())
                        .setCount(entry.getValue().count)
                        .setErrors(entry.getValue().errors)
                        .setFirst(entry.getValue().first)
                        .setLast(entry.getValue().last)
                        .setSketch(Sketches.bytes(entry.getValue().sketch())));
        var bytes = page.build();
        if (!isPacked || bytes.getSerializedSize() < MIN_PACKED) {
            return bytes.toByteArray();
        }
        var out = new ByteArrayOutputStream();
        out.write(PACKED);
        var deflater = new Deflater(Deflater.BEST_SPEED, true);
        try (var packed = new DeflaterOutputStream(out, deflater)) {
            bytes.writeTo(packed);
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written", e);
        } finally {
            deflater.end();
        }
        return out.toByteArray();
    }

    /// Reads a page; false: it had too many values.
    static boolean read(byte[] page, Visitor visitor) {
        var read = parsed(page);
        for (RollupCell cell : read.getCellsList()) {
            visitor.cell(
                    new Key(cell.getNamespace(), cell.getValue()),
                    cell.getCount(),
                    cell.getErrors(),
                    cell.getFirst(),
                    cell.getLast(),
                    new Sketch.Written(cell.getSketch()));
        }
        return !read.getOverfull();
    }

    private static RollupPage parsed(byte[] page) {
        try {
            if (page.length == 0 || page[0] != PACKED) {
                return RollupPage.parseFrom(page);
            }
            var inflater = new Inflater(true);
            try (var plain = new InflaterInputStream(new ByteArrayInputStream(page, 1, page.length - 1), inflater)) {
                return RollupPage.parseFrom(plain);
            } finally {
                inflater.end();
            }
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException("page of sums (expected: as it was written)", e);
        } catch (IOException e) {
            throw new UncheckedIOException("page of sums cannot be unpacked", e);
        }
    }
}
