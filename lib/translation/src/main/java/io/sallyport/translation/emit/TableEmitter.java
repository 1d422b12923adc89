package io.sallyport.translation.emit;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.ScopedRouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.sallyport.model.Origin;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.emit.SiteEmitter.Piece;
import io.sallyport.translation.plan.RouteTable;
import io.sallyport.translation.plan.RouteTable.Others;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;

/// Puts route tables and scopes together from the bytes of their sites.
final class TableEmitter {

    private static final int MAX_DIRECT_RESPONSE_BYTES = 1 << 20;
    private static final int MISDIRECTED = 421;
    private static final int BAD_GATEWAY = 502;
    private static final String EVERY = "*";

    // What a scope adds to the virtual host of its one site: it says that the host is served, and switches the scripts
    // off that look for hosts elsewhere.
    private static final ByteString SERVED = Values.bytes(VirtualHost.newBuilder()
            .setMetadata(Metadata.newBuilder()
                    .putFilterMetadata(
                            ResourceNames.FALLBACK_FILTER,
                            Struct.newBuilder()
                                    .putFields(
                                            ResourceNames.SERVED,
                                            Value.newBuilder()
                                                    .setBoolValue(true)
                                                    .build())
                                    .build()))
            .putTypedPerFilterConfig(ResourceNames.FALLBACK_FILTER, off())
            .putTypedPerFilterConfig(ResourceNames.LOWER_CASE_FILTER, off())
            .build());

    private TableEmitter() {}

    private static com.google.protobuf.Any off() {
        return Values.pack(FilterConfig.newBuilder().setDisabled(true).build());
    }

    /// A host that is found by its own name. Wildcards are not, and neither is a host with a separator in it.
    static boolean hasScope(String host) {
        return !host.startsWith("*") && !host.endsWith("*") && !host.contains(ResourceNames.SCOPE_SEPARATOR);
    }

    /// The table as one resource.
    static EnvoyResource whole(RouteTableId id, SortedMap<String, Piece> sites, List<ByteString> others) {
        var origins = ImmutableList.<Origin>builder();
        var parts = new ArrayList<ByteString>();
        parts.add(head(id));
        addHosts(sites, others, parts, origins);
        return EnvoyResource.of(ResourceType.ROUTES, ResourceNames.routes(id), Wire.join(parts), origins.build());
    }

    private static void addHosts(
            SortedMap<String, Piece> sites,
            List<ByteString> others,
            List<ByteString> parts,
            ImmutableList.Builder<Origin> origins) {
        for (var site : sites.values()) {
            parts.add(Wire.field(RouteConfiguration.VIRTUAL_HOSTS_FIELD_NUMBER, site.bytes()));
            origins.addAll(site.origins());
        }
        for (var host : others) {
            parts.add(Wire.field(RouteConfiguration.VIRTUAL_HOSTS_FIELD_NUMBER, host));
        }
    }

    /// The virtual hosts for what has no site. A host that none of them takes is answered 404, so a table that answers
    /// nothing else needs one only to show that it is there.
    static ImmutableList<ByteString> others(RouteTable table) {
        int port = table.serverPort();
        return switch (table.others()) {
            case Others.Missing() ->
                table.sites().isEmpty() ? ImmutableList.of(blackhole(port, List.of("*"))) : ImmutableList.of();
            case Others.Blocked(boolean tunnels) -> ImmutableList.of(blocked(tunnels));
            case Others.Passed(var upstream, boolean tunnels) -> ImmutableList.of(passed(upstream, tunnels));
            case Others.Misdirected(var served, var elsewhere) -> {
                var hosts = ImmutableList.<ByteString>builder();
                var bare = served.stream()
                        .filter(host -> !table.sites().containsKey(host))
                        .toList();
                if (!bare.isEmpty()) {
                    hosts.add(blackhole(port, bare));
                }
                var away = served.contains(EVERY)
                        ? elsewhere
                        : Stream.concat(Stream.of(EVERY), elsewhere.stream()).toList();
                yield hosts.add(misdirected(port, away)).build();
            }
        };
    }

    private static ByteString blackhole(int serverPort, List<String> hosts) {
        return Values.bytes(VirtualHost.newBuilder()
                .setName(ResourceNames.blackhole(serverPort))
                .addAllDomains(hosts)
                .build());
    }

    private static ByteString blocked(boolean tunnels) {
        var out = everyOther(ResourceNames.BLOCK_ALL);
        out.addRoutes(route(ResourceNames.BLOCK_ALL).setDirectResponse(refusal()));
        if (tunnels) {
            out.addRoutes(tunnelRoute(ResourceNames.BLOCK_ALL).setDirectResponse(refusal()));
        }
        return Values.bytes(out.build());
    }

    private static DirectResponseAction refusal() {
        return DirectResponseAction.newBuilder().setStatus(BAD_GATEWAY).build();
    }

    private static ByteString passed(UpstreamId upstream, boolean tunnels) {
        var out = everyOther(ResourceNames.ALLOW_ANY);
        out.addRoutes(route(ResourceNames.ALLOW_ANY).setRoute(unlimited(upstream)));
        if (tunnels) {
            var action = unlimited(upstream);
            RouteEmitter.addTunnel(action);
            out.addRoutes(tunnelRoute(ResourceNames.ALLOW_ANY).setRoute(action));
        }
        return Values.bytes(out.build());
    }

    private static RouteAction.Builder unlimited(UpstreamId upstream) {
        return RouteAction.newBuilder()
                .setCluster(ResourceNames.cluster(upstream))
                .setTimeout(Duration.getDefaultInstance())
                .setMaxStreamDuration(RouteAction.MaxStreamDuration.newBuilder()
                        .setGrpcTimeoutHeaderMax(Duration.getDefaultInstance()));
    }

    private static VirtualHost.Builder everyOther(String name) {
        return VirtualHost.newBuilder().setName(name).addDomains("*").setIncludeRequestAttemptCount(true);
    }

    private static Route.Builder route(String name) {
        var out = Route.newBuilder().setName(name);
        out.getMatchBuilder().setPrefix("/");
        return out;
    }

    private static Route.Builder tunnelRoute(String name) {
        var out = Route.newBuilder().setName(name);
        out.getMatchBuilder().setConnectMatcher(RouteMatch.ConnectMatcher.getDefaultInstance());
        return out;
    }

    private static ByteString misdirected(int serverPort, List<String> hosts) {
        var out = VirtualHost.newBuilder()
                .setName(ResourceNames.misdirected(serverPort))
                .addAllDomains(hosts);
        var route = out.addRoutesBuilder().setName(ResourceNames.misdirected(serverPort));
        route.getMatchBuilder().setPrefix("/");
        route.getDirectResponseBuilder().setStatus(MISDIRECTED);
        return Values.bytes(out.build());
    }

    /// One exact host as a resource of its own, with the table's [#head].
    static EnvoyResource scope(RouteTableId id, ByteString head, String host, Piece site) {
        var hosts = List.of(
                Wire.field(RouteConfiguration.VIRTUAL_HOSTS_FIELD_NUMBER, Wire.join(List.of(site.bytes(), SERVED))));
        return scope(head, ResourceNames.scopeKey(id, host), hosts, site.origins());
    }

    /// The site as a part of the scope's own bytes: kept for the next table, it costs no second copy.
    static Piece within(EnvoyResource scope, Piece site) {
        var bytes = scope.bytes();
        // The site is the last field of the scope's last field, but for what every scope says.
        int end = bytes.size() - SERVED.size();
        return new Piece(bytes.substring(end - site.bytes().size(), end), site.origins());
    }

    /// All other hosts as one resource, where Envoy's own rule picks the longest wildcard.
    static EnvoyResource wildcards(RouteTableId id, SortedMap<String, Piece> sites, List<ByteString> others) {
        var origins = ImmutableList.<Origin>builder();
        var hosts = new ArrayList<ByteString>();
        addHosts(sites, others, hosts, origins);
        return scope(head(id), ResourceNames.wildcardKey(id), hosts, origins.build());
    }

    private static EnvoyResource scope(
            ByteString head, String key, List<ByteString> hosts, ImmutableList<Origin> origins) {
        var name = ResourceNames.scope(key);
        var scope = ScopedRouteConfiguration.newBuilder().setName(name);
        scope.getKeyBuilder().addFragmentsBuilder().setStringKey(key);
        var parts = new ArrayList<ByteString>();
        parts.add(head);
        parts.addAll(hosts);
        var routes = Wire.field(ScopedRouteConfiguration.ROUTE_CONFIGURATION_FIELD_NUMBER, Wire.join(parts));
        return EnvoyResource.of(
                ResourceType.SCOPED_ROUTES, name, Wire.join(List.of(Values.bytes(scope.build()), routes)), origins);
    }

    /// What a table says beside its hosts. A route to a cluster that is missing is served as 503 and not refused.
    static ByteString head(RouteTableId id) {
        return Values.bytes(RouteConfiguration.newBuilder()
                .setName(ResourceNames.routes(id))
                .setValidateClusters(Values.bool(false))
                .setIgnorePortInHostMatching(!(id instanceof RouteTableId.Proxied))
                .setMaxDirectResponseBodySizeBytes(UInt32Value.of(MAX_DIRECT_RESPONSE_BYTES))
                .addRequestHeadersToRemove(ResourceNames.SCOPE_HEADER)
                .build());
    }
}
