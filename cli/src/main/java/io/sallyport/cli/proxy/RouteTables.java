package io.sallyport.cli.proxy;

import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.TreeMap;

/// Route tables as users know them: one `http.80` for a port, whether Envoy gets it as one resource or, for a large
/// table, in one scope for each host.
final class RouteTables {

    private RouteTables() {}

    /// The tables by name. A table that a proxy has both ways, while it turns from one to the other, is taken whole.
    static List<RouteConfiguration> whole(List<RouteConfiguration> tables, List<ScopedRouteConfiguration> scopes) {
        var parts = new HashMap<String, RouteConfiguration.Builder>();
        for (var scope : scopes) {
            if (!scope.hasRouteConfiguration()) {
                // It names a table that is there by itself.
                continue;
            }
            var part = scope.getRouteConfiguration();
            parts.merge(
                    part.getName(),
                    part.toBuilder(),
                    (table, more) -> table.addAllVirtualHosts(more.getVirtualHostsList()));
        }
        var byName = new TreeMap<String, RouteConfiguration>();
        parts.forEach((name, table) -> byName.put(name, sorted(table)));
        tables.forEach(table -> byName.put(table.getName(), table));
        return List.copyOf(byName.values());
    }

    private static RouteConfiguration sorted(RouteConfiguration.Builder table) {
        var hosts = table.getVirtualHostsList().stream()
                .sorted(Comparator.comparing(VirtualHost::getName))
                .toList();
        return table.clearVirtualHosts().addAllVirtualHosts(hosts).build();
    }

    /// The table that a listener's scopes make up: its scope keys begin with the table's name.
    static String scopedName(ScopedRoutes routes) {
        return routes.getName().split("\\|", 2)[0];
    }
}
