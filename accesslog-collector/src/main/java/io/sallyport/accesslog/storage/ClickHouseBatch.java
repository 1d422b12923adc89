package io.sallyport.accesslog.storage;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.TreeMap;

/// Rows of one Kafka partition that are stored together, in ClickHouse's row binary format.
///
/// @param first where the batch begins: where the one before it ended
/// @param next where the one behind it begins
record ClickHouseBatch(Place place, long first, long next, LocalDate day, List<KafkaRow> rows) {

    static final LocalDate FIRST_DAY = LocalDate.EPOCH;
    private static final int LAST_DAY = 65_535;

    ClickHouseBatch {
        rows = List.copyOf(rows);
    }

    /// The days that ClickHouse's dates have, for rows of any time.
    static LocalDate day(KafkaRow row) {
        var day = Math.floorDiv(row.entry().getStartTime().getSeconds(), 24L * 3_600);
        return LocalDate.ofEpochDay(Math.clamp(day, 0, LAST_DAY));
    }

    /// As the columns of [ClickHouseSchema#columns] in their order.
    byte[] bytes(Instant now) {
        var bytes = new ByteArrayOutputStream(rows.size() * 512);
        try {
            // Protocol buffers' own primitives are those of the format, but for their tags.
            var out = CodedOutputStream.newInstance(bytes);
            for (var row : rows) {
                write(row, now, out);
            }
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written", e);
        }
        return bytes.toByteArray();
    }

    private void write(KafkaRow row, Instant now, CodedOutputStream out) throws IOException {
        var entry = row.entry();
        for (var column : Column.ALL) {
            write(entry, column, out);
        }
        out.writeStringNoTag(place.topic());
        out.writeFixed32NoTag(row.partition());
        out.writeSFixed64NoTag(row.offset());
        var days = Math.toIntExact(day.toEpochDay());
        out.writeRawByte(days);
        out.writeRawByte(days >>> 8);
        out.writeSFixed64NoTag(first);
        out.writeSFixed64NoTag(next);
        out.writeSFixed64NoTag(entry.getOrigin().getSpool());
        out.writeSFixed64NoTag(entry.getOrigin().getAttempt());
        out.writeSFixed64NoTag(entry.getOrigin().getSequence());
        out.writeFixed32NoTag((int) now.getEpochSecond());
    }

    private static void write(AccessLogEntry entry, Column column, CodedOutputStream out) throws IOException {
        switch (column.type()) {
            case TEXT, WORDS -> out.writeStringNoTag((String) entry.getField(column.field()));
            case NUMBER, DURATION -> out.writeSFixed64NoTag((long) entry.getField(column.field()));
            case REAL -> out.writeDoubleNoTag((double) entry.getField(column.field()));
            case TIME -> out.writeSFixed64NoTag(Timestamps.toMicros((Timestamp) entry.getField(column.field())));
            case TEXTS -> {
                // In an order of its own a batch that is stored again has the same bytes.
                var texts = new TreeMap<>(column.texts(entry));
                out.writeUInt32NoTag(texts.size());
                for (var text : texts.entrySet()) {
                    out.writeStringNoTag(text.getKey());
                    out.writeStringNoTag(text.getValue());
                }
            }
        }
    }
}
