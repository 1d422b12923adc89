package io.sallyport.translation.simulate;

import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.simulate.Answer.Closed;
import io.sallyport.translation.simulate.Answer.Refused;
import io.sallyport.translation.simulate.Answer.Share;
import io.sallyport.translation.simulate.Answer.Tunnelled;
import java.util.List;
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
        return connect(request.port(), request.hello(), request, true);
    }

    /// What becomes of a connection that is no HTTP, with the name in its TLS hello if it has one.
    public Answer connect(int port, String serverName) {
        return connect(port, Hello.of(serverName));
    }

    /// What becomes of a connection that is no HTTP.
    public Answer connect(int port, Hello hello) {
        return connect(port, hello, Request.get(port, "", "/"), false);
    }

    /// What becomes of a request that was redirected on its way to `address` and its port: the listener of that
    /// address takes it over, else the one of the port, else the one that takes all that is redirected.
    public Answer redirected(String address, Request request) {
        return redirected(address, request, request.hello(), true);
    }

    /// The same of a connection that is no HTTP.
    public Answer redirected(String address, int port, Hello hello) {
        return redirected(address, Request.get(port, "", "/"), hello, false);
    }

    private Answer redirected(String address, Request request, Hello hello, boolean isHttp) {
        return resources
                .redirected(address, request.port())
                .map(listener -> connect(listener, hello, request, isHttp, address))
                .orElseGet(() -> new Refused(request.port()));
    }

    private Answer connect(int port, Hello hello, Request request, boolean isHttp) {
        return resources
                .listener(port)
                .map(listener -> connect(listener, hello, request, isHttp, ""))
                .orElseGet(() -> new Refused(port));
    }

    private Answer connect(Listener listener, Hello hello, Request request, boolean isHttp, String address) {
        var chosen = ChainChoice.of(listener, hello, isHttp, address);
        if (chosen.isEmpty() || chosen.orElseThrow().getFiltersCount() == 0) {
            return new Closed(listener.getName(), "no filter chain takes " + called(hello));
        }
        var chain = chosen.orElseThrow();
        var filter = chain.getFilters(chain.getFiltersCount() - 1);
        boolean copies = filter.getName().equals(ResourceNames.TCP_PROXY);
        var obstacle = obstacle(chain, copies, hello);
        if (obstacle.isPresent()) {
            return new Closed(listener.getName(), obstacle.orElseThrow());
        }
        if (copies) {
            var answer = tunnelled(listener, ParsedResources.parse(TcpProxy.parser(), filter.getTypedConfig()));
            return chain.getFilters(0).getName().equals(ResourceNames.HELLO_LOOKUP)
                    ? lookedUp(answer, chain.getFilters(0), hello.name())
                    : answer;
        }
        return resources
                .configuration(filter)
                .map(manager -> ParsedResources.parse(HttpConnectionManager.parser(), manager))
                .map(manager -> new HttpSimulation(resources, listener, chain.getName(), manager, request).answer())
                .orElseGet(() -> new Closed(
                        listener.getName(), "the connection manager \"" + filter.getName() + "\" has not come"));
    }

    private static String called(Hello hello) {
        return switch (hello) {
            case Hello.Plain() -> "a plain connection";
            case Hello.Tls tls ->
                tls.serverName().isEmpty() ? "TLS without a server name" : "server name \"" + tls.serverName() + "\"";
        };
    }

    // Why a chain that takes a connection cannot read it.
    private static Optional<String> obstacle(FilterChain chain, boolean copies, Hello hello) {
        if (!chain.hasTransportSocket()) {
            return hello.isTls() && !copies
                    ? Optional.of("the filter chain reads plain HTTP, and the connection is encrypted")
                    : Optional.empty();
        }
        return switch (hello) {
            case Hello.Plain() -> Optional.of("the filter chain reads TLS, and the connection is plain");
            case Hello.Tls tls -> {
                var context = ParsedResources.parse(
                        DownstreamTlsContext.parser(),
                        chain.getTransportSocket().getTypedConfig());
                yield context.getRequireClientCertificate().getValue() && !tls.certificate()
                        ? Optional.of("the filter chain requires a client certificate")
                        : Optional.empty();
            }
        };
    }

    // The name in the hello, at the port of the service, is where the connection goes.
    private static Tunnelled lookedUp(Tunnelled answer, Filter filter, String name) {
        var lookup = ParsedResources.parse(FilterConfig.parser(), filter.getTypedConfig());
        return new Tunnelled(
                answer.listener(),
                answer.shares().stream()
                        .map(share -> new Share(
                                share.cluster(),
                                share.weight(),
                                share.state(),
                                List.of(name + ":" + lookup.getPortValue()),
                                share.request(),
                                share.response()))
                        .toList());
    }

    private Tunnelled tunnelled(Listener listener, TcpProxy proxy) {
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
