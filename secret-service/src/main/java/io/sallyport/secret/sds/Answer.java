package io.sallyport.secret.sds;

import com.google.common.hash.Hashing;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sallyport.secret.material.ServerCertificate;
import io.sallyport.secret.material.TrustBundle;
import io.sallyport.secret.store.SecretState.Half;
import java.util.Optional;

/// One secret as Envoy gets it. The version is a hash of the content, so an unchanged secret is not sent again, whoever
/// serves it. It prints as `[redacted]`.
record Answer(String version, Any resource) {

    /// What is served of a half, under the name that the proxy used; empty where nothing can be served.
    static Optional<Answer> of(String resource, Half<?> half) {
        return switch (half) {
            case Half.Served<?>(var value, var _) -> Optional.of(ofValue(resource, value));
            case Half.LastGood<?>(var value, var _) -> Optional.of(ofValue(resource, value));
            case Half.Closed<?> _, Half.Absent<?> _ -> Optional.empty();
        };
    }

    private static Answer ofValue(String resource, Object value) {
        return switch (value) {
            case ServerCertificate certificate -> of(secret(resource, certificate));
            case TrustBundle trust -> of(secret(resource, trust));
            default -> throw new IllegalStateException("half of a secret: " + value.getClass());
        };
    }

    private static Answer of(Secret secret) {
        var bytes = secret.toByteArray();
        var version = Hashing.sha256().hashBytes(bytes).toString().substring(0, 16);
        return new Answer(version, Any.pack(secret));
    }

    private static Secret secret(String resource, ServerCertificate certificate) {
        var secret = Secret.newBuilder().setName(resource);
        secret.getTlsCertificateBuilder()
                .setCertificateChain(inline(certificate.chainPem()))
                .setPrivateKey(inline(ByteString.copyFrom(certificate.key().reveal())));
        if (!certificate.ocspStaple().isEmpty()) {
            secret.getTlsCertificateBuilder().setOcspStaple(inline(certificate.ocspStaple()));
        }
        return secret.build();
    }

    private static Secret secret(String resource, TrustBundle trust) {
        var secret = Secret.newBuilder().setName(resource);
        secret.getValidationContextBuilder().setTrustedCa(inline(trust.caPem()));
        if (!trust.crlPem().isEmpty()) {
            secret.getValidationContextBuilder().setCrl(inline(trust.crlPem()));
        }
        return secret.build();
    }

    static DataSource inline(ByteString bytes) {
        return DataSource.newBuilder().setInlineBytes(bytes).build();
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
