package io.sallyport.accesslog.receive;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/// Counts per proxy and minute of the request what was received and what was lost, by cause, beside what the proxy
/// itself
/// counted. At most [#MAX_LINES] lines; the oldest minutes go first.
public final class Ledger {

    static final int MAX_LINES = 20_000;

    private record Key(long minute, String namespace, String proxy) {}

    private static final Comparator<Key> ORDER =
            Comparator.comparingLong(Key::minute).thenComparing(Key::namespace).thenComparing(Key::proxy);

    /// What became of the rows of one proxy and minute.
    ///
    /// @param minute seconds since 1970 of its start
    /// @param written by the proxy to its log streams; absent where nobody told
    /// @param dropped by the proxy, since its buffer was full
    public record Line(
            Proxy proxy, long minute, long received, OptionalLong written, long dropped, Map<String, Long> lost) {}

    private static final class Count {
        private long received;
        private long written = -1;
        private long dropped;
        private final Map<String, Long> lost = new TreeMap<>();
    }

    @GuardedBy("this") private final TreeMap<Key, Count> lines = new TreeMap<>(ORDER);

    synchronized void received(Proxy proxy, long second) {
        line(proxy, second).received++;
    }

    /// Notes that a row of that second did not get further.
    public synchronized void lost(Proxy proxy, long second, String cause) {
        line(proxy, second).lost.merge(cause, 1L, Long::sum);
    }

    /// Notes what a proxy has counted since it was asked before.
    public synchronized void told(Proxy proxy, long second, long written, long dropped) {
        var line = line(proxy, second);
        line.written = Math.max(0, line.written) + written;
        line.dropped += dropped;
    }

    @GuardedBy("this") private Count line(Proxy proxy, long second) {
        var key = new Key(Math.floorDiv(second, 60) * 60, proxy.namespace(), proxy.name());
        var line = lines.computeIfAbsent(key, _ -> new Count());
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
                        Map.copyOf(count.lost)));
            }
        });
        return found;
    }
}
