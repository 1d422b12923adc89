package io.sallyport.translation.emit;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.type.v3.HashPolicy;
import io.sallyport.model.Origin;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.Chain.Match;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.ListenerPlan.Door;
import io.sallyport.translation.plan.NameGuard;
import io.sallyport.translation.plan.TcpOptions;
import io.sallyport.translation.plan.Timeout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Emits one Envoy listener per [ListenerPlan].
final class ListenerEmitter {

    private static final Duration HANDSHAKE =
            Duration.newBuilder().setSeconds(15).build();

    private ListenerEmitter() {}

    /// What a listener says beside its chains.
    static Listener head(ListenerPlan plan) {
        var out = Listener.newBuilder()
                .setName(ResourceNames.listener(plan))
                .setAddress(Address.newBuilder()
                        .setSocketAddress(SocketAddress.newBuilder()
                                .setAddress(plan.address())
                                .setIpv4Compat(plan.address().equals(Bind.BOTH_FAMILIES))
                                .setPortValue(plan.bind().port())))
                .setTrafficDirection(TrafficDirection.OUTBOUND)
                .setPerConnectionBufferLimitBytes(Values.uint32(bufferBytes(plan)))
                // A second process that binds the port must fail, not take half of the connections.
                .setEnableReusePort(Values.bool(false));
        switch (plan.door()) {
            case GATEWAY -> {}
            case LOCAL -> addPatience(out);
            case HANDED_OVER -> addPatience(out).setBindToPort(Values.bool(false));
            case REDIRECTED -> addPatience(out).setUseOriginalDst(Values.bool(true));
        }
        if (plan.isAnnounced()) {
            out.addListenerFiltersBuilder()
                    .setName("envoy.filters.listener.proxy_protocol")
                    .setTypedConfig(Values.pack(ProxyProtocol.getDefaultInstance()));
        }
        if (plan.chains().stream().anyMatch(chain -> readsHello(chain.match()))) {
            out.addListenerFiltersBuilder()
                    .setName(ResourceNames.TLS_INSPECTOR)
                    .setTypedConfig(Values.pack(TlsInspector.getDefaultInstance()));
        }
        if (plan.chains().stream().anyMatch(chain -> chain.match() instanceof Match.PlainHttp)) {
            out.addListenerFiltersBuilder()
                    .setName(ResourceNames.HTTP_INSPECTOR)
                    .setTypedConfig(Values.pack(HttpInspector.getDefaultInstance()));
        }
        if (plan.chains().stream().anyMatch(chain -> chain.tls() instanceof Chain.Tls.Terminate)) {
            out.addAllAccessLog(AccessLogEmitter.handshakes(plan.logs().unmatched()));
        }
        return out.addAllAccessLog(AccessLogEmitter.unmatched(plan.logs().unmatched()))
                .build();
    }

    /// The listener with no more of its chains than whom they take: enough to judge them together.
    static Listener outline(ListenerPlan plan, List<SpelledChain> chains) {
        var out = head(plan).toBuilder();
        for (var chain : chains) {
            var match = FilterChain.newBuilder()
                    .setFilterChainMatch(chain.message().getFilterChainMatch())
                    .build();
            if (isDefault(plan, chain, chains)) {
                out.setDefaultFilterChain(match);
            } else {
                out.addFilterChains(match);
            }
        }
        return out.build();
    }

    /// The listener with these of its chains. They are bytes already: a port has thousands, of which one has changed.
    static ByteString bytes(ListenerPlan plan, List<SpelledChain> chains) {
        var parts = new ArrayList<ByteString>(chains.size() + 1);
        parts.add(Values.bytes(head(plan)));
        for (var chain : chains) {
            int field = isDefault(plan, chain, chains)
                    ? Listener.DEFAULT_FILTER_CHAIN_FIELD_NUMBER
                    : Listener.FILTER_CHAINS_FIELD_NUMBER;
            parts.add(Wire.field(field, chain.bytes()));
        }
        return Wire.join(parts);
    }

    private static boolean isDefault(ListenerPlan plan, SpelledChain chain, List<SpelledChain> chains) {
        return chain.plan().match() instanceof Match.Rest && plan.door() != Door.REDIRECTED && chains.size() > 1;
    }

    // Servers that speak first are met behind these ports: bytes that never come are not waited for, as with Istio.
    private static Listener.Builder addPatience(Listener.Builder out) {
        return out.setContinueOnListenerFiltersTimeout(true).setListenerFiltersTimeout(Duration.getDefaultInstance());
    }

    private static boolean readsHello(Match match) {
        return switch (match) {
            case Match.AnyEncrypted _, Match.Names _, Match.PlainHttp _ -> true;
            case Match.Any _, Match.Within _, Match.Direct _, Match.Rest _ -> false;
        };
    }

    private static int bufferBytes(ListenerPlan plan) {
        return plan.chains().stream()
                .flatMap(chain ->
                        chain.content() instanceof Content.Http http ? Stream.of(http.options()) : Stream.empty())
                .mapToInt(options -> options.precautions().bufferBytes())
                .min()
                .orElse(HttpOptions.EDGE.precautions().bufferBytes());
    }

    /// One chain.
    static FilterChain chain(ListenerPlan plan, SpelledChain.Key key) {
        var chain = key.chain();
        var out = FilterChain.newBuilder()
                .setName(ResourceNames.chain(plan, chain.match()))
                .setTransportSocketConnectTimeout(HANDSHAKE);
        switch (chain.match()) {
            case Match.Any(), Match.Rest() -> {}
            case Match.PlainHttp() ->
                out.getFilterChainMatchBuilder()
                        .setTransportProtocol("raw_buffer")
                        .addAllApplicationProtocols(List.of("http/1.0", "http/1.1", "h2c"));
            case Match.Within(var networks) ->
                networks.forEach(network -> out.getFilterChainMatchBuilder().addPrefixRanges(range(network)));
            case Match.Direct(int port) -> out.getFilterChainMatchBuilder().setDestinationPort(Values.uint32(port));
            case Match.AnyEncrypted() -> out.getFilterChainMatchBuilder().setTransportProtocol("tls");
            case Match.Names(var servers, var protocols) ->
                out.getFilterChainMatchBuilder().addAllServerNames(servers).addAllApplicationProtocols(protocols);
        }
        switch (chain.tls()) {
            case Chain.Tls.None() -> {}
            case Chain.Tls.Terminate tls ->
                out.getTransportSocketBuilder()
                        .setName(TlsParts.TRANSPORT)
                        .setTypedConfig(Values.pack(DownstreamTlsEmitter.emit(tls)));
        }
        switch (chain.content()) {
            case Content.Http http
            when key.isShared() ->
                out.setName(ResourceNames.sharingChain(http.table())).addFilters(SharedManagers.filter(key.manager()));
            case Content.Http http ->
                out.addFilters(
                        filter(ResourceNames.CONNECTION_MANAGER, ManagerEmitter.emit(plan, http, key.isScoped())));
            case Content.Tcp tcp -> {
                switch (tcp.options().target()) {
                    case TcpOptions.Target.Upstream() -> {}
                    case TcpOptions.Target.Hello(int port, var guard) -> addLookup(port, guard, out);
                }
                out.addFilters(filter(ResourceNames.TCP_PROXY, tcp(tcp, chain.origin(), plan.logs())));
            }
        }
        return out.build();
    }

    private static void addLookup(int port, NameGuard guard, FilterChain.Builder out) {
        var lookup = FilterConfig.newBuilder()
                .setDnsCacheConfig(ClusterEmitter.names())
                .setPortValue(port);
        switch (guard) {
            case NameGuard.None() -> out.addFilters(filter(ResourceNames.HELLO_LOOKUP, lookup.build()));
            case NameGuard.Outside(var allowed) ->
                out.addFilters(filter(
                                ResourceNames.HELLO_LOOKUP,
                                lookup.setSaveUpstreamAddress(true).build()))
                        .addFilters(filter(
                                ResourceNames.CONNECTION_GUARD,
                                RBAC.newBuilder()
                                        .setStatPrefix("names.")
                                        .setRules(GuardEmitter.rules(allowed))
                                        .build()));
        }
    }

    /// The connection manager that a chain of ours ends with.
    static HttpConnectionManager manager(Filter filter) {
        try {
            return filter.getTypedConfig().unpack(HttpConnectionManager.class);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a filter of our own cannot be read", e);
        }
    }

    private static CidrRange range(String network) {
        int slash = network.indexOf('/');
        return CidrRange.newBuilder()
                .setAddressPrefix(network.substring(0, slash))
                .setPrefixLen(Values.uint32(Integer.parseInt(network.substring(slash + 1))))
                .build();
    }

    private static Filter filter(String name, Message configuration) {
        return Filter.newBuilder()
                .setName(name)
                .setTypedConfig(Values.pack(configuration))
                .build();
    }

    private static TcpProxy tcp(Content.Tcp tcp, Origin origin, AccessLogs logs) {
        var out = TcpProxy.newBuilder()
                .setStatPrefix(tcp.stat())
                .addAllAccessLog(AccessLogEmitter.connections(logs.connections(), origin));
        if (tcp.shares().size() == 1) {
            out.setCluster(ResourceNames.cluster(tcp.shares().getFirst().upstream()));
        } else {
            for (var share : tcp.shares()) {
                out.getWeightedClustersBuilder()
                        .addClustersBuilder()
                        .setName(ResourceNames.cluster(share.upstream()))
                        .setWeight(share.weight());
            }
        }
        var options = tcp.options();
        switch (options.idle()) {
            case Timeout.None() -> {}
            case Timeout.After(var idle) -> out.setIdleTimeout(Values.duration(idle));
        }
        switch (options.age()) {
            case Timeout.None() -> {}
            case Timeout.After(var age) -> out.setMaxDownstreamConnectionDuration(Values.duration(age));
        }
        if (options.staysByAddress()) {
            out.addHashPolicyBuilder().setSourceIp(HashPolicy.SourceIp.getDefaultInstance());
        }
        switch (options.tunnel()) {
            case TcpOptions.Tunnel.None() -> {}
            case TcpOptions.Tunnel.To(var host, int port, var byPost) ->
                out.getTunnelingConfigBuilder()
                        .setHostname((host.contains(":") ? "[" + host + "]" : host) + ":" + port)
                        .setUsePost(byPost);
        }
        return out.build();
    }
}
