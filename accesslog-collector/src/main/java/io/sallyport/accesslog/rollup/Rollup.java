package io.sallyport.accesslog.rollup;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/// Sums of rows by pieces of time and by the values of a few attributes. Not for threads.
public final class Rollup {

    /// The class of the response code, `5` of 503: no attribute of queries, but what histograms show.
    public static final String CLASS = "response.class";

    private static final ImmutableMap<String, Function<AccessLogEntry, String>> VALUES =
            ImmutableMap.<String, Function<AccessLogEntry, String>>builder()
                    .put(CLASS, entry -> String.valueOf(entry.getResponseCode() / 100))
                    .put("response.code", entry -> String.valueOf(entry.getResponseCode()))
                    .put("response.flags", AccessLogEntry::getResponseFlagsList)
                    .put("request.host", AccessLogEntry::getHost)
                    .put("request.method", AccessLogEntry::getMethod)
                    .put("xds.route_name", AccessLogEntry::getRouteName)
                    .put("config.object", AccessLogEntry::getRouteObject)
                    .put("config.rule", AccessLogEntry::getRule)
                    .put("config.revision", entry -> String.valueOf(entry.getRevision()))
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

    /// Adds a row; for minutes.
    public void add(AccessLogEntry row) {
        var time = Timestamps.toMicros(row.getStartTime());
        var place = Sketches.place(row.getDurationMicros());
        var errors = row.getResponseCode() >= 500 ? row.getWeight() : 0;
        var at = at(step.start(time));
        for (var i = 0; i < GETTERS.size(); i++) {
            at[i].add(row.getNamespace(), GETTERS.get(i).apply(row), row.getWeight(), errors, time, place);
        }
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
                pages.put(new Place(start, names.get(i)), all[i].page(step == Step.MINUTE));
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
