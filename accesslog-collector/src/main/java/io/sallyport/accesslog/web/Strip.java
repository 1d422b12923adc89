package io.sallyport.accesslog.web;

import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.CompletenessResponse.Line;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// How complete the rows are, piece by piece of the time: one cell a minute, or a bar of the histogram where those are
/// longer.
final class Strip {

    private static final int MAX_CELLS = 1_500;
    private static final String SAMPLED = "sampled";

    private Strip() {}

    /// One piece.
    ///
    /// @param state `none`, `complete`, `pending` or `lost`, which style and text both tell
    record Cell(String state, String text) {}

    private record Sum(long stored, long pending, long lost, long sampled) {

        static final Sum NONE = new Sum(0, 0, 0, 0);

        Sum plus(Line line) {
            var left = line.getLostOrDefault(SAMPLED, 0);
            var all =
                    line.getLostMap().values().stream().mapToLong(each -> each).sum();
            return new Sum(
                    stored + line.getStored(),
                    pending + line.getPending(),
                    lost + all - left + line.getDroppedByProxy(),
                    sampled + left);
        }

        String state() {
            if (lost > 0) {
                return "lost";
            }
            if (pending > 0) {
                return "pending";
            }
            return stored + sampled > 0 ? "complete" : "none";
        }

        String text() {
            return Shown.count(stored) + " stored"
                    + (pending > 0 ? ", " + Shown.count(pending) + " on their way" : "")
                    + (lost > 0 ? ", " + Shown.count(lost) + " lost" : "")
                    + (sampled > 0 ? ", " + Shown.count(sampled) + " left out by sampling" : "");
        }
    }

    /// @param cell microseconds, as are the others
    static List<Cell> of(List<Line> lines, long from, long to, long cell) {
        var sums = new TreeMap<Long, Sum>();
        for (var start = Math.floorDiv(from, cell) * cell; start < to && sums.size() < MAX_CELLS; start += cell) {
            sums.put(start, Sum.NONE);
        }
        for (var line : lines) {
            var start = Math.floorDiv(Timestamps.toMicros(line.getMinute()), cell) * cell;
            sums.computeIfPresent(start, (_, sum) -> sum.plus(line));
        }
        var cells = new ArrayList<Cell>();
        for (Map.Entry<Long, Sum> sum : sums.entrySet()) {
            var start = Instant.ofEpochSecond(sum.getKey() / 1_000_000);
            cells.add(new Cell(
                    sum.getValue().state(),
                    Shown.bar(start, cell / 1_000_000) + ": " + sum.getValue().text()));
        }
        return cells;
    }

    /// All of it in one sentence, for whoever does not see it.
    static String text(List<Cell> cells) {
        var lost = cells.stream().filter(cell -> cell.state().equals("lost")).count();
        var pending =
                cells.stream().filter(cell -> cell.state().equals("pending")).count();
        if (lost + pending == 0) {
            return "Completeness over time: nothing is missing.";
        }
        return "Completeness over time: of " + cells.size() + " pieces, " + lost + " lack lost rows and " + pending
                + " lack rows that are on their way.";
    }
}
