package io.sallyport.accesslog.api;

import com.google.gson.JsonObject;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.Map;
import java.util.TreeMap;

/// The maps of a row as one text.
final class RowMaps {

    private RowMaps() {}

    static String json(Column column, AccessLogEntry entry) {
        var values = values(column, entry);
        if (values.isEmpty()) {
            return "";
        }
        var json = new JsonObject();
        new TreeMap<>(values).forEach(json::addProperty);
        return json.toString();
    }

    private static Map<String, String> values(Column column, AccessLogEntry entry) {
        return switch (column.field().getNumber()) {
            case AccessLogEntry.REQUEST_HEADERS_FIELD_NUMBER -> entry.getRequestHeadersMap();
            case AccessLogEntry.RESPONSE_HEADERS_FIELD_NUMBER -> entry.getResponseHeadersMap();
            case AccessLogEntry.TAGS_FIELD_NUMBER -> entry.getTagsMap();
            default -> throw new IllegalStateException(column.name() + " (expected: a map that rows have)");
        };
    }
}
