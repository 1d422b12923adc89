package io.sallyport.accesslog.api;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.proto.accesslog.v1.Row;
import io.sallyport.runtime.text.Csv;
import java.util.stream.Collectors;

/// Writes rows as lines of JSON or of CSV.
final class ExportText {

    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();

    private ExportText() {}

    static Row row(KafkaRow row) {
        return Row.newBuilder()
                .setEntry(row.entry())
                .setPartition(row.partition())
                .setOffset(row.offset())
                .setTopic(row.topic())
                .build();
    }

    static String json(KafkaRow row) {
        try {
            return PRINTER.print(row(row)) + "\n";
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a row cannot be written as JSON", e);
        }
    }

    /// The names of the columns, with the unit of a duration: `request.duration_micros`.
    static String heading() {
        return Column.ALL.stream()
                        .map(column -> column.attribute() + (column.type() == Column.Type.DURATION ? "_micros" : ""))
                        .collect(Collectors.joining(","))
                + ",partition,offset,topic\r\n";
    }

    static String csv(KafkaRow row) {
        var line = new StringBuilder();
        for (var column : Column.ALL) {
            line.append(Csv.cell(text(column, row))).append(',');
        }
        return line.append(row.partition())
                .append(',')
                .append(row.offset())
                .append(',')
                .append(Csv.cell(row.topic()))
                .append("\r\n")
                .toString();
    }

    private static String text(Column column, KafkaRow row) {
        var value = row.entry().getField(column.field());
        return switch (column.type()) {
            case TEXT, WORDS, NUMBER, DURATION, REAL -> String.valueOf(value);
            case TIME -> Timestamps.toString((Timestamp) value);
            case TEXTS -> RowMaps.json(column, row.entry());
        };
    }
}
