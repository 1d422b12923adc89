package io.sallyport.secret.sds;

import com.google.common.hash.Hashing;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sallyport.secret.material.ServerCertificate;
import io.sallyport.secret.material.TrustBundle;
import io.sallyport.secret.store.SecretName;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretState.Half;
import java.util.Map;
import java.util.Optional;

/// One secret as Envoy gets it. The version is a hash of the content, so an unchanged secret is not sent again, whoever
/// serves it. It prints as `[redacted]`.
record Answer(String version, Any resource) {

    /// What is served of the secret that is asked for, under the name that the proxy used.
    static Optional<Answer> of(Wanted wanted, String resource, SecretState state) {
        return wanted.isAuthority()
                ? value(state.trust()).map(trust -> of(secret(resource, trust)))
                : value(state.certificate()).map(certificate -> of(secret(resource, certificate)));
    }

    /// The state that decides: that of the first place that exists.
    static Optional<SecretState> state(Wanted wanted, Map<SecretName, SecretState> secrets) {
        for (var place : wanted.places()) {
            var state = secrets.get(place);
            if (state != null) {
                return Optional.of(state);
            }
        }
        return Optional.empty();
    }

    private static <T> Optional<T> value(Half<T> half) {
        return switch (half) {
            case Half.Served<T>(T value, var _) -> Optional.of(value);
            case Half.LastGood<T>(T value, var _) -> Optional.of(value);
            case Half.Closed<T> _, Half.Absent<T> _ -> Optional.empty();
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

    private static DataSource inline(ByteString bytes) {
        return DataSource.newBuilder().setInlineBytes(bytes).build();
    }

    @Override
    public String toString() {
        return "[redacted]";
    }
}
