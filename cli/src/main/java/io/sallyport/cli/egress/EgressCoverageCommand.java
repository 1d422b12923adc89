package io.sallyport.cli.egress;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.proto.egress.v1.Cell;
import io.sallyport.proto.egress.v1.Contradiction;
import io.sallyport.proto.egress.v1.CoverageRequest;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Which way every declared place is reached by every class of clients. Contradictions are exit code 1: a pipeline can
/// hold a change to having none.
@Command(
        name = "coverage",
        description = "Show for each client, host and port which way it goes; exit 1 where objects contradict that.")
final class EgressCoverageCommand implements Callable<Integer> {

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private EgressOptions options = new EgressOptions();

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            defaultValue = "",
            description = "Only clients of this namespace.")
    private String namespace = "";

    EgressCoverageCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var request = CoverageRequest.newBuilder().setNamespace(namespace).build();
        try (var connection = options.server().connect(dialer)) {
            var response = connection.egress(stub -> stub.coverage(request));
            var contradictions = new LinkedHashMap<String, Contradiction>();
            response.getCellsList()
                    .forEach(cell -> cell.getContradictionsList()
                            .forEach(each -> contradictions.putIfAbsent(
                                    Words.written(cell.getClient()) + ": " + each.getText(), each)));
            if (options.isJson()) {
                terminal.printJson(Json.of(response));
            } else if (response.getCellsCount() == 0) {
                terminal.complain(
                        "no place outside is declared (expected: a ServiceEntry with location MESH_EXTERNAL)");
            } else {
                var table = new Table("CLIENT", "BY", "PLACE", "WAY", "CONTRADICTION");
                response.getCellsList().forEach(cell -> row(table, cell));
                table.print(terminal);
                contradictions.forEach((text, each) -> {
                    terminal.print(written(each.getKind()) + "  " + text);
                    each.getReasonsList().forEach(reason -> terminal.print("  " + Words.written(reason)));
                });
            }
            return contradictions.isEmpty() ? ExitCode.OK : ExitCode.NO;
        }
    }

    private static void row(Table table, Cell cell) {
        table.row(
                Words.written(cell.getClient()),
                Words.written(cell.getDoor()),
                Words.written(cell.getProtocol()) + "://" + cell.getHost() + ":" + cell.getPort(),
                Words.brief(cell.getVerdict()),
                cell.getContradictionsList().stream()
                        .map(each -> written(each.getKind()))
                        .collect(Collectors.joining(", ")));
    }

    private static String written(Contradiction.Kind kind) {
        return switch (kind) {
            case LEAK -> "leak";
            case DEAD_END -> "dead end";
            case SHADOWED -> "shadowed";
            case MISROUTED -> "misrouted";
            case KIND_UNSPECIFIED, UNRECOGNIZED -> "contradiction";
        };
    }
}
