package io.sallyport.cli.config;

import com.google.protobuf.Timestamp;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.proto.config.v1.HistoryRequest;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Lists revisions, newest first: when, who, what and why.
@Command(name = "history", description = "List revisions: when, who, what and why.")
public final class HistoryCommand implements Callable<Integer> {

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "KIND",
            description = "Only revisions of one object: its kind,")
    private @Nullable String kind;

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "and its name.")
    private @Nullable String name;

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            description = "The namespace of the object. Default: default.")
    private @Nullable String namespace;

    @Option(names = "--limit", paramLabel = "N", description = "At most so many. Default: 50.")
    private int limit = 50;

    @Option(names = "--before", paramLabel = "N", description = "Only revisions before this one.")
    private @Nullable Long before;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            description = "How to answer. Default: text.")
    private ChangeOptions.Form form = ChangeOptions.Form.text;

    public HistoryCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var request = HistoryRequest.newBuilder().setLimit(limit);
        if (before != null) {
            request.setBefore(before);
        }
        if (kind != null) {
            if (name == null) {
                throw CommandFailedException.unable("a kind without a name (expected: history KIND NAME)");
            }
            request.setRef(ObjectName.read(kind, name, namespace));
        }
        try (var connection = server.connect(dialer)) {
            var response = connection.config(stub -> stub.history(request.build()));
            if (form == ChangeOptions.Form.json) {
                terminal.printJson(Json.of(response));
            } else if (response.getRevisionsCount() == 0) {
                terminal.print(
                        "no revisions" + (request.hasRef() ? " of " + ObjectName.written(request.getRef()) : ""));
            } else {
                var table = new Table("REVISION", "WHEN", "WHO", "WHAT", "WHY");
                for (var entry : response.getRevisionsList()) {
                    table.row(
                            "r" + entry.getRevision(),
                            Moments.written(instant(entry.getTime()), terminal),
                            entry.getAuthor(),
                            Changes.written(entry.getChangesList()),
                            entry.getMessage());
                }
                table.print(terminal);
            }
        }
        return ExitCode.OK;
    }

    private static Instant instant(Timestamp time) {
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }
}
