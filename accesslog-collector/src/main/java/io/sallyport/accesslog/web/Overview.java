package io.sallyport.accesslog.web;

import com.google.common.collect.ImmutableMap;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.accesslog.v1.CompletenessRequest;
import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import io.sallyport.proto.accesslog.v1.HistogramRequest;
import io.sallyport.proto.accesslog.v1.HistogramResponse;
import io.sallyport.proto.accesslog.v1.Scope;
import io.sallyport.proto.accesslog.v1.TopRequest;
import io.sallyport.proto.accesslog.v1.TopResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// What every view has on top: requests over time by the class of their status, with revisions as lines, and
/// below it how complete each piece of that time is.
///
/// @param total of requests in the range that match
/// @param plot of the chart, as JSON
/// @param bars those with requests, for whoever reads a table rather than a chart
record Overview(
        Shown.Completeness coverage,
        double total,
        String shownTotal,
        String plot,
        List<StatusClass> classes,
        List<Bar> bars,
        List<String> columns,
        List<Strip.Cell> strip,
        String stripText) {

    private static final int MAX_REVISIONS = 50;
    private static final int MAX_BARS = 1_500;
    private static final long MINUTE_MICROS = 60_000_000;

    /// The classes in the order in which they are stacked.
    private static final ImmutableMap<String, String> NAMES = ImmutableMap.<String, String>builder()
            .put("1xx", "response.code >= 100 && response.code < 200")
            .put("2xx", "response.code >= 200 && response.code < 300")
            .put("3xx", "response.code >= 300 && response.code < 400")
            .put("4xx", "response.code >= 400 && response.code < 500")
            .put("5xx", "response.code >= 500 && response.code < 600")
            .put("0xx", "response.code == 0")
            .buildOrThrow();

    /// One class of status in the legend.
    ///
    /// @param key `c5`, as the style names it
    record StatusClass(String key, String name, String count, String share, String link, boolean isOn) {}

    /// One bar as a line of a table.
    ///
    /// @param index of the bar in the chart
    record Bar(int index, String from, String link, String total, List<String> counts) {}

    static Overview ask(Asker asker, PageState state, Scope scope, Instant now) throws StatusRuntimeException {
        var histogram = asker.ask()
                .histogram(HistogramRequest.newBuilder().setScope(scope).build());
        var revisions = asker.ask()
                .top(TopRequest.newBuilder()
                        .setScope(scope)
                        .setAttribute("config.revision")
                        .setLimit(MAX_REVISIONS)
                        .setApproximate(true)
                        .build());
        var range = CompletenessRequest.newBuilder().setFrom(scope.getFrom());
        if (scope.hasTo()) {
            range.setTo(scope.getTo());
        }
        var completeness = asker.ask().completeness(range.build());
        return of(state, scope, now, Asker.answer(histogram), Asker.answer(revisions), Asker.answer(completeness));
    }

    private static Overview of(
            PageState state,
            Scope scope,
            Instant now,
            HistogramResponse histogram,
            TopResponse revisions,
            CompletenessResponse completeness) {
        var step = Math.max(1_000, Durations.toMicros(histogram.getStep()));
        var from = Timestamps.toMicros(scope.getFrom());
        var to = scope.hasTo() ? Timestamps.toMicros(scope.getTo()) : now.toEpochMilli() * 1_000;
        var bars = new TreeMap<Long, Map<String, Double>>();
        for (var start = Math.floorDiv(from, step) * step; start < to && bars.size() < MAX_BARS; start += step) {
            bars.put(start, Map.of());
        }
        histogram.getBarsList().forEach(bar -> bars.put(Timestamps.toMicros(bar.getStart()), bar.getCountsMap()));
        var totals = new TreeMap<String, Double>();
        bars.values().forEach(counts -> counts.forEach((name, count) -> totals.merge(name, count, Double::sum)));
        var total = totals.values().stream().mapToDouble(each -> each).sum();
        var present = NAMES.keySet().stream().filter(totals::containsKey).toList();
        var cell = Math.max(step, MINUTE_MICROS);
        var strip = Strip.of(completeness.getLinesList(), from, to, cell);
        return new Overview(
                Shown.coverage(histogram.getCoverage()),
                total,
                Shown.count(total),
                plot(bars, present, revisions, step),
                present.stream()
                        .map(name -> statusClass(state, name, totals.getOrDefault(name, 0.0), total))
                        .toList(),
                lines(state, bars, present, step),
                present.stream().map(Overview::named).toList(),
                strip,
                Strip.text(strip));
    }

    private static String named(String name) {
        return name.equals("0xx") ? "no answer" : name;
    }

    private static StatusClass statusClass(PageState state, String name, double count, double total) {
        var condition = String.valueOf(NAMES.get(name));
        var isOn = Narrowing.has(state.filter(), condition);
        var filter = isOn ? Narrowing.without(state.filter(), condition) : Narrowing.with(state.filter(), condition);
        return new StatusClass(
                "c" + name.charAt(0),
                named(name),
                Shown.count(count),
                Shown.share(total == 0 ? 0 : count / total),
                state.withFilter(filter).link(),
                isOn);
    }

    private static List<Bar> lines(
            PageState state, TreeMap<Long, Map<String, Double>> bars, List<String> present, long step) {
        var lines = new ArrayList<Bar>();
        var index = 0;
        for (var bar : bars.entrySet()) {
            if (!bar.getValue().isEmpty()) {
                var start = instant(bar.getKey());
                lines.add(new Bar(
                        index,
                        Shown.bar(start, step / 1_000_000),
                        state.withRange(start, instant(bar.getKey() + step)).link(),
                        Shown.count(bar.getValue().values().stream()
                                .mapToDouble(each -> each)
                                .sum()),
                        present.stream()
                                .map(name -> Shown.count(bar.getValue().getOrDefault(name, 0.0)))
                                .toList()));
            }
            index++;
        }
        return lines;
    }

    private static Instant instant(long micros) {
        return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000);
    }

    // {"labels": ["10:00", …], "sets": [{"name": "2xx", "key": "c2", "values": [12, …]}], "marks": [{"at": 3, "text":
    // "r42"}]}
    private static String plot(
            TreeMap<Long, Map<String, Double>> bars, List<String> present, TopResponse revisions, long step) {
        var labels = new JsonArray();
        bars.keySet().forEach(start -> labels.add(Shown.bar(instant(start), step / 1_000_000)));
        var sets = new JsonArray();
        for (var name : present) {
            var values = new JsonArray();
            bars.values().forEach(counts -> values.add(counts.getOrDefault(name, 0.0)));
            var set = new JsonObject();
            set.addProperty("name", named(name));
            set.addProperty("key", "c" + name.charAt(0));
            set.add("values", values);
            sets.add(set);
        }
        var marks = new JsonArray();
        for (var revision : revisions.getValuesList()) {
            var at = bars.headMap(Timestamps.toMicros(revision.getFirstSeen()), true)
                            .size()
                    - 1;
            // The oldest revision of the range began before it.
            var isFirst = revisions.getValuesList().stream()
                    .noneMatch(other -> Timestamps.compare(other.getFirstSeen(), revision.getFirstSeen()) < 0);
            if (at >= 0 && !isFirst && !revision.getValue().equals("0")) {
                var mark = new JsonObject();
                mark.addProperty("at", at);
                mark.addProperty("text", "r" + revision.getValue());
                marks.add(mark);
            }
        }
        var plot = new JsonObject();
        plot.add("labels", labels);
        plot.add("sets", sets);
        plot.add("marks", marks);
        return plot.toString();
    }
}
