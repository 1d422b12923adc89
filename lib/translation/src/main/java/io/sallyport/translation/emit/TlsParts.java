package io.sallyport.translation.emit;

import com.google.protobuf.Duration;
import io.envoyproxy.envoy.config.core.v3.ApiConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.Revocations;
import java.util.List;

/// What TLS towards clients and TLS towards endpoints have in common.
final class TlsParts {

    /// The transport socket of both.
    static final String TRANSPORT = "envoy.transport_sockets.tls";

    private static final List<SanType> SAN_TYPES = List.of(SanType.DNS, SanType.URI, SanType.IP_ADDRESS);

    // A proxy that starts binds no port, plain ones neither, while it waits for a secret: 15 s of its own accord. Who
    // is
    // there answers every name within milliseconds, also that there is none; so a longer silence means that nobody is,
    // and the chain closes alone until the secret comes.
    private static final Duration PATIENCE = Duration.newBuilder().setSeconds(2).build();

    // Secrets come by a stream of their own, so that whoever delivers the rest never sees one.
    private static final ConfigSource SECRETS = secrets();

    private TlsParts() {}

    private static ConfigSource secrets() {
        var source = ApiConfigSource.newBuilder()
                .setApiType(ApiConfigSource.ApiType.DELTA_GRPC)
                .setTransportApiVersion(ApiVersion.V3);
        source.addGrpcServicesBuilder().getEnvoyGrpcBuilder().setClusterName(ResourceNames.SECRETS_CLUSTER);
        return ConfigSource.newBuilder()
                .setApiConfigSource(source)
                .setInitialFetchTimeout(PATIENCE)
                .setResourceApiVersion(ApiVersion.V3)
                .build();
    }

    static SdsSecretConfig secret(String name) {
        return resource(ResourceNames.secret(name));
    }

    private static SdsSecretConfig resource(String name) {
        return SdsSecretConfig.newBuilder().setName(name).setSdsConfig(SECRETS).build();
    }

    static DataSource file(String path) {
        return DataSource.newBuilder().setFilename(path).build();
    }

    /// A certificate in files.
    static void addCertificate(String chain, String key, CommonTlsContext.Builder out) {
        out.addTlsCertificateSdsSecretConfigs(resource(ResourceNames.certificateFiles(chain, key)));
    }

    /// The demands on the other side, with the authorities of a file. The list of what they took back comes with them.
    static void addAuthorityFile(
            CertificateValidationContext.Builder demands,
            String path,
            Revocations revocations,
            CommonTlsContext.Builder out) {
        out.getCombinedValidationContextBuilder()
                .setDefaultValidationContext(demands.clearCrl())
                .setValidationContextSdsSecretConfig(resource(ResourceNames.authorityFile(path, revocations)));
    }

    /// What holds whoever vouches for the other side: one of these names, and no revoked certificate.
    static CertificateValidationContext.Builder demands(List<String> alternativeNames, Revocations revocations) {
        var out = CertificateValidationContext.newBuilder();
        for (var name : alternativeNames) {
            for (var type : SAN_TYPES) {
                out.addMatchTypedSubjectAltNames(SubjectAltNameMatcher.newBuilder()
                        .setSanType(type)
                        .setMatcher(StringMatcher.newBuilder().setExact(name)));
            }
        }
        switch (revocations) {
            case Revocations.AsDelivered() -> {}
            case Revocations.File(var path) -> out.setCrl(file(path));
        }
        return out;
    }

    /// The demands on the other side, with the authorities of a secret.
    static void addAuthority(
            CertificateValidationContext.Builder demands, String secret, CommonTlsContext.Builder out) {
        out.getCombinedValidationContextBuilder()
                .setDefaultValidationContext(demands)
                .setValidationContextSdsSecretConfig(secret(secret));
    }
}
