package io.sallyport.accesslog.receive;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;

/// Makes a row of one line, in whichever of Istio's two formats it is. A line in neither becomes a row of
/// kind `raw` that keeps it.
public final class LogLines {

    private LogLines() {}

    public static AccessLogEntry.Builder row(String line) {
        var row = line.startsWith("{") ? JsonLine.read(line) : TextLine.read(line);
        return row.orElseGet(() -> raw(line));
    }

    /// Keeps the beginning of a line that is too long to be read.
    static AccessLogEntry.Builder cut(String beginning) {
        return raw(beginning).setMarksList("cut");
    }

    private static AccessLogEntry.Builder raw(String line) {
        return AccessLogEntry.newBuilder()
                .setKind("raw")
                .setSource("text")
                .setWeight(1)
                .setRawText(line);
    }
}
