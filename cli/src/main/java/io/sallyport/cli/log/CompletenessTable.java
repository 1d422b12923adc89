package io.sallyport.cli.log;

import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import java.util.Map;
import java.util.stream.Collectors;

/// What became of each proxy's rows: a line for each minute, and one with the sum, which alone says what is missing.
final class CompletenessTable {

    private CompletenessTable() {}

    static void print(CompletenessResponse answer, Terminal terminal) {
        var table = new Table(
                "PROXY",
                "MINUTE",
                "SERVED",
                "FILTERED",
                "WRITTEN",
                "DROPPED",
                "MISSING",
                "RECEIVED",
                "PENDING",
                "STORED",
                "LOST");
        answer.getLinesList().forEach(line -> add(table, line, Timestamps.toString(line.getMinute()), false));
        answer.getTotalsList().forEach(line -> add(table, line, "all", true));
        table.print(terminal);
    }

    private static void add(Table table, CompletenessResponse.Line line, String minute, boolean isTotal) {
        table.row(
                line.getProxyNamespace() + "/" + line.getProxy(),
                minute,
                line.hasServed() ? String.valueOf(line.getServed()) : "",
                isTotal && line.hasServed() ? String.valueOf(line.getFiltered()) : "",
                line.hasWritten() ? String.valueOf(line.getWritten()) : "",
                String.valueOf(line.getDroppedByProxy()),
                isTotal && line.hasWritten() ? String.valueOf(line.getMissing()) : "",
                String.valueOf(line.getReceived()),
                String.valueOf(line.getPending()),
                String.valueOf(line.getStored()),
                line.getLostMap().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(lost -> lost.getKey() + " " + lost.getValue())
                        .collect(Collectors.joining(", ")));
    }
}
