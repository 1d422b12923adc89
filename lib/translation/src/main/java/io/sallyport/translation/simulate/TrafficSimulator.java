package io.sallyport.translation.simulate;

import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.simulate.Answer.Closed;
import io.sallyport.translation.simulate.Answer.Refused;
import io.sallyport.translation.simulate.Answer.Share;
import io.sallyport.translation.simulate.Answer.Tunnelled;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The door of this package: where would this request go? Reads only what Envoy is given, so that an answer of it and
/// one of a real Envoy can be compared, and names the route that was taken and why the ones before it were not.
public final class TrafficSimulator {

    private final ParsedResources resources;

    public TrafficSimulator(EnvoyResources resources) {
        this.resources = new ParsedResources(resources);
    }

    /// What becomes of a request. On a port that copies bytes, what becomes of its connection.
    public Answer answer(Request request) {
        return connect(request.port(), request.serverName(), request);
    }

    /// What becomes of a connection that is no HTTP, with the name in its TLS hello if it has one.
    public Answer connect(int port, String serverName) {
        return connect(port, serverName, Request.get(port, "", "/"));
    }

    private Answer connect(int port, String serverName, Request request) {
        var found = resources.listener(port);
        if (found.isEmpty()) {
            return new Refused(port);
        }
        var listener = found.orElseThrow();
        var chain = chain(listener, serverName);
        if (chain.isEmpty() || chain.orElseThrow().getFiltersCount() == 0) {
            var name = serverName.isEmpty() ? "a plain connection" : "server name \"" + serverName + "\"";
            return new Closed(listener.getName(), "no filter chain takes " + name);
        }
        if (chain.orElseThrow().hasTransportSocket() && serverName.isEmpty()) {
            return new Closed(listener.getName(), "the filter chain reads TLS, and the connection is plain");
        }
        var filter = chain.orElseThrow().getFilters(chain.orElseThrow().getFiltersCount() - 1);
        if (filter.getName().equals(ResourceNames.TCP_PROXY)) {
            return tunnelled(listener, ParsedResources.parse(TcpProxy.parser(), filter.getTypedConfig()));
        }
        var manager = ParsedResources.parse(HttpConnectionManager.parser(), filter.getTypedConfig());
        return new HttpSimulation(resources, listener, manager, request).answer();
    }

    // The exact name, else the longest wildcard that covers it, else the chain for whatever is encrypted, else the one
    // for everything. A connection without a name is a plain one here.
    private static Optional<FilterChain> chain(Listener listener, String serverName) {
        var name = serverName.toLowerCase(Locale.ROOT);
        FilterChain best = null;
        int bestLength = -1;
        for (var chain : listener.getFilterChainsList()) {
            var match = chain.getFilterChainMatch();
            var names = match.getServerNamesList();
            boolean isForTls = match.getTransportProtocol().equals("tls");
            int length = isForTls ? 1 : 0;
            if (names.isEmpty() && length > bestLength && !(isForTls && name.isEmpty())) {
                best = chain;
                bestLength = length;
            }
            for (var candidate : (List<String>) names) {
                if (covers(candidate, name) && candidate.length() > bestLength) {
                    best = chain;
                    bestLength = candidate.length();
                }
            }
        }
        return Optional.ofNullable(best);
    }

    // A wildcard is shorter than every name that it covers, so the longest pattern is the closest.
    private static boolean covers(String pattern, String name) {
        return pattern.equals(name)
                || (pattern.startsWith("*.") && name.endsWith(pattern.substring(1)) && !name.isEmpty());
    }

    private Answer tunnelled(Listener listener, TcpProxy proxy) {
        if (!proxy.hasWeightedClusters()) {
            return new Tunnelled(listener.getName(), List.of(share(proxy.getCluster(), 1)));
        }
        return new Tunnelled(
                listener.getName(),
                proxy.getWeightedClusters().getClustersList().stream()
                        .filter(cluster -> cluster.getWeight() > 0)
                        .map(cluster -> share(cluster.getName(), cluster.getWeight()))
                        .toList());
    }

    private Share share(String cluster, long weight) {
        return HttpSimulation.share(resources, cluster, weight, HeaderLines.NONE, HeaderEditing.NONE);
    }
}
