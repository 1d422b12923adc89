package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sallyport.translation.plan.Upstream.Tls;
import io.sallyport.translation.plan.Upstream.Tls.Authority;
import io.sallyport.translation.plan.Upstream.Tls.Certificate;
import io.sallyport.translation.plan.Upstream.Tls.Sni;
import java.util.List;

/// Spells how the connection to an endpoint is encrypted.
final class UpstreamTlsEmitter {

    // Where the proxy's system keeps the authorities that it trusts.
    private static final String SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";
    private static final List<SanType> SAN_TYPES = List.of(SanType.DNS, SanType.URI, SanType.IP_ADDRESS);

    private UpstreamTlsEmitter() {}

    static UpstreamTlsContext emit(Tls.Originate tls) {
        var common = CommonTlsContext.newBuilder().addAllAlpnProtocols(tls.alpn());
        addCertificate(tls.certificate(), common);
        addAuthority(tls, common);
        var out = UpstreamTlsContext.newBuilder().setCommonTlsContext(common);
        switch (tls.sni()) {
            case Sni.AsRequest() -> {}
            case Sni.Fixed(var name) -> out.setSni(name);
        }
        return out.build();
    }

    private static void addCertificate(Certificate certificate, CommonTlsContext.Builder common) {
        switch (certificate) {
            case Certificate.None() -> {}
            case Certificate.File(var chain, var key) ->
                common.addTlsCertificatesBuilder()
                        .setCertificateChain(file(chain))
                        .setPrivateKey(file(key));
            case Certificate.Secret(var name) -> common.addTlsCertificateSdsSecretConfigs(secret(name));
        }
    }

    private static void addAuthority(Tls.Originate tls, CommonTlsContext.Builder common) {
        var names = CertificateValidationContext.newBuilder();
        for (var name : tls.alternativeNames()) {
            for (var type : SAN_TYPES) {
                names.addMatchTypedSubjectAltNames(SubjectAltNameMatcher.newBuilder()
                        .setSanType(type)
                        .setMatcher(StringMatcher.newBuilder().setExact(name)));
            }
        }
        switch (tls.authority()) {
            case Authority.Unchecked() -> {}
            case Authority.SystemRoots() -> common.setValidationContext(names.setTrustedCa(file(SYSTEM_ROOTS)));
            case Authority.File(var path) -> common.setValidationContext(names.setTrustedCa(file(path)));
            case Authority.Secret(var name) ->
                common.getCombinedValidationContextBuilder()
                        .setDefaultValidationContext(names)
                        .setValidationContextSdsSecretConfig(secret(name));
        }
    }

    private static DataSource file(String path) {
        return DataSource.newBuilder().setFilename(path).build();
    }

    private static SdsSecretConfig secret(String name) {
        return SdsSecretConfig.newBuilder()
                .setName(name)
                .setSdsConfig(Values.ads())
                .build();
    }
}
