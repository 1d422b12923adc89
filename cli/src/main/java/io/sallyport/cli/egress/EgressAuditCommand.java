package io.sallyport.cli.egress;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.proto.egress.v1.AuditRequest;
import java.time.Instant;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What clients were seen to reach, or to be kept from, with today's verdict on each.
@Command(name = "audit", description = "Show what clients were seen to ask for, and what becomes of it today.")
final class EgressAuditCommand implements Callable<Integer> {

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

    EgressAuditCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var request = AuditRequest.newBuilder()
                .setNamespace(namespace)
                .setFrom(times.from(terminal))
                .build();
        try (var connection = options.server().connect(dialer)) {
            var response = connection.egress(stub -> stub.audit(request));
            if (options.isJson()) {
                terminal.printJson(Json.of(response));
                return ExitCode.OK;
            }
            if (response.getSeenCount() > 0) {
                var table = new Table("CLIENT", "PLACE", "SEEN", "BLOCKED", "LAST", "TODAY");
                for (var seen : response.getSeenList()) {
                    table.row(
                            Words.written(seen.getClient()),
                            Words.written(seen.getProtocol()) + "://" + seen.getHost() + ":" + seen.getPort(),
                            Long.toString(seen.getCount()),
                            Long.toString(seen.getBlocked()),
                            Moments.written(Instant.ofEpochSecond(seen.getLast().getSeconds()), terminal),
                            Words.brief(seen.getVerdict())
                                    + (seen.getVerdict().getByDefault() ? "; REGISTRY_ONLY would block it" : ""));
                }
                table.print(terminal);
            }
            if (!response.getGap().isEmpty()) {
                terminal.complain(response.getGap());
            }
        }
        return ExitCode.OK;
    }
}
