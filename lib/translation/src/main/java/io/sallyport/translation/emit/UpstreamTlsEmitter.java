package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.sallyport.translation.plan.Upstream.Tls;
import io.sallyport.translation.plan.Upstream.Tls.Authority;
import io.sallyport.translation.plan.Upstream.Tls.Certificate;
import io.sallyport.translation.plan.Upstream.Tls.Sni;

/// Spells how the connection to an endpoint is encrypted.
final class UpstreamTlsEmitter {

    // Where the proxy's system keeps the authorities that it trusts.
    private static final String SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";

    // Left to itself, Envoy's client speaks TLS 1.2 and nothing newer. (Istio: `defaultUpstreamCommonTLSContext`.)
    private static final TlsParameters VERSIONS = TlsParameters.newBuilder()
            .setTlsMinimumProtocolVersion(TlsParameters.TlsProtocol.TLSv1_2)
            .setTlsMaximumProtocolVersion(TlsParameters.TlsProtocol.TLSv1_3)
            .build();

    private UpstreamTlsEmitter() {}

    static UpstreamTlsContext emit(Tls.Originate tls) {
        var common = CommonTlsContext.newBuilder().setTlsParams(VERSIONS).addAllAlpnProtocols(tls.alpn());
        switch (tls.certificate()) {
            case Certificate.None() -> {}
            case Certificate.File(var chain, var key) -> TlsParts.addCertificate(chain, key, common);
            case Certificate.Secret(var name) -> common.addTlsCertificateSdsSecretConfigs(TlsParts.secret(name));
        }
        addAuthority(tls, common);
        var out = UpstreamTlsContext.newBuilder().setCommonTlsContext(common);
        switch (tls.sni()) {
            case Sni.AsRequest() -> {}
            case Sni.Fixed(var name) -> out.setSni(name);
        }
        return out.build();
    }

    private static void addAuthority(Tls.Originate tls, CommonTlsContext.Builder common) {
        var demands = TlsParts.demands(tls.alternativeNames(), tls.revocations());
        switch (tls.authority()) {
            case Authority.Unchecked() -> {}
            case Authority.SystemRoots() ->
                common.setValidationContext(demands.setTrustedCa(TlsParts.file(SYSTEM_ROOTS)));
            case Authority.Inline(var pem) ->
                common.setValidationContext(
                        demands.setTrustedCa(DataSource.newBuilder().setInlineString(pem)));
            case Authority.File(var path) -> TlsParts.addAuthorityFile(demands, path, tls.revocations(), common);
            case Authority.Secret(var name) -> TlsParts.addAuthority(demands, name, common);
        }
    }
}
