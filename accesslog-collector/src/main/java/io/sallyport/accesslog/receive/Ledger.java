package io.sallyport.accesslog.receive;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/// Counts per proxy and minute of the request what was received and what was lost, by cause, beside what the proxy
/// itself counted. At most [#MAX_LINES] lines; the oldest minutes go first. [LedgerFolder] keeps it over restarts.
public final class Ledger {

    static final int MAX_LINES = 200_000;
    private static final int MAX_RUNS = 10_000;
    // No proxy has such a name.
    private static final String IN_KAFKA = "kafka ";
    static final long HOUR = 3_600;

    private record Key(long minute, String namespace, String proxy) {}

    private static final Comparator<Key> ORDER =
            Comparator.comparingLong(Key::minute).thenComparing(Key::namespace).thenComparing(Key::proxy);

    /// What one Envoy has counted since it started.
    ///
    /// @param written rows that it has given to its log streams
    /// @param dropped rows that it has not, since its buffer was full
    /// @param served HTTP requests that came to an end
    public record Totals(long written, long dropped, long served) {

        static final Totals NONE = new Totals(0, 0, 0);
    }

    /// What became of the rows of one proxy and minute.
    ///
    /// @param minute seconds since 1970 of its start
    /// @param written by the proxy to its log streams; absent where nobody told
    /// @param dropped by the proxy, since its buffer was full
    /// @param served what the proxy has answered, logged or not; absent where nobody told
    public record Line(
            Proxy proxy,
            long minute,
            long received,
            OptionalLong written,
            long dropped,
            OptionalLong served,
            Map<String, Long> lost) {

        /// Whether this is no proxy's, but what was lost of a partition of Kafka: its rows are among those that
        /// the proxies' lines have as received.
        public boolean isOfKafka() {
            return proxy.namespace().isEmpty() && proxy.name().startsWith(IN_KAFKA);
        }
    }

    /// What was last heard from one run of an Envoy.
    record Heard(Totals totals, long second) {}

    private static final class Count {
        private long received;
        private long written = -1;
        private long dropped;
        private long served = -1;
        private final Map<String, Long> lost = new TreeMap<>();
    }

    @GuardedBy("this") private final TreeMap<Key, Count> lines = new TreeMap<>(ORDER);

    // Since the start of this process.
    @GuardedBy("this") private long droppedByProxies;

    @GuardedBy("this") private final LinkedHashMap<String, Heard> heard = new LinkedHashMap<>();

    // Hours since 1970 in which something has changed.
    @GuardedBy("this") private final Set<Long> changed = new HashSet<>();

    synchronized void received(Proxy proxy, long second) {
        line(proxy, second).received++;
    }

    /// Notes that a row of that second did not get further.
    public synchronized void lost(Proxy proxy, long second, String cause) {
        line(proxy, second).lost.merge(cause, 1L, Long::sum);
    }

    /// Notes that rows were lost in Kafka, where nobody knows any more whose they were: they are on the line of
    /// the partition, which is named as a proxy of no namespace, `kafka sallyport.accesslog-0`.
    public synchronized void lostInKafka(String partition, long second, String cause, long rows) {
        line(new Proxy("", IN_KAFKA + partition), second).lost.merge(cause, rows, Long::sum);
    }

    /// Notes what a proxy has counted. What it had counted when it was asked before is taken off, also when that was
    /// before a restart of ours.
    ///
    /// @param run names this run of the Envoy: its counters begin at 0 with it
    /// @param isWhole whether all of what it counted is ours, though it was never asked before: it started after us
    public synchronized void told(Proxy proxy, String run, boolean isWhole, long second, Totals now) {
        var last = heard.get(run);
        var before = last != null ? last.totals() : isWhole ? Totals.NONE : now;
        heard.remove(run);
        heard.put(run, new Heard(now, second));
        if (heard.size() > MAX_RUNS) {
            heard.pollFirstEntry();
        }
        if (now.equals(before) && last != null) {
            if (Math.floorDiv(last.second(), HOUR) != Math.floorDiv(second, HOUR)) {
                changed.add(Math.floorDiv(second, HOUR));
            }
            return;
        }
        var line = line(proxy, second);
        line.written = Math.max(0, line.written) + now.written() - before.written();
        line.served = Math.max(0, line.served) + now.served() - before.served();
        line.dropped += now.dropped() - before.dropped();
        droppedByProxies += now.dropped() - before.dropped();
    }

    /// Rows that proxies have told us they dropped, since the start of this process.
    public synchronized long droppedByProxies() {
        return droppedByProxies;
    }

    @GuardedBy("this") private Count line(Proxy proxy, long second) {
        var key = new Key(Math.floorDiv(second, 60) * 60, proxy.namespace(), proxy.name());
        var line = lines.computeIfAbsent(key, _ -> new Count());
        changed.add(Math.floorDiv(second, HOUR));
        if (lines.size() > MAX_LINES) {
            lines.pollFirstEntry();
        }
        return line;
    }

    /// The lines from one second to another, in order of time.
    public synchronized List<Line> lines(long fromSecond, long toSecond) {
        var found = new ArrayList<Line>();
        lines.forEach((key, count) -> {
            if (key.minute() + 60 > fromSecond && key.minute() < toSecond) {
                found.add(new Line(
                        new Proxy(key.namespace(), key.proxy()),
                        key.minute(),
                        count.received,
                        count.written < 0 ? OptionalLong.empty() : OptionalLong.of(count.written),
                        count.dropped,
                        count.served < 0 ? OptionalLong.empty() : OptionalLong.of(count.served),
                        Map.copyOf(count.lost)));
            }
        });
        return found;
    }

    /// The hours with changes since the last call.
    synchronized Set<Long> takeChanged() {
        var taken = Set.copyOf(changed);
        changed.clear();
        return taken;
    }

    /// What belongs into the file of one hour: its minutes, and what was heard in it. Both at once, so that a count is
    /// never kept without the difference that it made.
    synchronized Page page(long hour) {
        var kept = new TreeMap<String, Heard>();
        heard.forEach((run, last) -> {
            if (Math.floorDiv(last.second(), HOUR) == hour) {
                kept.put(run, last);
            }
        });
        return new Page(lines(hour * HOUR, (hour + 1) * HOUR), kept);
    }

    /// One file's content.
    record Page(List<Line> lines, Map<String, Heard> heard) {}

    /// Adds what an earlier process had counted.
    synchronized void restore(Line line) {
        var count = line(line.proxy(), line.minute());
        count.received += line.received();
        line.written().ifPresent(written -> count.written = Math.max(0, count.written) + written);
        line.served().ifPresent(served -> count.served = Math.max(0, count.served) + served);
        count.dropped += line.dropped();
        line.lost().forEach((cause, lost) -> count.lost.merge(cause, lost, Long::sum));
    }

    /// What an Envoy had said to an earlier process; the newer one counts.
    synchronized void restore(String run, Heard known) {
        heard.merge(run, known, (one, other) -> one.second() > other.second() ? one : other);
    }
}
