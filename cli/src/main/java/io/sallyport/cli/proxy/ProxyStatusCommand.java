package io.sallyport.cli.proxy;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.finding.FindingPrinter;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.cli.server.WireFindings;
import io.sallyport.proto.secret.v1.ListSecretsRequest;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.TypeStatus;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Shows which proxies are connected and how far each is: which revision it runs, what it refused.
@Command(
        name = "proxy-status",
        aliases = "ps",
        description = "Show which proxies are connected, what each runs and what it refused.")
public final class ProxyStatusCommand implements Callable<Integer> {

    private static final List<String> TYPES = List.of("CDS", "LDS", "EDS", "RDS", "SRDS", "ECDS");

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "PROXY",
            description = "One proxy, NAME or NAME.NS, in detail.")
    private @Nullable String wanted;

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            description = "The namespace of the proxy.")
    private @Nullable String namespace;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "short|json",
            description = "How to answer. Default: short.")
    private OutputForm form = OutputForm.SHORT;

    private List<SecretStatus> missing = List.of();

    public ProxyStatusCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        try (var connection = server.connect(dialer)) {
            var response = connection.proxies(stub -> stub.listProxies(ListProxiesRequest.getDefaultInstance()));
            var chosen = wanted == null ? response : only(response, ProxyName.read(wanted, namespace));
            if (form != OutputForm.JSON) {
                missing = missing(connection);
            }
            if (form == OutputForm.JSON) {
                terminal.printJson(Json.of(chosen));
            } else if (wanted != null) {
                chosen.getProxiesList().forEach(this::printDetails);
            } else if (chosen.getProxiesCount() == 0) {
                terminal.complain("no proxies are connected (expected: an Envoy with \"sallyport bootstrap\")");
            } else {
                printTable(chosen);
            }
        }
        return ExitCode.OK;
    }

    // Where secret-service cannot be asked (it runs apart, say), nothing is said about secrets.
    private static List<SecretStatus> missing(Connection connection) {
        try {
            return connection
                    .secrets(stub -> stub.listSecrets(ListSecretsRequest.getDefaultInstance()))
                    .getSecretsList()
                    .stream()
                    .filter(status -> status.getState() == SecretStatus.State.MISSING)
                    .toList();
        } catch (CommandFailedException unknown) {
            return List.of();
        }
    }

    private static ListProxiesResponse only(ListProxiesResponse response, String name) throws CommandFailedException {
        var chosen = response.getProxiesList().stream()
                .filter(proxy -> name.equals(proxy.getName()) || name.equals(qualified(proxy)))
                .toList();
        if (chosen.isEmpty()) {
            var there = response.getProxiesList().stream()
                    .map(ProxyStatusCommand::qualified)
                    .sorted()
                    .toList();
            throw CommandFailedException.no("proxy \"" + name + "\" is not connected (expected: "
                    + (there.isEmpty() ? "a connected proxy; there is none" : String.join(", ", there)) + ")");
        }
        return response.toBuilder().clearProxies().addAllProxies(chosen).build();
    }

    private static String qualified(Proxy proxy) {
        return proxy.getName() + "." + proxy.getNamespace();
    }

    private void printTable(ListProxiesResponse response) {
        var table = new Table("NAME", "CDS", "LDS", "EDS", "RDS", "SRDS", "ECDS", "ACKED", "LIVE", "VERSION");
        for (var proxy : response.getProxiesList()) {
            table.row(
                    qualified(proxy),
                    state(proxy, TYPES.get(0)),
                    state(proxy, TYPES.get(1)),
                    state(proxy, TYPES.get(2)),
                    state(proxy, TYPES.get(3)),
                    state(proxy, TYPES.get(4)),
                    state(proxy, TYPES.get(5)),
                    revision(proxy.getAcknowledgedRevision()),
                    revision(proxy.getLiveRevision()),
                    proxy.getEnvoyVersion());
        }
        table.print(terminal);
        for (var proxy : response.getProxiesList()) {
            printTroubles(proxy, qualified(proxy) + " ");
        }
    }

    private void printDetails(Proxy proxy) {
        terminal.print(qualified(proxy) + "  " + (proxy.getKind() == Proxy.Kind.SIDECAR ? "sidecar" : "router")
                + ", Envoy " + (proxy.getEnvoyVersion().isEmpty() ? "of unknown version" : proxy.getEnvoyVersion()));
        terminal.print("  node       " + proxy.getNodeId());
        terminal.print("  labels     " + new TreeMap<>(proxy.getLabelsMap()));
        terminal.print("  connected  "
                + Moments.written(Instant.ofEpochSecond(proxy.getConnected().getSeconds()), terminal)
                + (proxy.getDelta() ? ", delta" : ", state of the world"));
        terminal.print("  revision   acknowledged " + revision(proxy.getAcknowledgedRevision()) + ", live "
                + revision(proxy.getLiveRevision()));
        var table = new Table("TYPE", "STATE", "REVISION", "RESOURCES");
        for (var type : proxy.getTypesList()) {
            table.row(
                    type.getType(),
                    written(type.getState()),
                    revision(type.getRevision()),
                    String.valueOf(type.getResources()));
        }
        table.print(terminal);
        printTroubles(proxy, "");
    }

    private void printTroubles(Proxy proxy, String who) {
        for (var rejection : proxy.getRejectionsList()) {
            var sources = new StringBuilder();
            rejection
                    .getSourcesList()
                    .forEach(source -> sources.append(" <-").append(FindingPrinter.where(WireFindings.place(source))));
            terminal.print("%srefused %s %s of r%d: \"%s\"%s"
                    .formatted(
                            who,
                            rejection.getType(),
                            rejection.getResource(),
                            rejection.getRevision(),
                            rejection.getReason(),
                            sources));
        }
        proxy.getPendingList().forEach(pending -> terminal.print(who + pending));
        missing.stream()
                .filter(secret -> secret.getName().getNamespace().equals(proxy.getNamespace()))
                .forEach(secret -> terminal.print("%swaiting for secret %s/%s: %s"
                        .formatted(
                                who,
                                secret.getName().getNamespace(),
                                secret.getName().getName(),
                                secret.getReason())));
    }

    private static String revision(long revision) {
        return revision == 0 ? "" : "r" + revision;
    }

    private static String state(Proxy proxy, String type) {
        return proxy.getTypesList().stream()
                .filter(status -> status.getType().equals(type))
                .map(status -> written(status.getState()))
                .findFirst()
                .orElse("");
    }

    private static String written(TypeStatus.State state) {
        return switch (state) {
            case SYNCED -> "SYNCED";
            case STALE -> "STALE";
            case REJECTED -> "REJECTED";
            case NOT_SENT -> "NOT SENT";
            case STATE_UNSPECIFIED, UNRECOGNIZED -> "";
        };
    }
}
