package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.Sallyport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// From a request at a real Envoy, through Kafka and the store, to `sallyport logs`.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class AccessLogScenariosTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int REQUESTS = 30;

    private Sallyport up;
    private int port;

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        port = FreePorts.take(1).getFirst();
        var directory = Files.createDirectories(scratch.resolve("config"));
        Files.writeString(directory.resolve("sallyport.yaml"), """
                mesh: {enableEnvoyAccessLogService: true}
                proxies:
                - {name: edge, namespace: istio-system, labels: {istio: ingressgateway}, listen: {80: %d}}
                """.formatted(port));
        Files.writeString(directory.resolve("shop.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: istio-system}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop, namespace: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [istio-system/edge]
                  http:
                  - match: [{uri: {prefix: /ok}}]
                    directResponse: {status: 200, body: {string: ok}}
                  - directResponse: {status: 503}
                """);
        up = Sallyport.up(directory, scratch.resolve("data"));
    }

    @AfterAll
    void stop() {
        up.close();
    }

    @Test
    @Tag("B5")
    void everyRequestIsARowThatKnowsItsRule() throws Exception {
        try (var client = new HttpClient()) {
            for (var i = 0; i < REQUESTS; i++) {
                client.send(
                        port, HttpClient.Version.HTTP_1_1, call("shop.test", i % 3 == 0 ? "/bad" : "/ok?key=secret"));
            }
            client.send(port, HttpClient.Version.HTTP_1_1, call("nowhere.test", "/"));
        }
        await("all rows").atMost(PATIENCE).until(() -> rows("").size() == REQUESTS + 1);

        assertThat(rows("response.code >= 500 && request.host.endsWith(\".test\")"))
                .hasSize(REQUESTS / 3)
                .allSatisfy(row -> {
                    assertThat(row.get("namespace").getAsString()).isEqualTo("shop");
                    assertThat(row.get("routeObject").getAsString()).isEqualTo("VirtualService shop/shop");
                    assertThat(row.get("rule").getAsString()).isEqualTo("http[1]");
                    assertThat(row.get("proxy").getAsString()).isEqualTo("edge");
                });
        assertThat(rows("config.rule.startsWith(\"http[0]\")"))
                .hasSize(REQUESTS - REQUESTS / 3)
                .allSatisfy(row -> assertThat(row.get("path").getAsString()).isEqualTo("/ok?key="));
        var refused = rows("\"NR\" in response.flags");
        assertThat(refused).hasSize(1);
        var words = up.shell()
                .run("logs", "--request", refused.getFirst().get("requestId").getAsString());
        assertThat(words.out()).contains("NR: No route, or no filter chain, matched.");
        assertThat(up.shell().run("logs", "--top", "code").err())
                .contains("complete: " + (REQUESTS + 1) + " of " + (REQUESTS + 1) + " requests stored");
    }

    private List<JsonObject> rows(String filter) {
        var answer = up.shell().run("logs", filter, "-o", "json", "--limit", "1000");
        assertThat(answer.exitCode()).as(answer.err()).isZero();
        var found = new ArrayList<JsonObject>();
        var rows = JsonParser.parseString(answer.out()).getAsJsonObject().getAsJsonArray("rows");
        if (rows != null) {
            rows.forEach(row -> found.add(row.getAsJsonObject().getAsJsonObject("entry")));
        }
        return found;
    }

    private static HttpClient.Call call(String host, String path) {
        return new HttpClient.Call("GET", host, path, Map.of(), "");
    }
}
