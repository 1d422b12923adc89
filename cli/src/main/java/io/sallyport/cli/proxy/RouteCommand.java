package io.sallyport.cli.proxy;

import com.google.protobuf.Struct;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `proxy-config route`: which hosts and paths a proxy knows, and whose rules they are.
@Command(
        name = "route",
        aliases = {"routes", "r"},
        description = "Show which hosts and paths a proxy knows, and by which VirtualService.")
final class RouteCommand implements Callable<Integer> {

    private static final String TYPE_URL = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
    private static final String SCOPE_TYPE_URL = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration";
    private static final int MAX_DOMAINS = 2;

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ProxyOptions options = new ProxyOptions();

    @Option(names = "--name", paramLabel = "NAME", description = "Only the table of this name: http.8080.")
    private @Nullable String name;

    RouteCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var tables = RouteTables.whole(
                options.resources(dialer, TYPE_URL, RouteConfiguration.class),
                options.resources(dialer, SCOPE_TYPE_URL, ScopedRouteConfiguration.class));
        if (tables.isEmpty()) {
            terminal.complain("Error: config dump has no route dump");
            return ExitCode.NO;
        }
        var chosen = tables.stream()
                .filter(table -> name == null || name.equals(table.getName()))
                .toList();
        if (options.isJson()) {
            ProxyOptions.printJson(terminal, chosen);
        } else {
            print(chosen);
        }
        return ExitCode.OK;
    }

    private void print(List<RouteConfiguration> tables) {
        var rows = new Table("NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE");
        for (var table : tables) {
            for (var host : table.getVirtualHostsList()) {
                for (var route : host.getRoutesList()) {
                    rows.row(table.getName(), host.getName(), domains(host), match(route.getMatch()), rule(route));
                }
                if (host.getRoutesCount() == 0) {
                    rows.row(table.getName(), host.getName(), domains(host), "/*", "404");
                }
            }
        }
        rows.print(terminal);
    }

    private static String domains(VirtualHost host) {
        var domains = host.getDomainsList();
        return domains.size() <= MAX_DOMAINS
                ? String.join(", ", domains)
                : String.join(", ", domains.subList(0, MAX_DOMAINS)) + " + " + (domains.size() - MAX_DOMAINS)
                        + " more...";
    }

    private static String match(RouteMatch match) {
        return switch (match.getPathSpecifierCase()) {
            case PREFIX -> match.getPrefix() + "*";
            case PATH -> match.getPath();
            case SAFE_REGEX -> "regex " + match.getSafeRegex().getRegex();
            case PATH_SEPARATED_PREFIX -> match.getPathSeparatedPrefix() + "/*";
            case CONNECT_MATCHER -> "CONNECT";
            case PATH_MATCH_POLICY -> "template";
            case PATHSPECIFIER_NOT_SET -> "";
        };
    }

    private static String rule(Route route) {
        return configObject(route.getMetadata());
    }

    /// `cart.shop`: the object that Istio's metadata names; empty where it names none.
    static String configObject(Metadata metadata) {
        var istio = metadata.getFilterMetadataOrDefault("istio", Struct.getDefaultInstance());
        var config = istio.containsFields("config")
                ? istio.getFieldsOrThrow("config").getStringValue()
                : "";
        var parts = config.split("/", -1);
        // "", apis, group, version, namespaces, NAMESPACE, kind, NAME
        return parts.length == 8 ? parts[7] + "." + parts[5] : "";
    }
}
