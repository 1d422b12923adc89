package io.sallyport.cli.log;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.log.Sheet.Cell;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import io.sallyport.proto.accesslog.v1.DistinctResponse;
import io.sallyport.proto.accesslog.v1.HistogramResponse;
import io.sallyport.proto.accesslog.v1.ListAttributesResponse;
import io.sallyport.proto.accesslog.v1.ListRulesResponse;
import io.sallyport.proto.accesslog.v1.PercentilesResponse;
import io.sallyport.proto.accesslog.v1.TopResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// What the service answers, as figures under headings.
final class Sheets {

    private final Terminal terminal;

    Sheets(Terminal terminal) {
        this.terminal = terminal;
    }

    Sheet of(TopResponse answer, String attribute) {
        var sheet = new Sheet()
                .attribute(attribute)
                .column("COUNT", "count")
                .column("SHARE", "share")
                .column("ERRORS", "error_rate")
                .column("P50", "p50_micros")
                .column("P99", "p99_micros")
                .column("FIRST SEEN", "first_seen");
        for (var value : answer.getValuesList()) {
            sheet.row(
                    Cell.of(value.getValue()),
                    Cell.count(value.getCount()),
                    Cell.share(value.getShare()),
                    Cell.share(value.getErrorRate()),
                    Cell.micros(Durations.toMicros(value.getP50())),
                    Cell.micros(Durations.toMicros(value.getP99())),
                    Cell.time(value.getFirstSeen(), terminal));
        }
        return sheet;
    }

    static Sheet of(PercentilesResponse answer, String attribute) {
        var sheet = new Sheet().attribute(attribute).column("COUNT", "count");
        for (var quantile : answer.getQuantilesList()) {
            var percent = String.format(Locale.ROOT, "%.0f", quantile * 100);
            sheet.column("P" + percent, "p" + percent + "_micros");
        }
        for (var group : answer.getGroupsList()) {
            var cells = new ArrayList<>(List.of(Cell.of(group.getValue()), Cell.count(group.getCount())));
            group.getValuesList().forEach(seconds -> cells.add(Cell.micros(Math.round(seconds * 1e6))));
            sheet.row(cells);
        }
        return sheet;
    }

    static Sheet of(HistogramResponse answer) {
        var classes = List.of("1xx", "2xx", "3xx", "4xx", "5xx", "0xx");
        var sheet = new Sheet().column("FROM", "from");
        classes.forEach(each -> sheet.column(each.equals("0xx") ? "NONE" : each.toUpperCase(Locale.ROOT), each));
        for (var bar : answer.getBarsList()) {
            var cells = new ArrayList<Cell>();
            cells.add(Cell.of(Timestamps.toString(bar.getStart())));
            classes.forEach(each -> cells.add(Cell.count(bar.getCountsOrDefault(each, 0))));
            sheet.row(cells);
        }
        return sheet;
    }

    Sheet of(ListRulesResponse answer) {
        var sheet = new Sheet()
                .column("OBJECT", "object")
                .column("RULE", "rule")
                .column("NAME", "name")
                .column("COUNT", "count")
                .column("LAST SEEN", "last_seen");
        for (var rule : answer.getRulesList()) {
            sheet.row(
                    Cell.of(rule.getObject()),
                    Cell.of(rule.getRule()),
                    Cell.of(rule.getName()),
                    Cell.count(rule.getCount()),
                    lastSeen(rule));
        }
        return sheet;
    }

    private Cell lastSeen(ListRulesResponse.Rule rule) {
        if (!rule.hasLastSeen()) {
            return new Cell("never", "");
        }
        var time = Cell.time(rule.getLastSeen(), terminal);
        return rule.getPresent() ? time : new Cell(time.shown() + ", gone since", time.exact());
    }

    static Sheet of(DistinctResponse answer, String attribute) {
        var sheet = new Sheet().column("ATTRIBUTE", "attribute").column("VALUES", "values");
        sheet.row(Cell.of(attribute), Cell.count((double) answer.getCount()));
        return sheet;
    }

    static Sheet of(ListAttributesResponse answer) {
        var sheet = new Sheet().column("ATTRIBUTE", "attribute").column("TYPE", "type");
        answer.getAttributesList().forEach(each -> sheet.row(Cell.of(each.getName()), Cell.of(each.getType())));
        return sheet;
    }

    /// Both sides in one cell for people, `1,204 -> 980`, and in a column each for programs.
    /// The first line is about all rows.
    static Sheet of(CompareResponse answer, String attribute) {
        var sheet = new Sheet()
                .attribute(attribute)
                .column("COUNT", "")
                .column("ERRORS", "")
                .column("CHANGE", "error_rate_change")
                .column("P50", "")
                .column("P99", "");
        for (var side : List.of("before", "after")) {
            sheet.column("", side + "_count")
                    .column("", side + "_error_rate")
                    .column("", side + "_p50_micros")
                    .column("", side + "_p99_micros");
        }
        add(sheet, "everything", answer.getBefore(), answer.getAfter());
        answer.getLinesList().forEach(line -> add(sheet, line.getValue(), line.getBefore(), line.getAfter()));
        return sheet;
    }

    private static void add(Sheet sheet, String name, CompareResponse.Side before, CompareResponse.Side after) {
        var left = figures(before);
        var right = figures(after);
        var cells = new ArrayList<Cell>();
        cells.add(Cell.of(name));
        cells.add(both(left.get(0), right.get(0)));
        cells.add(both(left.get(1), right.get(1)));
        cells.add(change(before, after));
        cells.add(both(left.get(2), right.get(2)));
        cells.add(both(left.get(3), right.get(3)));
        cells.addAll(left);
        cells.addAll(right);
        sheet.row(cells);
    }

    // No rows have no error rate and no percentiles.
    private static List<Cell> figures(CompareResponse.Side side) {
        return side.getCount() == 0
                ? List.of(Cell.count(0), Cell.none(), Cell.none(), Cell.none())
                : List.of(
                        Cell.count(side.getCount()),
                        Cell.share(side.getErrorRate()),
                        Cell.micros(Durations.toMicros(side.getP50())),
                        Cell.micros(Durations.toMicros(side.getP99())));
    }

    private static Cell both(Cell before, Cell after) {
        return Cell.of(orDash(before.shown()) + " -> " + orDash(after.shown()));
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    private static Cell change(CompareResponse.Side before, CompareResponse.Side after) {
        if (before.getCount() == 0 || after.getCount() == 0) {
            return Cell.none();
        }
        var change = after.getErrorRate() - before.getErrorRate();
        return new Cell(String.format(Locale.ROOT, "%+.1f points", change * 100), String.valueOf(change));
    }

    /// What became of each proxy's rows: a line for each minute, and one with the sum.
    /// The sum alone says what is missing.
    static Sheet of(CompletenessResponse answer) {
        var sheet = new Sheet().column("PROXY", "proxy").column("MINUTE", "minute");
        for (var each : List.of(
                "served", "filtered", "written", "dropped", "missing", "received", "pending", "stored", "lost")) {
            sheet.column(each.toUpperCase(Locale.ROOT), each);
        }
        answer.getLinesList().forEach(line -> add(sheet, line, Timestamps.toString(line.getMinute()), false));
        answer.getTotalsList().forEach(line -> add(sheet, line, "all", true));
        return sheet;
    }

    private static void add(Sheet sheet, CompletenessResponse.Line line, String minute, boolean isTotal) {
        sheet.row(
                Cell.of(line.getProxyNamespace() + "/" + line.getProxy()),
                Cell.of(minute),
                number(line.hasServed(), line.getServed()),
                number(isTotal && line.hasServed(), line.getFiltered()),
                number(line.hasWritten(), line.getWritten()),
                number(true, line.getDroppedByProxy()),
                number(isTotal && line.hasWritten(), line.getMissing()),
                number(true, line.getReceived()),
                number(true, line.getPending()),
                number(true, line.getStored()),
                Cell.of(line.getLostMap().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(lost -> lost.getKey() + " " + lost.getValue())
                        .collect(Collectors.joining(", "))));
    }

    private static Cell number(boolean isKnown, long number) {
        return Cell.of(isKnown ? String.valueOf(number) : "");
    }
}
