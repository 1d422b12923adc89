package io.sallyport.cli.proxy;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `proxy-config endpoint`: the addresses behind each cluster, as the proxy was told. What Envoy's own
/// outlier detection makes of them is not known here, so that column shows `-`.
@Command(
        name = "endpoint",
        aliases = {"endpoints", "ep"},
        description = "Show the addresses behind each cluster.")
final class EndpointCommand implements Callable<Integer> {

    private static final String TYPE_URL = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ProxyOptions options = new ProxyOptions();

    @Option(
            names = {"--cluster", "--name"},
            paramLabel = "CLUSTER",
            description = "Only this cluster.")
    private @Nullable String cluster;

    @Option(names = "--port", paramLabel = "PORT", description = "Only addresses with this port.")
    private @Nullable Integer port;

    @Option(names = "--address", paramLabel = "ADDRESS", description = "Only this address.")
    private @Nullable String address;

    @Option(names = "--status", paramLabel = "STATUS", description = "Only this status: healthy, unhealthy, draining.")
    private @Nullable String status;

    EndpointCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var assignments = new ArrayList<>(options.resources(dialer, TYPE_URL, ClusterLoadAssignment.class));
        for (var one : options.resources(dialer, ClusterCommand.TYPE_URL, Cluster.class)) {
            if (one.hasLoadAssignment()) {
                assignments.add(one.getLoadAssignment());
            }
        }
        if (assignments.isEmpty()) {
            terminal.complain("Error: no endpoints found");
            return ExitCode.NO;
        }
        if (options.isJson()) {
            ProxyOptions.printJson(
                    terminal,
                    assignments.stream()
                            .filter(assignment -> rows(assignment).findAny().isPresent())
                            .sorted(Comparator.comparing(ClusterLoadAssignment::getClusterName))
                            .toList());
        } else {
            print(assignments.stream().flatMap(this::rows).sorted(Row.ORDER).toList());
        }
        return ExitCode.OK;
    }

    private void print(List<Row> rows) {
        var table = new Table("ENDPOINT", "STATUS", "OUTLIER CHECK", "CLUSTER");
        rows.forEach(row -> table.row(row.endpoint(), row.status(), "", row.cluster()));
        table.print(terminal);
    }

    private Stream<Row> rows(ClusterLoadAssignment assignment) {
        return assignment.getEndpointsList().stream()
                .flatMap(locality -> locality.getLbEndpointsList().stream())
                .map(endpoint -> Row.of(endpoint, assignment.getClusterName()))
                .filter(row -> cluster == null || cluster.equalsIgnoreCase(row.cluster()))
                .filter(row -> port == null || port == row.port())
                .filter(row -> address == null || address.equalsIgnoreCase(row.host()))
                .filter(row -> status == null || status.equalsIgnoreCase(row.status()));
    }

    private record Row(String host, int port, String status, String cluster) {

        static final Comparator<Row> ORDER =
                Comparator.comparing(Row::host).thenComparingInt(Row::port).thenComparing(Row::cluster);

        static Row of(LbEndpoint endpoint, String cluster) {
            var address = endpoint.getEndpoint().getAddress();
            return new Row(written(address), address.getSocketAddress().getPortValue(), status(endpoint), cluster);
        }

        String endpoint() {
            return port == 0 ? host : host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
        }

        private static String written(Address address) {
            return address.hasPipe()
                    ? "unix://" + address.getPipe().getPath()
                    : address.getSocketAddress().getAddress();
        }

        // Envoy takes an endpoint of unknown health for a healthy one.
        private static String status(LbEndpoint endpoint) {
            return endpoint.getHealthStatus() == HealthStatus.UNKNOWN
                    ? HealthStatus.HEALTHY.name()
                    : endpoint.getHealthStatus().name();
        }
    }
}
