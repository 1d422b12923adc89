package io.sallyport.accesslog.storage;

import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Makes entries of what a store answers when it is asked for all [#COLUMNS].
public final class RowReader {

    /// All columns, in the order that [#row] expects.
    public static final String COLUMNS = Column.ALL.stream().map(Column::name).collect(Collectors.joining(", ")) + ", "
            + Column.PARTITION + ", " + Column.OFFSET + ", " + Column.TOPIC;

    private RowReader() {}

    /// The row with its identity.
    public static KafkaRow row(List<Object> values) {
        var columns = Column.ALL.size();
        return new KafkaRow(
                (String) values.get(columns + 2),
                Math.toIntExact((long) values.get(columns)),
                (long) values.get(columns + 1),
                entry(values));
    }

    /// The entry alone.
    public static AccessLogEntry entry(List<Object> values) {
        var entry = AccessLogEntry.newBuilder();
        for (var i = 0; i < Column.ALL.size(); i++) {
            var column = Column.ALL.get(i);
            var value = values.get(i);
            switch (column.type()) {
                case TEXT, WORDS, NUMBER, DURATION, REAL -> set(entry, column, value);
                case TIME -> entry.setField(column.field(), Timestamps.fromMicros((long) value));
                case TEXTS -> put(entry, column, value);
            }
        }
        return entry.build();
    }

    // Half the columns of a usual row have what they have without being set.
    private static void set(AccessLogEntry.Builder entry, Column column, Object value) {
        if (!value.equals(column.field().getDefaultValue())) {
            entry.setField(column.field(), value);
        }
    }

    private static void put(AccessLogEntry.Builder entry, Column column, Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            return;
        }
        for (var one : map.entrySet()) {
            var key = String.valueOf(one.getKey());
            var text = String.valueOf(one.getValue());
            switch (column.field().getNumber()) {
                case AccessLogEntry.REQUEST_HEADERS_FIELD_NUMBER -> entry.putRequestHeaders(key, text);
                case AccessLogEntry.RESPONSE_HEADERS_FIELD_NUMBER -> entry.putResponseHeaders(key, text);
                case AccessLogEntry.TAGS_FIELD_NUMBER -> entry.putTags(key, text);
                default -> throw new IllegalStateException(column.name() + " (expected: a map that rows have)");
            }
        }
    }
}
