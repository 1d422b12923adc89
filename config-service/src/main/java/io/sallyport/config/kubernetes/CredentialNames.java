package io.sallyport.config.kubernetes;

import com.google.common.collect.ImmutableListMultimap;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfGateway;
import io.sallyport.analysis.world.World;
import io.sallyport.config.store.RevisionLog.Published;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.ServerTlsSettings;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The Secrets (`namespace/name`) whose key pairs the servers of Gateways show, of both kinds of Gateway.
/// A credential of Istio's is looked for where the proxies are that serve the Gateway: of one that no
/// proxy serves nothing is known.
final class CredentialNames {

    private static final String SCHEME = "kubernetes://";

    private final ImmutableListMultimap<ObjectRef, String> ofIstio;
    private final SortedSet<String> all = new TreeSet<>();

    CredentialNames(Published published, Optional<ListProxiesResponse> proxies) {
        var names = ImmutableListMultimap.<ObjectRef, String>builder();
        var known = proxies.map(ListProxiesResponse::getProxiesList).orElse(List.of());
        for (var object : published.state().image().objects()) {
            if (object.ref().kind() == Kind.GATEWAY && object.spec() instanceof Gateway gateway) {
                names.putAll(object.ref(), names(gateway, known));
            } else if (object.ref().kind() == Kind.KUBERNETES_GATEWAY) {
                all.addAll(ofStandard(published, object));
            }
        }
        this.ofIstio = names.build();
        all.addAll(ofIstio.values());
    }

    /// All that there are.
    SortedSet<String> all() {
        return all;
    }

    /// Those of a Gateway of Istio's.
    List<String> of(ObjectRef gateway) {
        return ofIstio.get(gateway);
    }

    private static List<String> ofStandard(Published published, ConfigObject<?> gateway) {
        return published
                .gatewayApi()
                .status(gateway.ref())
                .filter(OfGateway.class::isInstance)
                .map(OfGateway.class::cast)
                .stream()
                .flatMap(status -> status.listeners().stream())
                .flatMap(listener -> listener.credentials().stream())
                .toList();
    }

    private static List<String> names(Gateway gateway, List<Proxy> proxies) {
        var homes = proxies.stream()
                .filter(proxy -> proxy.getKind() == Proxy.Kind.ROUTER)
                .filter(proxy -> World.selects(gateway, proxy.getLabelsMap()))
                .map(Proxy::getNamespace)
                .distinct()
                .sorted()
                .toList();
        return gateway.servers().stream()
                .flatMap(server -> Stream.ofNullable(server.tls()))
                .filter(CredentialNames::endsTls)
                .flatMap(tls -> tls.credentialNames().isEmpty()
                        ? Stream.of(tls.credentialName())
                        : tls.credentialNames().stream())
                .map(name -> name.startsWith(SCHEME) ? name.substring(SCHEME.length()) : name)
                .filter(name -> !name.isEmpty() && !name.contains("://"))
                .flatMap(name ->
                        name.contains("/") ? Stream.of(name) : homes.stream().map(home -> home + "/" + name))
                .distinct()
                .toList();
    }

    private static boolean endsTls(ServerTlsSettings tls) {
        return tls.mode() == TlsMode.SIMPLE || tls.mode() == TlsMode.MUTUAL || tls.mode() == TlsMode.OPTIONAL_MUTUAL;
    }
}
