package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.cluster.TestCluster;
import io.sallyport.model.Kind;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Objects go to an API server, and requests through Envoy show them. With `-Dsallyport.kubernetes=true` the API server
/// is a real one; the services and the Envoy are processes of this machine.
class ClusterTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration AWAY =
            Boolean.getBoolean("sallyport.nightly") ? Duration.ofHours(1) : Duration.ofSeconds(5);
    private static final Duration A_REQUEST = Duration.ofMillis(200);

    private final TestCluster cluster = TestCluster.start();
    private final HttpClient client = new HttpClient();

    @AfterEach
    void stop() {
        client.close();
        cluster.close();
    }

    private static String objects(String namespace, int status) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: %1$s}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - port: {number: 80, name: http, protocol: HTTP}
                    hosts: [shop.test]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop, namespace: %1$s}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http:
                  - directResponse: {status: %2$d}
                """.formatted(namespace, status);
    }

    private int answer(SeparateServices services) {
        return answer(services, "shop.test");
    }

    private int answer(SeparateServices services, String host) {
        try {
            var call = new HttpClient.Call("GET", host, "/", Map.of(), "");
            return client.send(services.port(), HttpClient.Version.HTTP_1_1, call)
                    .status();
        } catch (IOException refused) {
            return 0;
        }
    }

    private void awaitAnswer(SeparateServices services, int status) {
        Awaitility.await("status " + status).atMost(PATIENCE).until(() -> answer(services), seen -> seen == status);
    }

    private void awaitMetric(SeparateServices services, String line) {
        Awaitility.await(line)
                .atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(metrics(services, Name.CONFIG, "")).contains(line));
    }

    private List<String> metrics(SeparateServices services, Name name, String start) throws IOException {
        var call = new HttpClient.Call("GET", "127.0.0.1", "/metrics", Map.of(), "");
        return client.send(services.httpPort(name), HttpClient.Version.HTTP_1_1, call)
                .body()
                .lines()
                .filter(line -> line.startsWith(start))
                .toList();
    }

    private double sum(SeparateServices services, Name name, String metric) throws IOException {
        return metrics(services, name, metric).stream()
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .sum();
    }

    private double revision(SeparateServices services) throws IOException {
        return sum(services, Name.CONFIG, "sallyport_config_revision");
    }

    private double pushes(SeparateServices services) throws IOException {
        return sum(services, Name.XDS, "sallyport_xds_pushes_total");
    }

    private String conditions(String namespace) {
        return cluster.find("networking.istio.io/v1", "VirtualService", namespace, "shop")
                .map(object -> String.valueOf(object.getAdditionalProperties().get("status")))
                .orElse("absent");
    }

    @Test
    @Tag("F25")
    void envoyShowsWhatTheApiServerHasAndKeepsItWhenThatIsAway(@TempDir Path scratch) throws Exception {
        cluster.install(Kind.GATEWAY, Kind.VIRTUAL_SERVICE);
        var shop = cluster.namespace("shop");
        cluster.apply(objects(shop, 201));
        try (var services = SeparateServices.inCluster(scratch, cluster.kubeconfig(), List.of(shop))) {
            awaitAnswer(services, 201);
            cluster.apply(objects(shop, 200));
            awaitAnswer(services, 200);
            Awaitility.await("the status")
                    .atMost(PATIENCE)
                    .until(() -> conditions(shop), seen -> seen.contains("on 1 of 1 proxy at revision r"));

            try (var steady = new SteadyClient(services.port(), "shop.test", "/")) {
                steady.awaitAnswers(20);
                cluster.wire().cut();
                services.kill(Name.CONFIG);
                services.kill(Name.XDS);
                services.start(Name.CONFIG);
                services.start(Name.XDS);
                awaitMetric(services, "sallyport_config_kubernetes_away 1.0");
                steady.awaitAnswers(100);
                assertThat(steady.failures()).isEmpty();
            }
            services.killEnvoy();
            services.startEnvoy();
            awaitAnswer(services, 200);

            cluster.wire().mend();
            awaitMetric(services, "sallyport_config_kubernetes_away 0.0");
            cluster.apply(objects(shop, 202));
            awaitAnswer(services, 202);
        }
    }

    /// Nothing is removed and nothing pushed by an API server that goes and comes back as it was. What changes
    /// then is seen.
    @Test
    @Tag("F25")
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void outageOfTheApiServerThatChangesNothingPushesNothing(@TempDir Path scratch) throws Exception {
        cluster.install(Kind.GATEWAY, Kind.VIRTUAL_SERVICE);
        var shop = cluster.namespace("shop");
        cluster.apply(objects(shop, 200));
        try (var services = SeparateServices.inCluster(scratch, cluster.kubeconfig(), List.of(shop))) {
            awaitAnswer(services, 200);
            Awaitility.await("the status")
                    .atMost(PATIENCE)
                    .until(() -> conditions(shop), seen -> seen.contains("on 1 of 1 proxy at revision r"));
            var revision = revision(services);
            var pushes = pushes(services);
            assertThat(pushes).isPositive();

            cluster.wire().cut();
            awaitMetric(services, "sallyport_config_kubernetes_away 1.0");
            var answers = new TreeSet<Integer>();
            Awaitility.await("the end of the outage")
                    .pollInterval(A_REQUEST)
                    .during(AWAY)
                    .atMost(AWAY.plus(PATIENCE))
                    .until(() -> answers.add(answer(services)) || !answers.isEmpty());
            cluster.wire().mend();
            awaitMetric(services, "sallyport_config_kubernetes_away 0.0");
            awaitAnswer(services, 200);
            assertThat(answers).containsOnly(200);
            assertThat(pushes(services)).isEqualTo(pushes);

            cluster.apply(objects(shop, 202));
            awaitAnswer(services, 202);
            assertThat(revision(services)).as("one change").isEqualTo(revision + 1);
            Awaitility.await("one push, of the routes")
                    .atMost(PATIENCE)
                    .until(() -> pushes(services), seen -> seen == pushes + 1);
        }
    }

    /// Watches that break, an API server that answers "too many requests" and "too old" and fails, and a change
    /// among it: no request is lost, and the change arrives.
    @Test
    @Tag("F25")
    void envoyServesOnWhileTheApiServerIsThrottlingAndForgets(@TempDir Path scratch) throws Exception {
        cluster.install(Kind.GATEWAY, Kind.VIRTUAL_SERVICE);
        var shop = cluster.namespace("shop");
        cluster.apply(objects(shop, 200));
        try (var services = SeparateServices.inCluster(scratch, cluster.kubeconfig(), List.of(shop))) {
            awaitAnswer(services, 200);
            try (var steady = new SteadyClient(services.port(), "shop.test", "/")) {
                steady.awaitAnswers(20);
                cluster.refuse(path -> path.contains("watch=true"), 410, Map.of(), 6);
                cluster.refuse(path -> path.contains("/gateways"), 429, Map.of("Retry-After", "1"), 4);
                cluster.refuse(path -> path.contains("/virtualservices"), 503, Map.of(), 2);
                cluster.wire().drop();
                steady.awaitAnswers(100);
                cluster.apply(objects(shop, 200).replace("hosts: [shop.test]", "hosts: [shop.test, more.test]"));
                Awaitility.await("the other host")
                        .atMost(PATIENCE)
                        .until(() -> answer(services, "more.test"), seen -> seen == 200);
                assertThat(steady.failures()).isEmpty();
            }
        }
    }
}
