package io.sallyport.accesslog.rollup;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Lists;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Sums of rows by pieces of time and by the values of a few attributes. Not for threads.
public final class Rollup {

    /// The class of the response code, `5` of 503: no attribute of queries, but what histograms show. Nobody asks for
    /// its durations, so it has none.
    public static final String CLASS = "response.class";

    private static final int NEAR = 4_096;

    // A text of one's own for each row costs more than finding its sum.
    private static final ImmutableList<String> NUMBERS =
            IntStream.range(0, 1_000).mapToObj(String::valueOf).collect(ImmutableList.toImmutableList());

    private static final ImmutableMap<String, Function<AccessLogEntry, String>> VALUES =
            ImmutableMap.<String, Function<AccessLogEntry, String>>builder()
                    .put(CLASS, entry -> text(entry.getResponseCode() / 100))
                    .put("response.code", entry -> text(entry.getResponseCode()))
                    .put("response.flags", AccessLogEntry::getResponseFlagsList)
                    .put("request.host", AccessLogEntry::getHost)
                    .put("request.method", AccessLogEntry::getMethod)
                    .put("xds.route_name", AccessLogEntry::getRouteName)
                    .put("config.object", AccessLogEntry::getRouteObject)
                    .put("config.rule", AccessLogEntry::getRule)
                    .put("config.revision", entry -> text(entry.getRevision()))
                    .put("proxy.name", AccessLogEntry::getProxy)
                    .buildOrThrow();

    private static final ImmutableList<Function<AccessLogEntry, String>> GETTERS =
            VALUES.values().asList();

    /// Whose values are counted: what dashboards group by, and what has few values.
    public static final ImmutableSet<String> ATTRIBUTES = VALUES.keySet();

    /// What else of a row goes into the sums, for a store that reads rows again.
    public static final ImmutableSet<String> MEASURED =
            ImmutableSet.of("request.time", "namespace", "row.weight", "response.code", "request.duration");

    /// Where a page belongs.
    public record Place(long start, String attribute) implements Comparable<Place> {

        @Override
        public int compareTo(Place other) {
            var order = Long.compare(start, other.start);
            return order != 0 ? order : attribute.compareTo(other.attribute);
        }
    }

    private final Step step;
    // By start: one table for each attribute, in their order.
    private final Map<Long, RollupTable[]> tables = new HashMap<>();

    public Rollup(Step step) {
        this.step = step;
    }

    /// Adds rows, some at a time and of these one attribute after the other: so both they and the sums of one attribute
    /// stay near the processor.
    public void add(List<AccessLogEntry> rows) {
        Lists.partition(rows, NEAR).forEach(this::addSome);
    }

    private void addSome(List<AccessLogEntry> rows) {
        var tables = new ArrayList<RollupTable[]>(rows.size());
        var namespaces = new String[rows.size()];
        var known = new HashMap<String, String>();
        var times = new long[rows.size()];
        var places = new int[rows.size()];
        for (var i = 0; i < times.length; i++) {
            var row = rows.get(i);
            times[i] = Timestamps.toMicros(row.getStartTime());
            places[i] = Sketch.place(row.getDurationMicros());
            // Equal ones are the same then, which is quicker found.
            namespaces[i] = known.computeIfAbsent(row.getNamespace(), each -> each);
            tables.add(at(step.start(times[i])));
        }
        for (var attribute = 0; attribute < GETTERS.size(); attribute++) {
            var value = GETTERS.get(attribute);
            var hasSketch = !ATTRIBUTES.asList().get(attribute).equals(CLASS);
            for (var i = 0; i < times.length; i++) {
                var row = rows.get(i);
                var weight = row.getWeight();
                tables.get(i)[attribute].add(
                        namespaces[i],
                        value.apply(row),
                        weight,
                        row.getResponseCode() >= 500 ? weight : 0,
                        times[i],
                        hasSketch ? places[i] : RollupTable.NO_PLACE);
            }
        }
    }

    private static String text(long number) {
        return number >= 0 && number < NUMBERS.size() ? NUMBERS.get((int) number) : String.valueOf(number);
    }

    private RollupTable[] at(long start) {
        return tables.computeIfAbsent(start, _ -> {
            var made = new RollupTable[ATTRIBUTES.size()];
            for (var i = 0; i < made.length; i++) {
                made[i] = new RollupTable();
            }
            return made;
        });
    }

    /// Adds what is known of shorter pieces of time, or of the same.
    public void addAll(Rollup other) {
        other.tables.forEach((start, from) -> {
            var into = at(step.start(start));
            for (var i = 0; i < into.length; i++) {
                into[i].addAll(from[i]);
            }
        });
    }

    /// Adds a page of such.
    public void add(Place place, byte[] page) {
        var index = List.copyOf(ATTRIBUTES).indexOf(place.attribute());
        if (index >= 0) {
            at(step.start(place.start()))[index].addPage(page);
        }
    }

    public boolean isEmpty() {
        return tables.isEmpty();
    }

    /// How many sums there are.
    public int size() {
        var size = 0;
        for (var all : tables.values()) {
            for (var table : all) {
                size += table.size();
            }
        }
        return size;
    }

    /// Everything as pages to be kept.
    public Map<Place, byte[]> pages() {
        var pages = new TreeMap<Place, byte[]>();
        var names = List.copyOf(ATTRIBUTES);
        tables.forEach((start, all) -> {
            for (var i = 0; i < all.length; i++) {
                pages.put(new Place(start, names.get(i)), RollupPages.written(all[i]));
            }
        });
        return pages;
    }

    /// Adds what lies in a time to an answer.
    void addTo(RollupSum sum, String attribute, long from, long to) {
        var index = List.copyOf(ATTRIBUTES).indexOf(attribute);
        tables.forEach((start, all) -> {
            if (start >= from && start < to) {
                sum.add(start, all[index]);
            }
        });
    }
}
