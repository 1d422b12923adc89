package io.sallyport.cli.proxy;

import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.ScopedRoutes;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/// Route tables as users know them: one `http.80` for a port, whether Envoy gets it as one resource or, for a large
/// table, in scopes of `http.80|shop.test`.
final class RouteTables {

    private static final char SCOPE = '|';

    private RouteTables() {}

    /// The tables by name, each scope's virtual hosts in the table that it is a part of.
    static List<RouteConfiguration> whole(List<RouteConfiguration> delivered) {
        var tables = new TreeMap<String, RouteConfiguration.Builder>();
        var scoped = new TreeMap<String, Boolean>();
        for (var part : delivered) {
            var bar = part.getName().indexOf(SCOPE);
            var name = bar < 0 ? part.getName() : part.getName().substring(0, bar);
            scoped.merge(name, bar >= 0, Boolean::logicalOr);
            var table = tables.get(name);
            if (table == null) {
                tables.put(name, part.toBuilder().setName(name));
            } else {
                table.addAllVirtualHosts(part.getVirtualHostsList());
            }
        }
        return tables.values().stream()
                .map(table -> scoped.getOrDefault(table.getName(), false) ? sorted(table) : table.build())
                .toList();
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
