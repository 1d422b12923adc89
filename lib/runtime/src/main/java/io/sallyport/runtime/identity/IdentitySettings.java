package io.sallyport.runtime.identity;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The setting `identity`: who is who, for services that other machines reach.
///
/// ```yaml
/// identity:
///   trustDomain: cluster.local        # of spiffe://cluster.local/ns/NAMESPACE/sa/ACCOUNT; the default
///   services:                         # which certificates are Sallyport's own services
///     config: [spiffe://cluster.local/ns/sallyport-system/sa/sallyport-config]
///     xds: [sallyport-xds.sallyport-system.svc]
///   proxies:                          # labels of gateways; by default those of the Pod, where Kubernetes is asked
///   - {workload: shop/edge, labels: {istio: edge}}
///   kubernetes: {audience: sallyport}
///   oidc: {issuer: "https://id.example.com", audience: sallyport, jwks: "https://id.example.com/keys"}
///   revoked: /etc/sallyport-revoked/certificates    # which count no more, see [Revocations]
/// ```
public record IdentitySettings(
        @Nullable String trustDomain,
        @Nullable Map<String, List<String>> services,
        @Nullable List<Labelled> proxies,
        @Nullable Kubernetes kubernetes,
        @Nullable Oidc oidc,
        @Nullable Path revoked) {

    /// Nobody but workloads of the usual trust domain.
    public static final IdentitySettings NONE = new IdentitySettings(null, null, null, null, null, null);

    private static final List<String> SERVICES = List.of("accesslog", "config", "egress", "secret", "xds");

    public IdentitySettings {
        if (services != null) {
            for (var name : services.keySet()) {
                if (!SERVICES.contains(name)) {
                    throw new IllegalArgumentException(
                            "identity.services \"" + name + "\" (expected: one of " + SERVICES + ")");
                }
            }
        }
    }

    /// The labels of the proxies of one service account, which say which Gateways they run.
    public record Labelled(String workload, Map<String, String> labels) {

        public Labelled {
            if (workload == null || workload.chars().filter(c -> c == '/').count() != 1) {
                throw new IllegalArgumentException(
                        "identity.proxies workload \"" + workload + "\" (expected: NAMESPACE/SERVICEACCOUNT)");
            }
            labels = labels == null ? Map.of() : Map.copyOf(labels);
        }
    }

    /// Tokens of service accounts and users, by asking the API server. `audience` is what a token must be meant
    /// for: one that was made for the API server itself, or for another, is not taken.
    ///
    /// @param kubeconfig where the API server is; default: the cluster that the pod runs in
    public record Kubernetes(String audience, @Nullable Path kubeconfig) {

        public Kubernetes {
            if (audience == null || audience.isBlank()) {
                throw new IllegalArgumentException(
                        "identity.kubernetes.audience is missing (expected: like sallyport)");
            }
        }
    }

    /// Tokens of an identity provider.
    ///
    /// @param jwks where its keys are: an https address, or a file
    /// @param algorithms default: RS256, ES256
    /// @param usernameClaim default: sub
    /// @param groupsClaim default: groups
    /// @param ca whom to trust for that address; default: the system's authorities
    public record Oidc(
            String issuer,
            String audience,
            String jwks,
            @Nullable List<String> algorithms,
            @Nullable String usernameClaim,
            @Nullable String groupsClaim,
            @Nullable Path ca) {

        private static final List<String> KNOWN =
                List.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");

        public Oidc {
            require("issuer", issuer);
            require("audience", audience);
            require("jwks", jwks);
            if (jwks.startsWith("http:")) {
                throw new IllegalArgumentException("identity.oidc.jwks \"" + jwks
                        + "\" (expected: https, or a file; keys over plain text are anybody's)");
            }
            algorithms = algorithms == null ? List.of("RS256", "ES256") : List.copyOf(algorithms);
            for (var algorithm : algorithms) {
                if (!KNOWN.contains(algorithm)) {
                    throw new IllegalArgumentException(
                            "identity.oidc.algorithms \"" + algorithm + "\" (expected: some of " + KNOWN + ")");
                }
            }
        }

        boolean isAddress() {
            return "https".equals(URI.create(jwks).getScheme());
        }

        private static void require(String name, @Nullable String value) {
            if (value == null || value.isBlank()) {
                throw new IllegalArgumentException("identity.oidc." + name + " is missing (expected: a text)");
            }
        }
    }

    /// How certificates are read.
    public CertificateNames names() {
        return new CertificateNames(
                trustDomain == null ? "cluster.local" : trustDomain,
                services == null ? new TreeMap<>() : new TreeMap<>(services));
    }
}
