package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import org.jspecify.annotations.Nullable;

/// What a gateway proxy listens to: Istio's `networking.istio.io` Gateway, field by field.
public record Gateway(ImmutableList<Server> servers, ImmutableSortedMap<String, String> selector) implements Spec {

    /// One port of the gateway, the hosts it serves, and its TLS.
    public record Server(
            @Required @Nullable Port port,
            String bind,
            @Required ImmutableList<String> hosts,
            @Nullable ServerTlsSettings tls,
            String defaultEndpoint,
            String name) {}

    /// How the server answers TLS, also used by Sidecar listeners.
    public record ServerTlsSettings(
            boolean httpsRedirect,
            TlsMode mode,
            String serverCertificate,
            String privateKey,
            String caCertificates,
            String caCrl,
            String credentialName,
            ImmutableList<String> credentialNames,
            String caCertCredentialName,
            ImmutableList<TlsCertificate> tlsCertificates,
            ImmutableList<String> subjectAltNames,
            ImmutableList<String> verifyCertificateSpki,
            ImmutableList<String> verifyCertificateHash,
            TlsProtocol minProtocolVersion,
            TlsProtocol maxProtocolVersion,
            ImmutableList<String> cipherSuites,
            boolean insecureSkipVerify) {}

    /// One of several certificates, as files on the gateway.
    public record TlsCertificate(String serverCertificate, String privateKey, String caCertificates) {}

    /// Who terminates TLS and who has to show a certificate. Absent means `PASSTHROUGH`.
    public enum TlsMode {
        PASSTHROUGH,
        SIMPLE,
        MUTUAL,
        AUTO_PASSTHROUGH,
        ISTIO_MUTUAL,
        OPTIONAL_MUTUAL
    }

    /// A version of TLS.
    public enum TlsProtocol {
        TLS_AUTO,
        TLSV1_0,
        TLSV1_1,
        TLSV1_2,
        TLSV1_3
    }
}
