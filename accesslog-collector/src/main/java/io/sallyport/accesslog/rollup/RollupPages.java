package io.sallyport.accesslog.rollup;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;

/// How a table of sums is written. First everything but the sketches, then those, so that who counts only reads half:
///
/// - a byte for the form, one for whether there were too many values, the length of what comes before the sketches;
/// - the earliest time, the namespaces, how many cells;
/// - for each cell the place of its namespace, its value as what differs from the one before, and its sums;
/// - for each cell its sketch: how many places, and for each the distance from the one before and the weight.
///
/// Numbers take as many bytes as they need, in protocol buffers' manner: cells of a minute have few rows, and this way
/// they take as little as they did when they were packed.
final class RollupPages {

    private static final int FORM = 1;
    // Where the length of the first part ends.
    private static final int HEAD = 6;
    private static final double EXACT = 1L << 52;

    private RollupPages() {}

    static byte[] written(RollupTable table) {
        var namespaces = table.namespaces();
        var counts = new ByteArrayOutputStream(4_096);
        var sketches = new ByteArrayOutputStream(4_096);
        try {
            var out = CodedOutputStream.newInstance(counts);
            var behind = CodedOutputStream.newInstance(sketches);
            var earliest = table.earliest();
            out.writeSFixed64NoTag(earliest);
            out.writeUInt32NoTag(namespaces.size());
            for (var namespace : namespaces) {
                out.writeStringNoTag(namespace);
            }
            out.writeUInt32NoTag(table.size());
            var before = new byte[0];
            for (var place = 0; place < namespaces.size(); place++) {
                for (var cell : table.cells(namespaces.get(place)).entrySet()) {
                    out.writeUInt32NoTag(place);
                    before = value(out, before, cell.getKey());
                    sums(out, cell.getValue(), earliest);
                    sketch(behind, cell.getValue().sketch());
                }
            }
            out.flush();
            behind.flush();
            return joined(table.isOverfull(), counts, sketches);
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written", e);
        }
    }

    private static byte[] joined(boolean isOverfull, ByteArrayOutputStream counts, ByteArrayOutputStream sketches)
            throws IOException {
        var page = new ByteArrayOutputStream(HEAD + counts.size() + sketches.size());
        page.write(FORM);
        page.write(isOverfull ? 1 : 0);
        var head = CodedOutputStream.newInstance(page);
        head.writeFixed32NoTag(counts.size());
        head.flush();
        counts.writeTo(page);
        sketches.writeTo(page);
        return page.toByteArray();
    }

    private static byte[] value(CodedOutputStream out, byte[] before, String value) throws IOException {
        var bytes = value.getBytes(StandardCharsets.UTF_8);
        var mismatch = Arrays.mismatch(before, bytes);
        var shared = mismatch < 0 ? bytes.length : mismatch;
        out.writeUInt32NoTag(shared);
        out.writeUInt32NoTag(bytes.length - shared);
        out.write(bytes, shared, bytes.length - shared);
        return bytes;
    }

    private static void sums(CodedOutputStream out, RollupTable.Cell cell, long earliest) throws IOException {
        number(out, cell.count());
        number(out, cell.errors());
        out.writeUInt64NoTag(cell.first() - earliest);
        out.writeUInt64NoTag(cell.last() - cell.first());
    }

    private static void sketch(CodedOutputStream out, Sketch sketch) throws IOException {
        out.writeUInt32NoTag(sketch.size());
        var before = Sketch.NONE;
        for (var i = 0; i < sketch.size(); i++) {
            out.writeUInt32NoTag(sketch.placeAt(i) - before);
            before = sketch.placeAt(i);
            number(out, sketch.weightAt(i));
        }
    }

    // Weights are whole, but for those that somebody's sampling made.
    private static void number(CodedOutputStream out, double number) throws IOException {
        if (number >= 0 && number < EXACT && number == Math.rint(number)) {
            out.writeUInt64NoTag((long) number << 1);
        } else {
            out.writeUInt64NoTag(1);
            out.writeDoubleNoTag(number);
        }
    }

    private static double number(CodedInputStream in) throws IOException {
        var number = in.readRawVarint64();
        return (number & 1) == 0 ? number >>> 1 : in.readDouble();
    }

    /// Reads a page; false: it had too many values.
    ///
    /// @param hasSketches whether they are wanted; if not, all are empty
    static boolean read(byte[] page, boolean hasSketches, RollupTable.Visitor visitor) {
        if (page.length < HEAD || page[0] != FORM) {
            throw new IllegalStateException("page of sums (expected: as it was written)");
        }
        try {
            var length = CodedInputStream.newInstance(page, 2, HEAD - 2).readFixed32();
            var in = CodedInputStream.newInstance(page, HEAD, length);
            var behind = CodedInputStream.newInstance(page, HEAD + length, page.length - HEAD - length);
            var earliest = in.readSFixed64();
            var namespaces = new ArrayList<String>();
            for (var left = in.readUInt32(); left > 0; left--) {
                namespaces.add(in.readString());
            }
            var value = new byte[0];
            for (var left = in.readUInt32(); left > 0; left--) {
                var namespace = namespaces.get(in.readUInt32());
                value = value(in, value);
                var count = number(in);
                var errors = number(in);
                var first = earliest + in.readRawVarint64();
                var last = first + in.readRawVarint64();
                var sketch = new Sketch();
                if (hasSketches) {
                    sketch(behind, sketch);
                }
                visitor.cell(
                        namespace,
                        new String(value, StandardCharsets.UTF_8),
                        new RollupTable.Cell(count, errors, first, last, sketch));
            }
            return page[1] == 0;
        } catch (IOException e) {
            throw new UncheckedIOException("page of sums (expected: as it was written)", e);
        }
    }

    private static byte[] value(CodedInputStream in, byte[] before) throws IOException {
        var shared = in.readUInt32();
        var rest = in.readRawBytes(in.readUInt32());
        var value = Arrays.copyOf(before, shared + rest.length);
        System.arraycopy(rest, 0, value, shared, rest.length);
        return value;
    }

    private static void sketch(CodedInputStream in, Sketch sketch) throws IOException {
        var place = Sketch.NONE;
        for (var left = in.readUInt32(); left > 0; left--) {
            place += in.readUInt32();
            sketch.add(place, number(in));
        }
    }
}
