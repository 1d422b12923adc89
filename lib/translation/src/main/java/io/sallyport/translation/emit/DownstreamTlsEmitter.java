package io.sallyport.translation.emit;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
import io.sallyport.translation.plan.Chain.Tls.Authority;
import io.sallyport.translation.plan.Chain.Tls.Certificate;
import io.sallyport.translation.plan.Chain.Tls.Clients;
import io.sallyport.translation.plan.Chain.Tls.Terminate;
import io.sallyport.translation.plan.Chain.Tls.Version;

/// Spells how TLS from a client ends here.
final class DownstreamTlsEmitter {

    private DownstreamTlsEmitter() {}

    /// What [#emit] made.
    static DownstreamTlsContext parse(TransportSocket socket) {
        try {
            return socket.getTypedConfig().unpack(DownstreamTlsContext.class);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a transport socket of our own cannot be read", e);
        }
    }

    static DownstreamTlsContext emit(Terminate tls) {
        var common = CommonTlsContext.newBuilder().addAllAlpnProtocols(tls.protocols());
        common.setTlsParams(TlsParameters.newBuilder()
                .setTlsMinimumProtocolVersion(version(tls.oldest()))
                .setTlsMaximumProtocolVersion(version(tls.newest()))
                .addAllCipherSuites(tls.ciphers())
                .addAllEcdhCurves(tls.curves()));
        for (var certificate : tls.certificates()) {
            switch (certificate) {
                case Certificate.Secret(var name) -> common.addTlsCertificateSdsSecretConfigs(TlsParts.secret(name));
                case Certificate.File(var chain, var key) -> TlsParts.addCertificate(chain, key, common);
            }
        }
        var out = DownstreamTlsContext.newBuilder();
        switch (tls.clients()) {
            case Clients.Unasked() -> out.setRequireClientCertificate(Values.bool(false));
            case Clients.Asked asked -> {
                addClients(asked, common);
                out.setRequireClientCertificate(Values.bool(asked.required()));
            }
        }
        return out.setCommonTlsContext(common).build();
    }

    private static void addClients(Clients.Asked asked, CommonTlsContext.Builder common) {
        var demands = TlsParts.demands(asked.names(), asked.revocations())
                .addAllVerifyCertificateSpki(asked.keyPins())
                .addAllVerifyCertificateHash(asked.certificatePins());
        if (!asked.verifies()) {
            demands.setTrustChainVerification(TrustChainVerification.ACCEPT_UNTRUSTED);
        }
        switch (asked.authority()) {
            case Authority.Secret(var name) -> TlsParts.addAuthority(demands, name, common);
            case Authority.File(var path) -> TlsParts.addAuthorityFile(demands, path, asked.revocations(), common);
        }
    }

    private static TlsProtocol version(Version version) {
        return switch (version) {
            case TLS1_0 -> TlsProtocol.TLSv1_0;
            case TLS1_1 -> TlsProtocol.TLSv1_1;
            case TLS1_2 -> TlsProtocol.TLSv1_2;
            case TLS1_3 -> TlsProtocol.TLSv1_3;
        };
    }
}
