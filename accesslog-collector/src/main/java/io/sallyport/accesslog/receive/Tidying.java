package io.sallyport.accesslog.receive;

import com.google.common.collect.ImmutableSet;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Takes out of a row what must not be kept and cuts what is too long, before anything is written anywhere.
///
/// By default no value of a query string is kept (`/cart?id=7` becomes `/cart?id=`), and neither a header nor a tag
/// that carries credentials; both also where they stand in a line that could not be read. A row from more than an hour
/// ahead gets the collector's time: its own would hide it.
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

    // `authorization: …` and `"cookie":"…"`, up to the end of the field.
    private static final Pattern NAMED = Pattern.compile(
            "((?:" + String.join("|", CREDENTIALS).replace("-", "[-_]") + ")\"?\\s*[:=]\\s*\"?)[^\"]*",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern SCHEME =
            Pattern.compile("(\\b(?:bearer|basic) )[\\w+/.~-]{8,}=*", Pattern.CASE_INSENSITIVE);

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
        row.setPath(withoutValues(row.getPath()))
                .setReferer(withoutValues(row.getReferer()))
                .setRawText(withoutSecrets(row.getRawText()));
        isCut |= tidy(
                row.getRequestHeadersMap(), kept -> row.clearRequestHeaders().putAllRequestHeaders(kept));
        isCut |= tidy(
                row.getResponseHeadersMap(), kept -> row.clearResponseHeaders().putAllResponseHeaders(kept));
        isCut |= tidy(row.getTagsMap(), kept -> row.clearTags().putAllTags(kept));
        if (isCut && !row.getMarksList().contains("cut")) {
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
            if (isCredential(name, entry.getValue())) {
                continue;
            }
            if (kept.size() == MAX_ENTRIES || name.length() > MAX_NAME) {
                isCut = true;
                continue;
            }
            // An address that was asked for before it was rewritten, a place to go to: they have query strings too.
            var value = withoutQueries(entry.getValue());
            isCut |= value.length() > MAX_VALUE;
            kept.put(name, value.length() > MAX_VALUE ? value.substring(0, end(value, MAX_VALUE)) : value);
        }
        target.put(kept);
        return isCut;
    }

    // "authorization", and "req_cookie" where a format of somebody's own named it so.
    private static boolean isCredential(String name, String value) {
        var header = name.toLowerCase(Locale.ROOT).replace('_', '-');
        return CREDENTIALS.contains(header)
                || header.endsWith("authorization")
                || header.endsWith("cookie")
                || SCHEME.matcher(value).lookingAt();
    }

    private static String withoutSecrets(String text) {
        if (text.isEmpty()) {
            return text;
        }
        var unnamed = NAMED.matcher(withoutQueries(text)).replaceAll("$1");
        return SCHEME.matcher(unnamed).replaceAll("$1");
    }

    /// The same as [#withoutValues] for every query string within a text. One ends at a space, or at a quote with which
    /// a field of the text ends.
    private static String withoutQueries(String text) {
        var query = text.indexOf('?');
        if (query < 0) {
            return text;
        }
        var out = new StringBuilder(text.length());
        var from = 0;
        for (; query >= 0; query = text.indexOf('?', from)) {
            var end = query;
            while (end < text.length() && !endsQuery(text, end)) {
                end++;
            }
            out.append(text, from, query).append(withoutValues(text.substring(query, end)));
            from = end;
        }
        return out.append(text, from, text.length()).toString();
    }

    private static boolean endsQuery(String text, int at) {
        var c = text.charAt(at);
        return Character.isWhitespace(c)
                || (c == '"' && (at + 1 == text.length() || " \t,}]".indexOf(text.charAt(at + 1)) >= 0));
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
