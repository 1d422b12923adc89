package io.sallyport.cli.proxy;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import java.util.Comparator;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `proxy-config cluster`: to which services a proxy can send.
@Command(
        name = "cluster",
        aliases = {"clusters", "c"},
        description = "Show to which services a proxy can send.")
final class ClusterCommand implements Callable<Integer> {

    static final String TYPE_URL = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

    private static final Comparator<Cluster> ORDER = Comparator.comparing(
                    (Cluster cluster) -> key(cluster).host())
            .thenComparing(cluster -> key(cluster).subset())
            .thenComparingInt(cluster -> key(cluster).portNumber())
            .thenComparing(cluster -> key(cluster).direction());

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ProxyOptions options = new ProxyOptions();

    @Option(
            names = {"--fqdn", "--name"},
            paramLabel = "HOST",
            description = "Only services whose name contains this.")
    private @Nullable String host;

    @Option(names = "--port", paramLabel = "PORT", description = "Only this service port.")
    private @Nullable Integer port;

    @Option(names = "--subset", paramLabel = "SUBSET", description = "Only this subset.")
    private @Nullable String subset;

    @Option(names = "--direction", paramLabel = "DIRECTION", description = "Only this direction: outbound, inbound.")
    private @Nullable String direction;

    ClusterCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var clusters = options.resources(dialer, TYPE_URL, Cluster.class);
        if (clusters.isEmpty()) {
            terminal.complain("Error: no clusters found");
            return ExitCode.NO;
        }
        var chosen = clusters.stream().filter(this::isWanted).sorted(ORDER).toList();
        if (options.isJson()) {
            ProxyOptions.printJson(terminal, chosen);
            return ExitCode.OK;
        }
        var table = new Table("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE");
        for (var cluster : chosen) {
            var key = key(cluster);
            table.row(
                    key.host(),
                    key.port(),
                    key.subset(),
                    key.direction(),
                    cluster.hasClusterType()
                            ? cluster.getClusterType().getName()
                            : cluster.getType().name(),
                    RouteCommand.configObject(cluster.getMetadata()));
        }
        table.print(terminal);
        return ExitCode.OK;
    }

    private boolean isWanted(Cluster cluster) {
        var key = key(cluster);
        return (host == null || cluster.getName().contains(host))
                && (port == null || key.port().equals(port.toString()))
                && (subset == null || key.subset().equals(subset))
                && (direction == null || key.direction().equalsIgnoreCase(direction));
    }

    private static ClusterKey key(Cluster cluster) {
        return ClusterKey.of(cluster.getName());
    }
}
