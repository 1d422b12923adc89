package io.sallyport.cli.egress;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.proto.egress.v1.Door;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.Verdict;
import io.sallyport.proto.egress.v1.Way;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Whether one client may reach one place: `egress check --from default/app=sleep https://google.com`. Blocked is exit
/// code 1.
@Command(name = "check", description = "Say whether a client may reach a place, by which object, through which door.")
final class EgressCheckCommand implements Callable<Integer> {

    /// How the client comes to its proxy.
    enum By {
        REDIRECTED,
        PROXY,
        PORT
    }

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private EgressOptions options = new EgressOptions();

    @Option(
            names = "--from",
            paramLabel = "CLIENT",
            required = true,
            description = "NAMESPACE, NAMESPACE/NAME or NAMESPACE/LABEL=VALUE,…")
    private String from = "";

    @Option(
            names = "--by",
            paramLabel = "redirected|proxy|port",
            description = "How the client comes to its proxy. Default: the first way that it has.")
    private @Nullable By by;

    @Parameters(paramLabel = "URL", description = "http://, https://, tls://HOST:PORT or tcp://HOST:PORT.")
    private String url = "";

    EgressCheckCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var place = Words.place(url);
        var request = EvaluateRequest.newBuilder()
                .setClient(Words.client(from))
                .setHost(place.host())
                .setPort(place.port())
                .setProtocol(place.protocol())
                .setDoor(door())
                .build();
        try (var connection = options.server().connect(dialer)) {
            var response = connection.egress(stub -> stub.evaluate(request));
            if (options.isJson()) {
                terminal.printJson(Json.of(response));
            } else {
                print(response.getVerdict());
            }
            return response.getVerdict().getWay() == Way.BLOCKED ? ExitCode.NO : ExitCode.OK;
        }
    }

    private Door door() {
        if (by == null) {
            return Door.DOOR_UNSPECIFIED;
        }
        return switch (by) {
            case REDIRECTED -> Door.REDIRECTED;
            case PROXY -> Door.HTTP_PROXY;
            case PORT -> Door.LOCAL_PORT;
        };
    }

    private void print(Verdict verdict) {
        var reason = Words.written(verdict.getReason());
        switch (verdict.getWay()) {
            case DIRECT ->
                terminal.print((verdict.getNearestCount() > 0 ? "direct, not through the egress gateway: " : "direct: ")
                        + reason);
            case GATEWAY -> {
                terminal.print("through gateway " + verdict.getGateway() + ": " + reason);
                terminal.print("  there " + Words.written(verdict.getOnward()));
            }
            case BLOCKED -> {
                terminal.print("blocked: " + reason);
                terminal.print("  the client sees: " + verdict.getSymptom().getText());
            }
            case WAY_UNSPECIFIED, UNRECOGNIZED -> terminal.print("unknown (expected: a newer sallyport)");
        }
        verdict.getNearestList().forEach(miss -> terminal.print("  " + Words.written(miss)));
    }
}
