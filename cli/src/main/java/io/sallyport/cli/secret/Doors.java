package io.sallyport.cli.secret;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.server.Connection;
import io.sallyport.proto.xds.v1.GetProxyConfigRequest;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Finds the [Door]s of all gateways in the listeners that they run.
final class Doors {

    private static final String LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";
    private static final String KUBERNETES = "kubernetes://";
    private static final String LENT = "lent://";

    private final List<Door> doors = new ArrayList<>();

    private Doors() {}

    static List<Door> of(Connection connection) throws CommandFailedException {
        var found = new Doors();
        var proxies = connection
                .proxies(stub -> stub.listProxies(ListProxiesRequest.getDefaultInstance()))
                .getProxiesList();
        for (var proxy : proxies) {
            if (proxy.getKind() != Proxy.Kind.SIDECAR) {
                found.add(proxy, connection);
            }
        }
        return found.doors;
    }

    private void add(Proxy proxy, Connection connection) throws CommandFailedException {
        var request = GetProxyConfigRequest.newBuilder()
                .setProxy(proxy.getName() + "." + proxy.getNamespace())
                .addTypes(LISTENER)
                .build();
        for (var resource :
                connection.proxies(stub -> stub.getProxyConfig(request)).getResourcesList()) {
            unpacked(resource.getResource(), Listener.class)
                    .ifPresent(
                            listener -> listener.getFilterChainsList().forEach(chain -> add(proxy, listener, chain)));
        }
    }

    private void add(Proxy proxy, Listener listener, FilterChain chain) {
        var context = unpacked(chain.getTransportSocket().getTypedConfig(), DownstreamTlsContext.class);
        if (context.isEmpty()) {
            return;
        }
        var common = context.get().getCommonTlsContext();
        var secrets = common.getTlsCertificateSdsSecretConfigsList().stream()
                .map(secret -> name(secret, proxy.getNamespace()))
                .toList();
        if (secrets.isEmpty()) {
            return;
        }
        var names = chain.getFilterChainMatch().getServerNamesList();
        var socket = listener.getAddress().getSocketAddress();
        for (var sni : names.isEmpty() ? List.of("*") : names) {
            doors.add(new Door(
                    sni,
                    proxy.getNamespace() + "/" + proxy.getName(),
                    socket.getAddress(),
                    socket.getPortValue(),
                    secrets,
                    authority(common)
                            .map(secret -> name(secret, proxy.getNamespace()))
                            .orElse("")));
        }
    }

    private static Optional<SdsSecretConfig> authority(CommonTlsContext context) {
        return switch (context.getValidationContextTypeCase()) {
            case COMBINED_VALIDATION_CONTEXT ->
                Optional.of(context.getCombinedValidationContext().getValidationContextSdsSecretConfig());
            case VALIDATION_CONTEXT_SDS_SECRET_CONFIG -> Optional.of(context.getValidationContextSdsSecretConfig());
            case VALIDATION_CONTEXT, VALIDATIONCONTEXTTYPE_NOT_SET -> Optional.empty();
            default -> Optional.empty();
        };
    }

    // As secret-service calls it: `kubernetes://shop` of a proxy in istio-system is `istio-system/shop`.
    private static String name(SdsSecretConfig secret, String namespace) {
        var resource = secret.getName();
        if (resource.startsWith(LENT)) {
            return resource.substring(LENT.length()).split("\\?", 2)[0];
        }
        if (!resource.startsWith(KUBERNETES)) {
            return resource;
        }
        var path = resource.substring(KUBERNETES.length());
        return path.contains("/") ? path : namespace + "/" + path;
    }

    private static <M extends com.google.protobuf.Message> Optional<M> unpacked(Any any, Class<M> type) {
        try {
            return any.is(type) ? Optional.of(any.unpack(type)) : Optional.empty();
        } catch (InvalidProtocolBufferException malformed) {
            return Optional.empty();
        }
    }
}
