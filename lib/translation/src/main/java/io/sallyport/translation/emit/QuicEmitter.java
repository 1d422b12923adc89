package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.common.mutation_rules.v3.HeaderMutation;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
import io.envoyproxy.envoy.config.core.v3.Http3ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.SocketAddress.Protocol;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.QuicProtocolOptions;
import io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.Mutations;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.Chain.Tls;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.RouteTableId;
import java.util.List;
import java.util.function.UnaryOperator;

/// Spells HTTP/3: beside the listener that takes TCP, one of the same port for QUIC, with the chains that QUIC can
/// carry; and
/// in the answers over TCP a word that it is there. (Istio: `buildGatewayListeners` with
/// `PILOT_ENABLE_QUIC_LISTENERS`.)
final class QuicEmitter {

    private static final String DAY_SECONDS = "86400";

    private QuicEmitter() {}

    /// Whether a chain reads requests inside TLS 1.3 from clients that need no certificate. Clients that do
    /// need one are kept to TCP: QUIC here has no say in it.
    static boolean carries(Chain chain) {
        return chain.content() instanceof Content.Http
                && chain.tls() instanceof Tls.Terminate tls
                && tls.clients() instanceof Tls.Clients.Unasked
                && tls.newest() == Tls.Version.TLS1_3;
    }

    /// The listener for QUIC, of the chains as they are over TCP.
    static Listener emit(ListenerPlan plan, List<FilterChain> chains) {
        var out = Listener.newBuilder()
                .setName(ResourceNames.quicListener(plan.bind()))
                .setTrafficDirection(ListenerEmitter.head(plan).getTrafficDirection());
        out.getAddressBuilder()
                .getSocketAddressBuilder()
                .setProtocol(Protocol.UDP)
                .setAddress(plan.address())
                .setPortValue(plan.bind().port());
        out.getUdpListenerConfigBuilder().setQuicOptions(QuicProtocolOptions.getDefaultInstance());
        chains.forEach(chain -> out.addFilterChains(quic(chain)));
        return out.build();
    }

    private static FilterChain quic(FilterChain chain) {
        var out = chain.toBuilder().clearTransportSocketConnectTimeout();
        // What is encrypted is told apart from what is not on TCP alone.
        out.getFilterChainMatchBuilder().clearTransportProtocol();
        var tls = DownstreamTlsEmitter.parse(chain.getTransportSocket()).toBuilder();
        tls.getCommonTlsContextBuilder().clearAlpnProtocols().addAlpnProtocols("h3");
        out.getTransportSocketBuilder()
                .setName("envoy.transport_sockets.quic")
                .setTypedConfig(Values.pack(QuicDownstreamTransport.newBuilder()
                        .setDownstreamTlsContext(tls)
                        .build()));
        return withManager(
                out.build(),
                manager -> manager.setCodecType(HttpConnectionManager.CodecType.HTTP3)
                        .setHttp3ProtocolOptions(Http3ProtocolOptions.getDefaultInstance()));
    }

    /// A chain over TCP whose answers say that the server's port takes QUIC too.
    static FilterChain advertised(Chain chain, FilterChain message) {
        var port = chain.content() instanceof Content.Http http && http.table() instanceof RouteTableId.Terminated id
                ? id.serverPort()
                : 0;
        var header = HeaderMutation.newBuilder();
        header.getAppendBuilder()
                .setAppendAction(HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD)
                .getHeaderBuilder()
                .setKey("alt-svc")
                .setValue("h3=\":" + port + "\"; ma=" + DAY_SECONDS);
        var mutation = io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.HeaderMutation.newBuilder()
                .setMutations(Mutations.newBuilder().addResponseMutations(header))
                .build();
        var filter = HttpFilter.newBuilder()
                .setName("envoy.filters.http.header_mutation")
                .setTypedConfig(Values.pack(mutation));
        return withManager(message, manager -> manager.addHttpFilters(0, filter));
    }

    private static FilterChain withManager(FilterChain chain, UnaryOperator<HttpConnectionManager.Builder> change) {
        var last = chain.getFilters(chain.getFiltersCount() - 1);
        var manager = ListenerEmitter.manager(last);
        var changed = Filter.newBuilder()
                .setName(last.getName())
                .setTypedConfig(Values.pack(change.apply(manager.toBuilder()).build()));
        return chain.toBuilder()
                .setFilters(chain.getFiltersCount() - 1, changed)
                .build();
    }
}
