package io.sallyport.cli.proxy;

import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `proxy-config listener`: on which addresses and ports a proxy listens, and where each filter chain leads.
@Command(
        name = "listener",
        aliases = {"listeners", "l"},
        description = "Show on what a proxy listens, and where that leads.")
final class ListenerCommand implements Callable<Integer> {

    private static final String TYPE_URL = "type.googleapis.com/envoy.config.listener.v3.Listener";

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ProxyOptions options = new ProxyOptions();

    @Option(names = "--port", paramLabel = "PORT", description = "Only this port.")
    private @Nullable Integer port;

    @Option(names = "--address", paramLabel = "ADDRESS", description = "Only this address.")
    private @Nullable String address;

    @Option(names = "--type", paramLabel = "HTTP|TCP", description = "Only listeners of this type.")
    private @Nullable String type;

    @Option(
            names = "--verbose",
            arity = "0..1",
            defaultValue = "true",
            fallbackValue = "true",
            paramLabel = "true|false",
            description = "false: one line a listener, with its type. Default: one line a filter chain.")
    private boolean verbose = true;

    ListenerCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var listeners = options.resources(dialer, TYPE_URL, Listener.class);
        if (listeners.isEmpty()) {
            terminal.complain("Error: no listeners found");
            return ExitCode.NO;
        }
        var chosen = listeners.stream()
                .filter(this::isWanted)
                .sorted(Comparator.comparingInt(ListenerCommand::port)
                        .thenComparing(ListenerCommand::address)
                        .thenComparing(ListenerCommand::type))
                .toList();
        if (options.isJson()) {
            ProxyOptions.printJson(terminal, chosen);
        } else if (verbose) {
            printChains(chosen);
        } else {
            printTypes(chosen);
        }
        return ExitCode.OK;
    }

    private boolean isWanted(Listener listener) {
        return (port == null || port == port(listener))
                && (address == null || address.equalsIgnoreCase(address(listener)))
                && (type == null || type.equalsIgnoreCase(type(listener)));
    }

    private void printChains(List<Listener> listeners) {
        var table = new Table("ADDRESSES", "PORT", "MATCH", "DESTINATION");
        for (var listener : listeners) {
            chains(listener)
                    .map(chain -> List.of(match(chain.getFilterChainMatch()), destination(chain)))
                    .sorted(Comparator.comparing(List<String>::getLast).reversed())
                    .forEach(row -> table.row(
                            address(listener), String.valueOf(port(listener)), row.getFirst(), row.getLast()));
        }
        table.print(terminal);
    }

    private void printTypes(List<Listener> listeners) {
        var table = new Table("ADDRESSES", "PORT", "TYPE");
        listeners.forEach(listener -> table.row(address(listener), String.valueOf(port(listener)), type(listener)));
        table.print(terminal);
    }

    private static Stream<FilterChain> chains(Listener listener) {
        return listener.hasDefaultFilterChain()
                ? Stream.concat(listener.getFilterChainsList().stream(), Stream.of(listener.getDefaultFilterChain()))
                : listener.getFilterChainsList().stream();
    }

    private static String address(Listener listener) {
        return listener.getAddress().getSocketAddress().getAddress();
    }

    private static int port(Listener listener) {
        return listener.getAddress().getSocketAddress().getPortValue();
    }

    private static String type(Listener listener) {
        var filters = chains(listener)
                .flatMap(chain -> chain.getFiltersList().stream())
                .toList();
        var isHttp = filters.stream()
                .anyMatch(filter ->
                        filter.hasConfigDiscovery() || filter.getTypedConfig().is(HttpConnectionManager.class));
        var isTcp = filters.stream().anyMatch(filter -> filter.getTypedConfig().is(TcpProxy.class));
        if (isHttp) {
            return isTcp ? "HTTP+TCP" : "HTTP";
        }
        return isTcp ? "TCP" : "UNKNOWN";
    }

    private static String match(FilterChainMatch match) {
        var conditions = new ArrayList<String>();
        if (match.getServerNamesCount() > 0) {
            conditions.add("SNI: " + String.join(",", match.getServerNamesList()));
        }
        if (!match.getTransportProtocol().isEmpty()) {
            conditions.add("Trans: " + match.getTransportProtocol());
        }
        if (match.getApplicationProtocolsCount() > 0) {
            conditions.add("App: " + String.join(",", match.getApplicationProtocolsList()));
        }
        var destination =
                match.hasDestinationPort() ? ":" + match.getDestinationPort().getValue() : "";
        if (match.getPrefixRangesCount() > 0) {
            conditions.add(match.getPrefixRangesList().stream()
                    .map(range -> range.getAddressPrefix() + "/"
                            + range.getPrefixLen().getValue())
                    .collect(Collectors.joining(",", "Addr: ", destination)));
        } else if (!destination.isEmpty()) {
            conditions.add("Addr: *" + destination);
        }
        return conditions.isEmpty() ? "ALL" : String.join("; ", conditions);
    }

    private static String destination(FilterChain chain) {
        return chain.getFiltersList().stream()
                .map(filter -> destination(chain, filter))
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElse("Non-HTTP/Non-TCP");
    }

    private static String destination(FilterChain chain, Filter filter) {
        if (filter.hasConfigDiscovery()) {
            // A connection manager of many chains: the chain is called like its table.
            return "Route: " + chain.getName();
        }
        var http = ProxyOptions.unpacked(filter.getTypedConfig(), HttpConnectionManager.class);
        if (http != null) {
            return destination(http);
        }
        var tcp = ProxyOptions.unpacked(filter.getTypedConfig(), TcpProxy.class);
        if (tcp == null) {
            return "";
        }
        if (tcp.hasWeightedClusters()) {
            return tcp.getWeightedClusters().getClustersList().stream()
                    .map(cluster -> cluster.getName() + " (" + cluster.getWeight() + ")")
                    .collect(Collectors.joining(", ", "Cluster: ", ""));
        }
        return tcp.getCluster().endsWith("Cluster") ? tcp.getCluster() : "Cluster: " + tcp.getCluster();
    }

    // Scoped routes are a way of delivery: their scopes together are the one table that Istio would name.
    private static String destination(HttpConnectionManager http) {
        return switch (http.getRouteSpecifierCase()) {
            case RDS -> "Route: " + http.getRds().getRouteConfigName();
            case ROUTE_CONFIG -> "Inline Route: " + http.getRouteConfig().getName();
            case SCOPED_ROUTES -> "Route: " + RouteTables.scopedName(http.getScopedRoutes());
            case ROUTESPECIFIER_NOT_SET -> "HTTP";
        };
    }
}
