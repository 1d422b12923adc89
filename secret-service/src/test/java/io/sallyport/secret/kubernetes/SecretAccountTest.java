package io.sallyport.secret.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sallyport.cluster.ChartAccounts;
import io.sallyport.cluster.TestCluster;
import io.sallyport.kubernetes.ClusterWatch;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.kubernetes.WantedKind;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Whether the chart's account of secret-service may read Secrets where gateways are, and nowhere else: what
/// only a real API server can say. Part of `./sallyport test --kubernetes`.
@EnabledIfSystemProperty(named = "sallyport.kubernetes", matches = "true")
class SecretAccountTest {

    private static final WantedKind SECRETS = WantedKind.all("", "Secret", List.of("v1"));

    private final TestCluster cluster = TestCluster.start();
    private final String edge = cluster.namespace("edge");

    @AfterEach
    void stop() {
        cluster.close();
    }

    @Test
    @Tag("V27")
    @Tag("S61")
    void secretsAreReadWhereGatewaysAreAndNowhereElse() throws Exception {
        cluster.apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: shop, namespace: %s}
                type: Opaque
                """.formatted(edge));
        var settings = TestCluster.settings(ChartAccounts.install(cluster, edge).kubeconfig("sallyport-secret"), edge);
        try (var client = settings.connect("test")) {
            Set<ObjectKey> seen = new ConcurrentSkipListSet<>();
            try (var watch = ClusterWatch.start(client, List.of(SECRETS), settings, new ClusterWatch.Listener() {
                @Override
                public void changed(WantedKind kind, ObjectKey key) {
                    seen.add(key);
                }

                @Override
                public void listed(WantedKind kind) {}
            })) {
                await().atMost(Duration.ofSeconds(30)).until(() -> seen.contains(new ObjectKey(edge, "shop")));
                await().atMost(Duration.ofSeconds(30)).until(watch::isComplete);
            }
            for (var elsewhere : List.of("default", "kube-system")) {
                assertThatThrownBy(() -> client.secrets().inNamespace(elsewhere).list())
                        .isInstanceOfSatisfying(
                                KubernetesClientException.class,
                                e -> assertThat(e.getCode()).isEqualTo(403));
            }
            assertThatThrownBy(() -> client.secrets().inAnyNamespace().list())
                    .isInstanceOf(KubernetesClientException.class);
            assertThatThrownBy(() ->
                            client.secrets().inNamespace(edge).withName("shop").delete())
                    .isInstanceOf(KubernetesClientException.class);
        }
    }
}
