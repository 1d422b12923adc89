package io.sallyport.accesslog.web;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.Longs;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.RowId;
import io.sallyport.proto.accesslog.v1.Scope;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/// All that a page shows, as its address says it: `?filter=response.code>=500&since=15m&view=latency`.
/// Whoever opens the address sees the same, and a link is another state. What an address leaves out has its
/// usual value, and what it says wrongly is kept, so that it can be shown beside its field.
///
/// @param parameters as given, the known ones alone
record PageState(SortedMap<String, String> parameters) {

    /// The spans of time that the page offers.
    static final List<String> SPANS = List.of("5m", "15m", "1h", "6h", "24h", "7d");

    private static final String USUAL_SPAN = "1h";
    private static final String FILTER = "filter";
    private static final String SINCE = "since";
    private static final String FROM = "from";
    private static final String TO = "to";
    private static final String VIEW = "view";
    private static final String ROW = "row";
    private static final String CURSOR = "cursor";
    private static final List<String> NAMES =
            List.of(FILTER, SINCE, FROM, TO, VIEW, ROW, CURSOR, "by", "before", "after", "tail");
    private static final int MAX_VALUE = 4_000;
    private static final long MAX_COUNT = 100_000;
    private static final Duration WHOLE_MINUTES_FROM = Duration.ofMinutes(15);

    /// What stands below the histogram.
    enum View {
        ROWS("1", "Rows"),
        LATENCY("2", "Latency"),
        COMPLETENESS("3", "Completeness"),
        COMPARE("4", "Compare");

        private final String key;
        private final String title;

        View(String key, String title) {
            this.key = key;
            this.title = title;
        }

        /// The key of the keyboard that shows it.
        String key() {
            return key;
        }

        String title() {
            return title;
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// A part of an address that cannot be meant.
    static final class MistakeException extends Exception {

        private static final long serialVersionUID = 1L;

        private final String field;

        MistakeException(String field, String message) {
            super(message);
            this.field = field;
        }

        /// The field to show it beside.
        String field() {
            return field;
        }
    }

    PageState {
        parameters = new TreeMap<>(parameters);
    }

    static PageState of(Map<String, String[]> query) {
        var known = new TreeMap<String, String>();
        for (var name : NAMES) {
            var values = query.get(name);
            if (values != null && values.length > 0 && !values[0].isBlank()) {
                var value = values[0].strip();
                known.put(name, value.length() > MAX_VALUE ? value.substring(0, MAX_VALUE) : value);
            }
        }
        return new PageState(known);
    }

    String filter() {
        return get(FILTER);
    }

    /// The chosen span; empty where the address names a beginning.
    String span() {
        return get(FROM).isEmpty() ? parameters.getOrDefault(SINCE, USUAL_SPAN) : "";
    }

    String from() {
        return get(FROM);
    }

    String to() {
        return get(TO);
    }

    String by() {
        return get("by");
    }

    String cursor() {
        return get(CURSOR);
    }

    String row() {
        return get(ROW);
    }

    View view() {
        for (var view : View.values()) {
            if (view.word().equals(get(VIEW))) {
                return view;
            }
        }
        return View.ROWS;
    }

    /// Whether rows are to appear as they are stored: where the range ends now, until it is switched off.
    boolean isLive() {
        return view() == View.ROWS && isOpen() && cursor().isEmpty() && !isPaused();
    }

    boolean isPaused() {
        return "off".equals(get("tail"));
    }

    /// Whether the range has no end.
    boolean isOpen() {
        return get(TO).isEmpty();
    }

    Scope scope(Instant now) throws MistakeException {
        var scope = Scope.newBuilder().setFilter(filter());
        if (!isOpen()) {
            scope.setTo(Timestamps.fromMillis(time(TO).toEpochMilli()));
        }
        if (!get(FROM).isEmpty()) {
            scope.setFrom(Timestamps.fromMillis(time(FROM).toEpochMilli()));
        } else {
            var begin = (isOpen() ? now : time(TO)).minus(duration(span()));
            // Whole minutes are what sums by the minute can answer.
            var from =
                    duration(span()).compareTo(WHOLE_MINUTES_FROM) < 0 ? begin : begin.truncatedTo(ChronoUnit.MINUTES);
            scope.setFrom(Timestamps.fromMillis(from.toEpochMilli()));
        }
        return scope.build();
    }

    private Instant time(String field) throws MistakeException {
        try {
            return Instant.parse(get(field));
        } catch (DateTimeParseException e) {
            throw mistake(field, "\"" + get(field) + "\" is no time (expected: like 2026-11-21T10:00:00Z)", e);
        }
    }

    private static Duration duration(String span) throws MistakeException {
        var units = ImmutableMap.of(
                's', ChronoUnit.SECONDS, 'm', ChronoUnit.MINUTES, 'h', ChronoUnit.HOURS, 'd', ChronoUnit.DAYS);
        var unit = units.get(span.charAt(span.length() - 1));
        var count = Longs.tryParse(span.substring(0, span.length() - 1));
        if (unit == null || count == null || count < 1 || count > MAX_COUNT) {
            throw new MistakeException(SINCE, "\"" + span + "\" is no span (expected: like 15m, 6h or 7d)");
        }
        return Duration.of(count, unit);
    }

    private static MistakeException mistake(String field, String message, Exception cause) {
        var mistake = new MistakeException(field, message);
        mistake.initCause(cause);
        return mistake;
    }

    /// The revision that a comparison starts from (`before`) or comes to (`after`), if the address says so.
    OptionalLong revision(String side) throws MistakeException {
        var text = get(side);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw mistake(side, "\"" + text + "\" is no revision (expected: a number)", e);
        }
    }

    /// The row that is open. `2026-11-21T10:00:00.123456Z_0_17_sallyport.rows` is partition 0, offset 17 of that topic;
    /// without it, as in a tail and in older addresses, of any.
    Optional<RowId> openRow() {
        var parts = row().split("_", 4);
        if (parts.length < 3) {
            return Optional.empty();
        }
        try {
            return Optional.of(RowId.newBuilder()
                    .setTime(Timestamps.parse(parts[0]))
                    .setPartition(Integer.parseInt(parts[1]))
                    .setOffset(Long.parseLong(parts[2]))
                    .setTopic(parts.length == 4 ? parts[3] : "")
                    .build());
        } catch (ParseException | NumberFormatException e) {
            // Nobody but us makes such names: without a row the page is still right.
            return Optional.empty();
        }
    }

    static String rowName(RowId row) {
        var name = Timestamps.toString(row.getTime()) + "_" + row.getPartition() + "_" + row.getOffset();
        return row.getTopic().isEmpty() ? name : name + "_" + row.getTopic();
    }

    PageState withFilter(String filter) {
        return with(FILTER, filter).fromTheTop();
    }

    PageState withSpan(String span) {
        return with(SINCE, span).with(FROM, "").with(TO, "").fromTheTop();
    }

    PageState withRange(Instant from, Instant to) {
        return with(SINCE, "")
                .with(FROM, from.toString())
                .with(TO, to.toString())
                .fromTheTop();
    }

    PageState withView(View view) {
        return with(VIEW, view == View.ROWS ? "" : view.word()).fromTheTop();
    }

    PageState withRow(String row) {
        return with(ROW, row);
    }

    PageState withCursor(String cursor) {
        return with(ROW, "").with(CURSOR, cursor);
    }

    PageState withTail(boolean isOn) {
        return with("tail", isOn ? "" : "off").fromTheTop();
    }

    private PageState fromTheTop() {
        return with(ROW, "").with(CURSOR, "");
    }

    private PageState with(String name, String value) {
        var changed = new TreeMap<>(parameters);
        if (value.isEmpty()) {
            changed.remove(name);
        } else {
            changed.put(name, value);
        }
        return new PageState(changed);
    }

    private String get(String name) {
        return parameters.getOrDefault(name, "");
    }

    /// `?filter=…&since=15m`, or nothing.
    String query() {
        var query = new StringBuilder();
        for (var parameter : parameters.entrySet()) {
            query.append(query.isEmpty() ? '?' : '&')
                    .append(parameter.getKey())
                    .append('=')
                    .append(URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8));
        }
        return query.toString();
    }

    /// The address of this state.
    String link() {
        return LogPage.PATH + query();
    }

    /// The address of a part of the page in this state.
    String link(String part) {
        return LogPage.PATH + "/" + part + query();
    }
}
