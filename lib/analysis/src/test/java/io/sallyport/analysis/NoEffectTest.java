package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NoEffectTest {

    @Test
    void metadataOfProxiesThatIsHeededIsNotCalledWithoutEffect() {
        assertThat(Documents.findings(mesh("""
                ISTIO_META_HTTP10: "1"
                        PILOT_ENABLE_QUIC_LISTENERS: "true"
                        SALLYPORT_WORKLOAD_SECRET: mesh-identity"""))).isEmpty();
    }

    @Test
    void metadataOfProxiesThatNobodyHeedsIsNamedByItself() {
        assertThat(Documents.findings(mesh("""
                ISTIO_META_HTTP10: "1"
                        ISTIO_META_DNS_CAPTURE: "true\"""")))
                .extracting(Documents::line)
                .containsExactly("info SP5001 ConfigMap istio-system/istio"
                        + " data.mesh.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE, line 9:"
                        + " ISTIO_META_DNS_CAPTURE is known, has no effect here: proxies are started with settings of their own"
                        + " (expected: nothing to repair)");
    }

    private static String mesh(String metadata) {
        return """
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: istio, namespace: istio-system}
                data:
                  mesh: |
                    defaultConfig:
                      proxyMetadata:
                        %s
                """.formatted(metadata);
    }
}
