package io.sallyport.accesslog.api;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.google.protobuf.util.JsonFormat;
import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.proto.accesslog.v1.Row;
import java.util.stream.Collectors;

/// Writes rows as lines of JSON or of CSV (RFC 4180). A cell that a spreadsheet would take for a formula begins
/// with an
/// apostrophe.
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

    static String heading() {
        return Column.ALL.stream().map(Column::attribute).collect(Collectors.joining(","))
                + ",partition,offset,topic\r\n";
    }

    static String csv(KafkaRow row) {
        var line = new StringBuilder();
        for (var column : Column.ALL) {
            line.append(cell(text(column, row))).append(',');
        }
        return line.append(row.partition())
                .append(',')
                .append(row.offset())
                .append(',')
                .append(cell(row.topic()))
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

    static String cell(String text) {
        var isFormula = !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0;
        var safe = isFormula && !isNumber(text) ? "'" + text : text;
        if (safe.chars().noneMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r')) {
            return safe;
        }
        return '"' + safe.replace("\"", "\"\"") + '"';
    }

    private static boolean isNumber(String text) {
        return text.length() > 1
                && text.charAt(0) == '-'
                && text.chars().skip(1).allMatch(c -> c >= '0' && c <= '9');
    }
}
