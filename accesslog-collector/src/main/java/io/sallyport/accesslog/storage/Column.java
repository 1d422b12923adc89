package io.sallyport.accesslog.storage;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Entry;
import java.util.Map;
import java.util.Optional;

/// One column of the rows, one attribute of queries: `host`, `request.host`. Made from the fields of
/// [AccessLogEntry], which is the only list of them.
///
/// @param name in the store
/// @param attribute in queries
public record Column(FieldDescriptor field, String name, String attribute, Type type) {

    /// What a column holds.
    public enum Type {
        TEXT("string"),
        /// Words joined by commas.
        WORDS("list(string)"),
        NUMBER("int"),
        REAL("double"),
        /// Microseconds since 1970.
        TIME("timestamp"),
        /// Microseconds.
        DURATION("duration"),
        TEXTS("map(string, string)");

        private final String shown;

        Type(String shown) {
            this.shown = shown;
        }

        /// As CEL names it.
        public String shown() {
            return shown;
        }

        /// Whether rows can be put into groups by it.
        public boolean isGrouped() {
            return this == TEXT || this == WORDS || this == NUMBER;
        }

        /// Whether it has percentiles.
        public boolean isMeasured() {
            return this == NUMBER || this == REAL || this == DURATION;
        }
    }

    /// All columns that come from a field, in the order of the fields.
    public static final ImmutableList<Column> ALL = AccessLogEntry.getDescriptor().getFields().stream()
            .filter(field -> field.getOptions().hasExtension(Entry.attribute))
            .map(Column::of)
            .collect(ImmutableList.toImmutableList());

    /// The topic, partition and offset of a row in Kafka: its identity.
    public static final String TOPIC = "kafka_topic";

    public static final String PARTITION = "kafka_partition";

    public static final String OFFSET = "kafka_offset";

    private static final ImmutableMap<String, Column> BY_ATTRIBUTE = Maps.uniqueIndex(ALL, Column::attribute);

    /// The column of the time of a row.
    public static final Column START_TIME = named("request.time");

    private static Column of(FieldDescriptor field) {
        var attribute = field.getOptions().getExtension(Entry.attribute);
        return new Column(field, field.getName(), attribute, type(field));
    }

    private static Type type(FieldDescriptor field) {
        if (field.isMapField()) {
            return Type.TEXTS;
        }
        return switch (field.getJavaType()) {
            case STRING -> field.getName().endsWith("_list") ? Type.WORDS : Type.TEXT;
            case LONG -> field.getName().endsWith("_micros") ? Type.DURATION : Type.NUMBER;
            case DOUBLE -> Type.REAL;
            case MESSAGE -> Type.TIME;
            case INT, FLOAT, BOOLEAN, BYTE_STRING, ENUM ->
                throw new IllegalStateException(field + " (expected: a type that rows have)");
        };
    }

    /// The column of an attribute.
    public static Optional<Column> find(String attribute) {
        return Optional.ofNullable(BY_ATTRIBUTE.get(attribute));
    }

    /// The column of an attribute that is known to exist.
    public static Column named(String attribute) {
        return find(attribute).orElseThrow(() -> new IllegalArgumentException("attribute \"" + attribute + "\""));
    }

    /// The texts of a row in this column, by their keys.
    public Map<String, String> texts(AccessLogEntry entry) {
        return switch (field.getNumber()) {
            case AccessLogEntry.REQUEST_HEADERS_FIELD_NUMBER -> entry.getRequestHeadersMap();
            case AccessLogEntry.RESPONSE_HEADERS_FIELD_NUMBER -> entry.getResponseHeadersMap();
            case AccessLogEntry.TAGS_FIELD_NUMBER -> entry.getTagsMap();
            default -> throw new IllegalStateException(name + " (expected: a map that rows have)");
        };
    }
}
