package io.sallyport.cli.egress;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.egress.v1.SuggestRequest;
import io.sallyport.proto.egress.v1.SuggestResponse;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The fewest objects that let out what was seen where all else is blocked. Printed as YAML, for a file;
/// `--accept` makes one revision of them.
@Command(
        name = "suggest",
        description = "Print the fewest objects that let out what was seen, and block all else; --accept applies them.")
final class EgressSuggestCommand implements Callable<Integer> {

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private EgressOptions options = new EgressOptions();

    @Mixin
    private EgressTimes times = new EgressTimes();

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            defaultValue = "",
            description = "Only clients of this namespace.")
    private String namespace = "";

    @Option(names = "--from", paramLabel = "CLIENT", description = "Whom the URLs are for, if there are any.")
    private @Nullable String from;

    @Option(names = "--entries-only", description = "Leave out the Sidecars that block all else.")
    private boolean entriesOnly;

    @Option(names = "--accept", description = "Apply the objects, all in one revision.")
    private boolean accept;

    @Parameters(paramLabel = "URL", arity = "0..*", description = "What to let out, instead of what was seen.")
    private List<String> urls = List.of();

    EgressSuggestCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var request = request();
        try (var connection = options.server().connect(dialer)) {
            var response = connection.egress(stub -> stub.suggest(request));
            if (options.isJson() && !accept) {
                terminal.printJson(Json.of(response));
            } else if (accept) {
                accept(connection, response);
            } else {
                terminal.printText(response.getResourcesList().stream()
                        .map(Resource::getSourceText)
                        .collect(Collectors.joining("---\n")));
            }
            response.getRemarksList().forEach(terminal::complain);
            if (!response.getGap().isEmpty()) {
                terminal.complain(response.getGap());
            } else if (response.getResourcesCount() == 0) {
                terminal.complain("nothing to add: " + response.getDeclared() + " of " + response.getDeclared()
                        + " places are declared");
            }
            return response.getRemarksCount() > 0 && accept ? ExitCode.NO : ExitCode.OK;
        }
    }

    private SuggestRequest request() throws CommandFailedException {
        var request = SuggestRequest.newBuilder()
                .setNamespace(namespace)
                .setFrom(times.from(terminal))
                .setEntriesOnly(entriesOnly);
        if (!urls.isEmpty() && from == null) {
            throw CommandFailedException.unable("URLs need --from (expected: --from default/app=sleep)");
        }
        for (var url : urls) {
            var place = Words.place(url);
            request.addDestinationsBuilder()
                    .setClient(Words.client(from == null ? "" : from))
                    .setHost(place.host())
                    .setPort(place.port())
                    .setProtocol(place.protocol());
        }
        return request.build();
    }

    // Conditional on the revision that was asked: what has come since might need another answer.
    private void accept(Connection connection, SuggestResponse response) throws CommandFailedException {
        if (response.getResourcesCount() == 0) {
            return;
        }
        var request = ApplyRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setExpectedRevision(response.getRevision())
                .setMessage("egress suggest --accept")
                .addAllUpserts(response.getResourcesList())
                .build();
        var applied = connection.config(stub -> stub.apply(request));
        if (options.isJson()) {
            terminal.printJson(Json.of(applied));
            return;
        }
        terminal.print("r" + applied.getRevision() + " accepted: "
                + applied.getChangesList().stream()
                        .map(change -> change.getRef().getKind() + " "
                                + change.getRef().getNamespace() + "/"
                                + change.getRef().getName())
                        .collect(Collectors.joining(", ")));
    }
}
