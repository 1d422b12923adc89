package io.sallyport.translation.link;

import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.MeshConfig.ForwardClientCertDetails;
import io.sallyport.model.MeshConfig.MeshProxyConfig;
import io.sallyport.model.MeshConfig.PathNormalization;
import io.sallyport.model.MeshConfig.ProxyHeaders;
import io.sallyport.model.MeshConfig.SetCurrentClientCertDetails;
import io.sallyport.model.MeshConfig.Switch;
import io.sallyport.model.MeshConfig.Topology;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.HttpOptions.ClientCertificate;
import io.sallyport.translation.plan.HttpOptions.ClientCertificate.Forwarding;
import io.sallyport.translation.plan.HttpOptions.OwnHeaders;
import io.sallyport.translation.plan.HttpOptions.PathForm;
import io.sallyport.translation.plan.HttpOptions.Precautions;
import io.sallyport.translation.plan.HttpOptions.Server;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How requests are read, as the mesh settings and `edge` of `sallyport.yaml` say.
/// (Istio: `buildGatewayConnectionManager` in `pilot/pkg/networking/core/gateway.go`; R17, T14.)
final class HttpOptionsLinker {

    private HttpOptionsLinker() {}

    static HttpOptions link(MeshSettings mesh) {
        var proxy = mesh.proxies();
        var headers = proxy.map(MeshProxyConfig::proxyHeaders);
        return new HttpOptions(
                mesh.trustedProxies(),
                mesh.speaksHttp10(),
                mesh.pathNormalization().map(HttpOptionsLinker::paths).orElse(usualPaths(mesh)),
                precautions(mesh),
                headers.map(HttpOptionsLinker::own).orElse(OwnHeaders.USUAL),
                certificate(proxy, headers));
    }

    // What proxies in front say is not a client's claim.
    private static Precautions precautions(MeshSettings mesh) {
        if (!mesh.isStrict()) {
            return Precautions.USUAL;
        }
        return mesh.trustedProxies() == 0 ? Precautions.STRICT : Precautions.STRICT.believing();
    }

    // A setting that is written beats the strict edge's own.
    private static PathForm usualPaths(MeshSettings mesh) {
        return mesh.isStrict() ? PathForm.REDIRECTED : PathForm.NORMAL;
    }

    private static PathForm paths(PathNormalization written) {
        return switch (written.normalization()) {
            case NONE -> PathForm.AS_SENT;
            case DEFAULT, BASE -> PathForm.NORMAL;
            case MERGE_SLASHES -> PathForm.MERGED;
            case DECODE_AND_MERGE_SLASHES -> PathForm.DECODED;
        };
    }

    private static OwnHeaders own(ProxyHeaders headers) {
        return new OwnHeaders(
                server(headers),
                !isOff(headers.requestId()),
                !isOff(headers.envoyDebugHeaders()),
                isOn(headers.xForwardedPort()),
                isOn(headers.preserveHttp1HeaderCase()));
    }

    private static Server server(ProxyHeaders headers) {
        var server = headers.server();
        if (server == null) {
            return OwnHeaders.USUAL.server();
        }
        if (Boolean.TRUE.equals(server.disabled())) {
            return new Server.AsUpstream();
        }
        return server.value().isEmpty() ? OwnHeaders.USUAL.server() : new Server.Named(server.value());
    }

    private static boolean isOff(@Nullable Switch header) {
        return header != null && Boolean.TRUE.equals(header.disabled());
    }

    private static boolean isOn(@Nullable Switch header) {
        return header != null && Boolean.TRUE.equals(header.enabled());
    }

    private static ClientCertificate certificate(Optional<MeshProxyConfig> proxy, Optional<ProxyHeaders> headers) {
        var forwarding = proxy.map(MeshProxyConfig::gatewayTopology)
                .map(Topology::forwardClientCertDetails)
                .flatMap(HttpOptionsLinker::forwarding)
                .or(() -> headers.map(ProxyHeaders::forwardedClientCert).flatMap(HttpOptionsLinker::forwarding))
                .orElse(ClientCertificate.USUAL.forwarding());
        var details = headers.map(ProxyHeaders::setCurrentClientCertDetails);
        return new ClientCertificate(
                forwarding,
                isTold(details, SetCurrentClientCertDetails::subject, true),
                isTold(details, SetCurrentClientCertDetails::cert, true),
                isTold(details, SetCurrentClientCertDetails::chain, false),
                isTold(details, SetCurrentClientCertDetails::dns, true),
                isTold(details, SetCurrentClientCertDetails::uri, true));
    }

    private static boolean isTold(
            Optional<SetCurrentClientCertDetails> details,
            Function<SetCurrentClientCertDetails, @Nullable Boolean> part,
            boolean usual) {
        return details.map(part).orElse(usual);
    }

    private static Optional<Forwarding> forwarding(ForwardClientCertDetails details) {
        return switch (details) {
            case UNDEFINED -> Optional.empty();
            case SANITIZE -> Optional.of(Forwarding.SANITIZE);
            case FORWARD_ONLY -> Optional.of(Forwarding.FORWARD_ONLY);
            case APPEND_FORWARD -> Optional.of(Forwarding.APPEND_FORWARD);
            case SANITIZE_SET -> Optional.of(Forwarding.SANITIZE_SET);
            case ALWAYS_FORWARD_ONLY -> Optional.of(Forwarding.ALWAYS_FORWARD_ONLY);
        };
    }
}
