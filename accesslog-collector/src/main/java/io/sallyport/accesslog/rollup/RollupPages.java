package io.sallyport.accesslog.rollup;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How a table of sums is written. First everything but the sketches, then those, so that who counts only reads half:
///
/// - a byte for the form, one for whether there were too many values, the length of what comes before the sketches;
/// - the earliest time, the namespaces, how many cells;
/// - for each cell the place of its namespace, its value as what differs from the one before, its sums, and how many
///   bytes its sketch has;
/// - for each cell its sketch: for each place the distance from the one before and the weight.
///
/// Numbers take as many bytes as they need, in protocol buffers' manner: cells of a minute have few rows, and this way
/// they take as little as they did when they were packed. The length of a sketch is where a question can pass it over
/// that shows other cells.
final class RollupPages {

    private static final int FORM = 2;
    // Where the length of the first part ends.
    private static final int HEAD = 6;
    private static final double EXACT = 1L << 52;
    private static final byte[] NO_TEXT = {};
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

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
                    var from = behind.getTotalBytesWritten();
                    sketch(behind, cell.getValue().sketch());
                    out.writeUInt32NoTag(behind.getTotalBytesWritten() - from);
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

    private static void sums(CodedOutputStream out, RollupTable.Sums cell, long earliest) throws IOException {
        number(out, cell.count());
        number(out, cell.errors());
        out.writeUInt64NoTag(cell.first() - earliest);
        out.writeUInt64NoTag(cell.last() - cell.first());
    }

    private static void sketch(CodedOutputStream out, Sketch sketch) throws IOException {
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

    /// Reads a page, but for its sketches, which the visitor may keep; false: it had too many values.
    static boolean read(byte[] page, RollupTable.Visitor visitor) {
        if (page.length < HEAD || page[0] != FORM) {
            throw damaged(null);
        }
        try {
            var in = new Reader(page, 2);
            var sketch = HEAD + in.fixed32();
            var earliest = in.fixed64();
            var namespaces = new String[in.length()];
            for (var i = 0; i < namespaces.length; i++) {
                namespaces[i] = in.text(0, in.length());
            }
            for (var left = in.length(); left > 0; left--) {
                var namespace = namespaces[in.length()];
                var value = in.text(in.length(), in.length());
                var count = in.number();
                var errors = in.number();
                var first = earliest + in.varint();
                var sums = new RollupTable.Sums(count, errors, first, first + in.varint());
                var length = in.length();
                visitor.cell(namespace, value, sums, new Written(page, sketch, sketch + length));
                sketch += length;
            }
            return page[1] == 0;
        } catch (IndexOutOfBoundsException e) {
            throw damaged(e);
        }
    }

    private static IllegalStateException damaged(@Nullable IndexOutOfBoundsException cause) {
        return new IllegalStateException("page of sums (expected: as it was written)", cause);
    }

    /// A sketch as it lies in a page.
    private static final class Written implements Spread {

        private final byte[] page;
        private final int from;
        private final int to;

        Written(byte[] page, int from, int to) {
            this.page = page;
            this.from = from;
            this.to = to;
        }

        @Override
        public int addTo(double[] weights) {
            try {
                var in = new Reader(page, from);
                var place = Sketch.NONE;
                while (in.at < to) {
                    place += in.length();
                    weights[place - Sketch.NONE] += in.number();
                }
                return from == to ? 0 : place - Sketch.NONE + 1;
            } catch (IndexOutOfBoundsException e) {
                throw damaged(e);
            }
        }

        @Override
        public Sketch sketch() {
            try {
                var in = new Reader(page, from);
                // A place and its weight have two bytes at least.
                var sketch = new Sketch((to - from) / 2);
                var place = Sketch.NONE;
                while (in.at < to) {
                    place += in.length();
                    sketch.append(place, in.number());
                }
                return sketch;
            } catch (IndexOutOfBoundsException e) {
                throw damaged(e);
            }
        }

        // Nobody writes into a page.
        @Override
        public Spread kept() {
            return this;
        }
    }

    /// Reads the bytes of a page, most of them one number each: a library's reader asks at each whether it may.
    private static final class Reader {

        private final byte[] bytes;
        private int at;
        private byte[] text = NO_TEXT;

        Reader(byte[] bytes, int at) {
            this.bytes = bytes;
            this.at = at;
        }

        long varint() {
            long first = bytes[at++];
            if (first >= 0) {
                return first;
            }
            var value = first & 0x7f;
            for (var shift = 7; shift < Long.SIZE; shift += 7) {
                long next = bytes[at++];
                value |= (next & 0x7f) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw damaged(null);
        }

        int length() {
            return (int) varint();
        }

        double number() {
            var number = varint();
            return (number & 1) == 0 ? number >>> 1 : Double.longBitsToDouble(fixed64());
        }

        int fixed32() {
            at += Integer.BYTES;
            return (int) INTS.get(bytes, at - Integer.BYTES);
        }

        long fixed64() {
            at += Long.BYTES;
            return (long) LONGS.get(bytes, at - Long.BYTES);
        }

        /// A text that begins as the one before.
        String text(int shared, int rest) {
            if (shared + rest > text.length) {
                text = Arrays.copyOf(text, 2 * (shared + rest));
            }
            System.arraycopy(bytes, at, text, shared, rest);
            at += rest;
            return new String(text, 0, shared + rest, StandardCharsets.UTF_8);
        }
    }
}
