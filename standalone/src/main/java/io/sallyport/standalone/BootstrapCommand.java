package io.sallyport.standalone;

import com.google.common.collect.ImmutableSortedMap;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.model.Platform;
import io.sallyport.standalone.envoy.EnvoyBootstrap;
import io.sallyport.standalone.envoy.ProxyName;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sallyport bootstrap`: prints what an Envoy of the user's own needs to attach to a running Sallyport.
@Command(name = "bootstrap", description = "Prints the bootstrap of an Envoy that attaches to a running Sallyport.")
final class BootstrapCommand implements Callable<Integer> {

    // Of a proxy elsewhere; whoever runs it knows better, and may edit the text.
    private static final EnvoyBootstrap.Limits LIMITS = new EnvoyBootstrap.Limits(10_000, 1L << 30);

    private static final int DNS_PORT = 53;

    private final Terminal terminal;

    @Option(names = "--name", required = true, description = "The proxy's name.")
    private String name = "";

    @Option(names = "--namespace", required = true, description = "The proxy's namespace.")
    private String namespace = "";

    @Option(names = "--label", paramLabel = "KEY=VALUE", description = "What a Gateway's selector matches. Repeatable.")
    private Map<String, String> labels = Map.of();

    @Option(
            names = "--listen",
            paramLabel = "PORT=LOCAL",
            description = "Binds a gateway's port as another. Repeatable.")
    private Map<String, Integer> listen = Map.of();

    @Option(names = "--address", defaultValue = "127.0.0.1", description = "What listeners bind. Default: 127.0.0.1.")
    private String address = "";

    @Option(names = "--kind", defaultValue = "router", description = "router or sidecar. Default: router.")
    private Platform.ProxyKind kind = Platform.ProxyKind.router;

    @Option(
            names = "--xds",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:15010",
            description = "Where discovery is. Default: 127.0.0.1:15010.")
    private String xds = "";

    @Option(
            names = "--name-server",
            paramLabel = "ADDRESS[:PORT]",
            description = "Where names are looked up. Repeatable. Default: as the machine does.")
    private List<String> nameServers = List.of();

    @Option(
            names = "--admin-socket",
            paramLabel = "PATH",
            defaultValue = "admin.sock",
            description = "Unix socket of Envoy's admin interface. Default: admin.sock.")
    private Path adminSocket = Path.of("admin.sock");

    @Option(
            names = "--sds-socket",
            paramLabel = "PATH",
            defaultValue = ".sallyport/sds.sock",
            description = "Unix socket of secret discovery. Default: .sallyport/sds.sock.")
    private Path secretSocket = Path.of(".sallyport", "sds.sock");

    BootstrapCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandFailedException {
        try {
            var checked = new ProxyName(namespace, name);
            var proxy = new Platform.Proxy(
                    checked.name(),
                    checked.namespace(),
                    ImmutableSortedMap.copyOf(labels),
                    kind,
                    address,
                    ImmutableSortedMap.copyOf(listen));
            var bootstrap =
                    EnvoyBootstrap.of(proxy, new EnvoyBootstrap.Doors(discovery(), secretSocket, adminSocket), LIMITS);
            var own = nameServers.stream().map(BootstrapCommand::nameServer).toList();
            terminal.printText((own.isEmpty() ? bootstrap : bootstrap.withNameServers(own)).json());
            return ExitCode.OK;
        } catch (IllegalArgumentException | UnknownHostException e) {
            throw CommandFailedException.unable(String.valueOf(e.getMessage()));
        }
    }

    // What looks names up cannot be a name itself.
    static InetSocketAddress nameServer(String text) {
        try {
            var server = HostAndPort.fromString(text).withDefaultPort(DNS_PORT);
            return new InetSocketAddress(InetAddresses.forString(server.getHost()), server.getPort());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "name server \"" + text + "\" (expected: an IP address, with :PORT or without)", e);
        }
    }

    // Envoy's static cluster takes addresses, not names.
    private InetSocketAddress discovery() throws UnknownHostException {
        var colon = xds.lastIndexOf(':');
        if (colon <= 0) {
            throw new IllegalArgumentException("--xds \"" + xds + "\" (expected: host:port)");
        }
        var host = InetAddress.getAllByName(xds.substring(0, colon))[0];
        return new InetSocketAddress(host, Integer.parseInt(xds.substring(colon + 1)));
    }
}
