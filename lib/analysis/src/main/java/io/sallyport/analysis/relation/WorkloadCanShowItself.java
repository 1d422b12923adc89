package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.INFO;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.DestinationRule.TlsMode;
import io.sallyport.model.Kind;
import io.sallyport.model.Platform;

/// SP2142: connections that need the certificate of the proxy's own workload, where nobody says which one that is. In
/// Istio every workload gets one from the mesh; here it is a secret that the mesh settings name.
final class WorkloadCanShowItself extends WorldRule<DestinationRule> {

    WorkloadCanShowItself() {
        super(
                "SP2142",
                INFO,
                "ISTIO_MUTUAL connects nowhere",
                Kind.DESTINATION_RULE,
                DestinationRule.class,
                new Page(
                        "ISTIO_MUTUAL shows the certificate of the proxy's own workload. The mesh settings say which secret of the proxy's namespace that is: defaultConfig.proxyMetadata.SALLYPORT_WORKLOAD_SECRET. Without it every connection fails.",
                        rule(),
                        """
                        apiVersion: sallyport.io/v1alpha1
                        kind: Platform
                        metadata: {namespace: istio-system, name: sallyport}
                        mesh: {defaultConfig: {proxyMetadata: {SALLYPORT_WORKLOAD_SECRET: mesh-identity}}}
                        ---
                        """ + rule()));
    }

    private static String rule() {
        return """
               apiVersion: networking.istio.io/v1
               kind: DestinationRule
               metadata: {namespace: shop, name: cart}
               spec: {host: cart.test, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
               """;
    }

    @Override
    public void check(At<DestinationRule> rule, Lookup world, Report report) {
        if (new MeshSettings(world.meshConfig(), Platform.Edge.istio)
                .workloadSecret()
                .isPresent()) {
            return;
        }
        ClientCredentialIsNotPlainText.settings(rule)
                .flatMap(tls -> tls.field("mode", DestinationRule.ClientTlsSettings::mode))
                .filter(mode -> mode.value() == TlsMode.ISTIO_MUTUAL)
                .forEach(
                        mode -> report.at(
                                mode,
                                "ISTIO_MUTUAL without a workload certificate, connections fail (expected: SALLYPORT_WORKLOAD_SECRET in the mesh's proxyMetadata; or MUTUAL with credentialName)"));
    }
}
