package io.sallyport.accesslog.receive;

import com.google.common.collect.ImmutableSet;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// Takes out of a row what must not be kept and cuts what is too long, before anything is written anywhere.
///
/// By default no value of a query string is kept (`/cart?id=7` becomes `/cart?id=`), and neither a header nor a tag
/// that carries credentials. A row from more than an hour ahead gets the collector's time: its own would hide it.
final class Tidying {

    // Together they keep a row below Kafka's 1 MiB, at three bytes a character.
    static final int MAX_TEXT = 2 << 10;
    static final int MAX_PATH = 8 << 10;
    static final int MAX_RAW = 16 << 10;
    static final int MAX_ENTRIES = 48;
    static final int MAX_NAME = 256;
    static final int MAX_VALUE = 1 << 10;
    private static final long HOUR_SECONDS = 3_600;
    private static final ImmutableSet<String> CREDENTIALS = ImmutableSet.of(
            "authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "x-api-key",
            "x-forwarded-client-cert",
            "x-amz-security-token");

    private Tidying() {}

    static void tidy(AccessLogEntry.Builder row, Instant now) {
        var isCut = false;
        for (var field : Texts.FIELDS) {
            var text = (String) row.getField(field);
            var max = field.getNumber() == AccessLogEntry.PATH_FIELD_NUMBER
                    ? MAX_PATH
                    : field.getNumber() == AccessLogEntry.RAW_TEXT_FIELD_NUMBER ? MAX_RAW : MAX_TEXT;
            if (text.length() > max) {
                row.setField(field, text.substring(0, end(text, max)));
                isCut = true;
            }
        }
        row.setPath(withoutValues(row.getPath())).setReferer(withoutValues(row.getReferer()));
        isCut |= tidy(
                row.getRequestHeadersMap(), kept -> row.clearRequestHeaders().putAllRequestHeaders(kept));
        isCut |= tidy(
                row.getResponseHeadersMap(), kept -> row.clearResponseHeaders().putAllResponseHeaders(kept));
        isCut |= tidy(row.getTagsMap(), kept -> row.clearTags().putAllTags(kept));
        if (isCut) {
            mark(row, "cut");
        }
        time(row, now);
        if (!(row.getWeight() >= 1)) {
            row.setWeight(1);
        }
    }

    private static void time(AccessLogEntry.Builder row, Instant now) {
        var hasTime = row.hasStartTime() && Timestamps.isValid(row.getStartTime());
        var seconds = row.getStartTime().getSeconds();
        if (hasTime && seconds > 0 && seconds <= now.getEpochSecond() + HOUR_SECONDS) {
            return;
        }
        if (row.hasStartTime()) {
            mark(row, "clamped");
        }
        row.getStartTimeBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano());
    }

    private static void mark(AccessLogEntry.Builder row, String mark) {
        row.setMarksList(row.getMarksList().isEmpty() ? mark : row.getMarksList() + "," + mark);
    }

    private interface Target {
        AccessLogEntry.Builder put(Map<String, String> values);
    }

    private static boolean tidy(Map<String, String> values, Target target) {
        if (values.isEmpty()) {
            return false;
        }
        var isCut = false;
        var kept = new TreeMap<String, String>();
        for (var entry : new TreeMap<>(values).entrySet()) {
            var name = entry.getKey();
            if (CREDENTIALS.contains(name.toLowerCase(Locale.ROOT))) {
                continue;
            }
            if (kept.size() == MAX_ENTRIES || name.length() > MAX_NAME) {
                isCut = true;
                continue;
            }
            var value = entry.getValue();
            isCut |= value.length() > MAX_VALUE;
            kept.put(name, value.length() > MAX_VALUE ? value.substring(0, end(value, MAX_VALUE)) : value);
        }
        target.put(kept);
        return isCut;
    }

    // Not in the middle of a character of two chars: half a one is no text.
    private static int end(String text, int max) {
        return Character.isHighSurrogate(text.charAt(max - 1)) ? max - 1 : max;
    }

    /// `/a?x=1&y#z` becomes `/a?x=&y`.
    static String withoutValues(String path) {
        var query = path.indexOf('?');
        if (query < 0) {
            return path;
        }
        var out = new StringBuilder(path.length()).append(path, 0, query + 1);
        var isValue = false;
        for (var i = query + 1; i < path.length() && path.charAt(i) != '#'; i++) {
            var c = path.charAt(i);
            if (c == '&' || c == ';') {
                isValue = false;
                out.append(c);
            } else if (!isValue) {
                out.append(c);
                isValue = c == '=';
            }
        }
        return out.toString();
    }
}
