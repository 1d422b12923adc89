package io.sallyport.cli.log;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Instant;

/// Rows for people: when, what was asked, what was answered, how long it took, and by whom.
final class RowTable {

    private RowTable() {}

    static Table heading() {
        return new Table("TIME", "CODE", "FLAGS", "TOOK", "METHOD", "HOST", "PATH", "ROUTE", "ID");
    }

    static void add(Table table, AccessLogEntry entry, Terminal terminal) {
        table.row(
                time(entry.getStartTime(), terminal),
                String.valueOf(entry.getResponseCode()),
                entry.getResponseFlagsList(),
                Sheet.Cell.took(entry.getDurationMicros()),
                entry.getMethod(),
                host(entry),
                entry.getPath(),
                route(entry),
                entry.getRequestId());
    }

    static String line(AccessLogEntry entry) {
        return String.join(
                " ",
                Timestamps.toString(entry.getStartTime()),
                String.valueOf(entry.getResponseCode()),
                orDash(entry.getResponseFlagsList()),
                Sheet.Cell.took(entry.getDurationMicros()),
                orDash(entry.getMethod()),
                orDash(host(entry)),
                orDash(entry.getPath()),
                orDash(route(entry)));
    }

    // Requests are closer together than seconds, and programs sort by it.
    private static String time(Timestamp time, Terminal terminal) {
        return terminal.isInteractive()
                ? Moments.written(Instant.ofEpochSecond(time.getSeconds()), terminal)
                : Timestamps.toString(time);
    }

    private static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    private static String host(AccessLogEntry entry) {
        return entry.getHost().isEmpty() ? entry.getServerName() : entry.getHost();
    }

    private static String route(AccessLogEntry entry) {
        var object = entry.getRouteObject();
        if (object.isEmpty()) {
            return entry.getRouteName();
        }
        return object.substring(object.indexOf(' ') + 1) + " " + entry.getRule();
    }
}
