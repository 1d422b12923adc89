package io.sallyport.cli.log;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Connection;
import io.sallyport.proto.accesslog.v1.Coverage;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.ExportResponse;
import io.sallyport.proto.accesslog.v1.Scope;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;

/// All rows of a scope, oldest first, on the terminal or in a file.
///
/// @param limit at most so many rows; absent: as many as the collector gives
record RowExport(Connection connection, Scope scope, OptionalInt limit) {

    private static final Duration PATIENCE = Duration.ofMinutes(10);

    /// Prints them in a format of lines.
    void print(ExportRequest.Format format, Terminal terminal) throws CommandFailedException {
        var question = question(format);
        var coverage = connection.logs(PATIENCE, stub -> {
            // Pieces end anywhere, so only whole lines are printed.
            var line = new StringBuilder();
            var pieces = stub.export(question);
            var last = ExportResponse.getDefaultInstance();
            while (pieces.hasNext()) {
                last = pieces.next();
                line.append(last.getData().toString(StandardCharsets.UTF_8));
                var end = line.lastIndexOf("\n");
                terminal.printText(line.substring(0, end + 1));
                line.delete(0, end + 1);
            }
            return last.getCoverage();
        });
        terminal.complain(Coverages.written(coverage));
    }

    /// Writes them as Parquet. A file that cannot be written is said before the collector is asked.
    void write(Path out, Terminal terminal) throws CommandFailedException {
        var file = new WholeFile(out);
        var obstacle = file.obstacle();
        if (obstacle.isPresent()) {
            throw CommandFailedException.unable(out + " cannot be written: " + obstacle.get());
        }
        var question = question(ExportRequest.Format.PARQUET);
        var coverage = Coverage.newBuilder();
        var failure = connection.logs(PATIENCE, stub -> {
            var pieces = stub.export(question);
            try {
                file.write(bytes -> {
                    while (pieces.hasNext()) {
                        var piece = pieces.next();
                        piece.getData().writeTo(bytes);
                        coverage.mergeFrom(piece.getCoverage());
                    }
                });
                return "";
            } catch (IOException e) {
                return out + " cannot be written: " + WholeFile.reason(e);
            }
        });
        if (!failure.isEmpty()) {
            throw CommandFailedException.unable(failure);
        }
        terminal.complain(Coverages.written(coverage.build()));
    }

    private ExportRequest question(ExportRequest.Format format) {
        var question = ExportRequest.newBuilder().setScope(scope).setFormat(format);
        limit.ifPresent(question::setLimit);
        return question.build();
    }
}
