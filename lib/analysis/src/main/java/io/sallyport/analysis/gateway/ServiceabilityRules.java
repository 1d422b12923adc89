package io.sallyport.analysis.gateway;

import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Gateway.ServerTlsSettings;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import java.util.List;

/// What Istio takes and Sallyport cannot serve as written.
final class ServiceabilityRules {

    private ServiceabilityRules() {}

    static List<Rule<?>> all() {
        return List.of(new WorkloadHasCertificate(), new RedirectExceptionIsKnown());
    }

    /// SP2140: a certificate that only a mesh hands out.
    static final class WorkloadHasCertificate extends WorldRule<Gateway> {
        WorkloadHasCertificate() {
            super(
                    "SP2140",
                    INFO,
                    "ISTIO_MUTUAL server is not served",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "ISTIO_MUTUAL shows the certificate of the gateway's own workload. The mesh settings say which secret of the proxy's namespace that is: defaultConfig.proxyMetadata.SALLYPORT_WORKLOAD_SECRET. Without it the server is withheld; MUTUAL with a credentialName asks clients for certificates as well.",
                            gateway("{mode: ISTIO_MUTUAL}"),
                            gateway("{mode: MUTUAL, credentialName: a-cert}")));
        }

        private static String gateway(String tls) {
            return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {namespace: shop, name: edge}\nspec: {servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: [a.test], tls: "
                    + tls + "}]}";
        }

        @Override
        public void check(At<Gateway> gateway, Lookup world, Report report) {
            if (hasWorkloadSecret(world)) {
                return;
            }
            ServerRules.servers(gateway)
                    .flatMap(server -> server.field("tls", Server::tls))
                    .flatMap(tls -> tls.field("mode", ServerTlsSettings::mode))
                    .filter(mode -> mode.value() == TlsMode.ISTIO_MUTUAL)
                    .forEach(
                            mode -> report.at(
                                    mode,
                                    "ISTIO_MUTUAL without a workload certificate, the server is withheld (expected: SALLYPORT_WORKLOAD_SECRET in the mesh's proxyMetadata; or MUTUAL with credentialName)"));
        }
    }

    private static boolean hasWorkloadSecret(Lookup world) {
        return new MeshSettings(world.meshConfig(), Platform.Edge.istio)
                .workloadSecret()
                .isPresent();
    }

    /// SP4306: the annotation has one value.
    static final class RedirectExceptionIsKnown extends ObjectRule<Gateway> {
        RedirectExceptionIsKnown() {
            super(
                    "SP4306",
                    WARNING,
                    "Exception from httpsRedirect is unknown",
                    Kind.GATEWAY,
                    Gateway.class,
                    new Page(
                            "The annotation sallyport.io/https-redirect takes the value except-acme: requests below /.well-known/acme-challenge/ are not redirected. Any other value has no effect.",
                            gateway("exceptAcme"),
                            gateway(HttpsRedirects.EXCEPT_ACME)));
        }

        private static String gateway(String value) {
            return "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {namespace: shop, name: edge, annotations: {"
                    + HttpsRedirects.ANNOTATION + ": " + value
                    + "}}\nspec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.test], tls: {httpsRedirect: true}}]}";
        }

        @Override
        public void check(At<Gateway> gateway, Report report) {
            HttpsRedirects.written(report.object())
                    .filter(value -> !value.equals(HttpsRedirects.EXCEPT_ACME))
                    .ifPresent(value -> report.at(
                            Path.of("metadata", "annotations").field(HttpsRedirects.ANNOTATION),
                            "\"%s\" (expected: \"%s\")".formatted(value, HttpsRedirects.EXCEPT_ACME)));
        }
    }
}
