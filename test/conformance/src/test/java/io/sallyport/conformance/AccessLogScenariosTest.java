package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.Sallyport;
import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// From a request at a real Envoy, through Kafka and the store, to `sallyport logs`.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(300)
class AccessLogScenariosTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int REQUESTS = 30;
    // B9 says 30 seconds.
    private static final Duration AWAY = Duration.ofSeconds(Boolean.getBoolean("sallyport.nightly") ? 30 : 1);

    private Path directory;
    private Path data;
    private Path choices;
    private Sallyport up;
    private int port;

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        port = FreePorts.take(1).getFirst();
        directory = Files.createDirectories(scratch.resolve("config"));
        data = scratch.resolve("data");
        Files.writeString(directory.resolve("sallyport.yaml"), """
                mesh: {enableEnvoyAccessLogService: true}
                proxies:
                - {name: edge, namespace: istio-system, labels: {istio: ingressgateway}, listen: {80: %d}}
                """.formatted(port));
        Files.writeString(directory.resolve("edge.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: istio-system}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                """);
        Files.writeString(directory.resolve("logs.yaml"), """
                apiVersion: telemetry.istio.io/v1
                kind: Telemetry
                metadata:
                  name: edge
                  namespace: istio-system
                  annotations: {sallyport.io/log-buffer-bytes: "8192", sallyport.io/log-flush-millis: "200"}
                spec: {selector: {matchLabels: {istio: ingressgateway}}}
                """);
        Files.writeString(directory.resolve("shop.yaml"), shop("/ok"));
        choices = Files.writeString(scratch.resolve("logs.yaml"), """
                privacy:
                  rules:
                  - {attribute: source.address, action: MASK}
                  - {attribute: request.useragent, action: DROP}
                  - {attribute: request.referer, action: HASH}
                  keyFile: %s
                """.formatted(
                        Files.writeString(scratch.resolve("hash.key"), "0123456789abcdef0123456789abcdef")));
        up = begun();
    }

    private Sallyport begun() throws IOException {
        return Sallyport.up(directory, data, "--logs", choices.toString());
    }

    private static String shop(String prefix) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop, namespace: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [istio-system/edge]
                  http:
                  - match: [{uri: {prefix: %s}}]
                    directResponse: {status: 200, body: {string: ok}}
                  - name: never
                    match: [{uri: {exact: /never}}]
                    directResponse: {status: 200}
                  - directResponse: {status: 503}
                """.formatted(prefix);
    }

    @AfterAll
    void stop() {
        up.close();
    }

    @Test
    @Order(1)
    @Tag("B5")
    @Tag("B9")
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
                    assertThat(row.get("rule").getAsString()).isEqualTo("http[2]");
                    assertThat(row.get("gateway").getAsString()).isEqualTo("istio-system/edge");
                    assertThat(row.get("revision").getAsLong()).isEqualTo(1);
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
        // Envoy is asked every five seconds what it has counted itself.
        await("Envoy's own count").atMost(PATIENCE).untilAsserted(() -> {
            var total = total();
            assertThat(number(total, "written")).isEqualTo(REQUESTS + 1L);
            assertThat(number(total, "received")).isEqualTo(REQUESTS + 1L);
            assertThat(number(total, "stored")).isEqualTo(REQUESTS + 1L);
            assertThat(number(total, "served")).isEqualTo(REQUESTS + 1L);
            assertThat(number(total, "missing")).isZero();
        });
    }

    @Test
    @Order(2)
    @Tag("B5")
    void anEditedRuleSplitsItsRowsAtTheRevision() throws Exception {
        var before = rows("config.rule.startsWith(\"http[0]\")").size();
        send("/fine", 4);
        Files.writeString(directory.resolve("shop.yaml"), shop("/fine"));
        await("the edit").atMost(PATIENCE).until(() -> status("/fine") == 200);
        send("/fine", 6);
        send("/ok", 3);

        await("rows of the new rule")
                .atMost(PATIENCE)
                .until(() -> rows("request.path == \"/fine\" && response.code == 200")
                                .size()
                        >= 7);
        assertThat(rows("request.path == \"/fine\""))
                .hasSizeGreaterThanOrEqualTo(11)
                .allSatisfy(row -> assertThat(row.get("revision").getAsLong())
                        .isEqualTo(row.get("responseCode").getAsInt() == 200 ? 2 : 1));
        await("rows of /ok")
                .atMost(PATIENCE)
                .until(() -> rows("request.path == \"/ok\"").size() == 3);
        assertThat(rows("config.rule.startsWith(\"http[0]\") && config.revision == 1"))
                .hasSize(before);
        assertThat(rows("request.path == \"/ok\" && config.revision == 2")).hasSize(3);
        var rules = up.shell().run("logs", "--rules").out();
        assertThat(rules).containsPattern("VirtualService shop/shop +http\\[1] +never +0 +never");
        assertThat(rules).containsPattern("VirtualService shop/shop +http\\[0] +- +[1-9]");
    }

    @Test
    @Order(3)
    @Tag("B9")
    @Tag("P17")
    @Tag("F5")
    void whatAProxyWroteWhileTheCollectorWasAwayIsMissingByItsOwnCount() throws Exception {
        await("quiet").atMost(PATIENCE).untilAsserted(() -> {
            assertThat(number(total(), "missing")).isZero();
            assertThat(number(total(), "written")).isEqualTo(number(total(), "stored"));
        });
        var before = number(total(), "stored");
        send("/fine", 5);
        up.kill();
        // Nobody's request fails for it, and none waits.
        var away = sendFor(AWAY);
        up = begun();
        send("/fine", 5);

        await("the gap").atMost(PATIENCE).untilAsserted(() -> {
            var total = total();
            assertThat(number(total, "served")).isEqualTo(before + away + 10);
            assertThat(number(total, "written") + number(total, "droppedByProxy"))
                    .isEqualTo(before + away + 10);
            assertThat(number(total, "stored")).isGreaterThanOrEqualTo(before + 5);
            assertThat(number(total, "stored") + number(total, "missing") + number(total, "droppedByProxy"))
                    .isEqualTo(before + away + 10);
            assertThat(number(total, "pending")).isZero();
        });
        assertThat(number(total(), "missing"))
                .as("rows that went into the void")
                .isPositive();
        assertThat(up.shell().run("logs", "--top", "code").err()).contains("incomplete: ", "before_collector");
    }

    @Test
    @Order(4)
    @Tag("M21")
    void whatIsPrivateIsNowhereOnDisk() throws Exception {
        var secrets = List.of("c4n4ry-bearer", "c4n4ry-cookie", "c4n4ry-query", "c4n4ry-agent", "c4n4ry-refer");
        try (var client = new HttpClient()) {
            var headers = Map.of(
                    "authorization", "Bearer c4n4ry-bearer",
                    "cookie", "session=c4n4ry-cookie",
                    "referer", "http://shop.test/from?token=c4n4ry-refer",
                    "user-agent", "c4n4ry-agent");
            client.send(
                    port,
                    HttpClient.Version.HTTP_1_1,
                    new HttpClient.Call("GET", "shop.test", "/private?token=c4n4ry-query&n=1", headers, ""));
        }
        await("the row")
                .atMost(PATIENCE)
                .until(() -> rows("request.path.startsWith(\"/private\")").size() == 1);

        var row = rows("request.path.startsWith(\"/private\")").getFirst();
        assertThat(row.get("path").getAsString()).isEqualTo("/private?token=&n=");
        assertThat(row.get("sourceAddress").getAsString()).isEqualTo("127.0.0.0");
        assertThat(row.has("userAgent")).isFalse();
        assertThat(row.get("referer").getAsString()).matches("[0-9a-f]{32}");
        assertThat(row.toString()).doesNotContain("c4n4ry");
        // Spool, Kafka's segments and the store: compression would hide a text, so the last row is looked at as well.
        try (var files = Files.walk(data.resolve("logs"))) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                var bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                assertThat(secrets.stream().filter(bytes::contains))
                        .as(file.toString())
                        .isEmpty();
            }
        }
    }

    @Test
    @Order(5)
    void thePageShowsWhatACurlInAnotherTerminalJustDid() throws Exception {
        var link = up.shell().run("logs", "request.path == \"/just-now\"", "--page");
        assertThat(link.exitCode()).as(link.err()).isZero();
        var cookies = new CookieManager();
        try (var browser = java.net.http.HttpClient.newBuilder()
                .cookieHandler(cookies)
                .followRedirects(java.net.http.HttpClient.Redirect.ALWAYS)
                .connectTimeout(PATIENCE)
                .build()) {
            var first = page(browser, URI.create(link.out().strip().replace("//localhost:", "//127.0.0.1:")));
            assertThat(first.body()).contains("just-now").doesNotContain("data-row=");
            var sent = InstantSource.system().instant();
            send("/just-now", 1);

            // The way of a row: 200 ms in Envoy, then the spool, Kafka and half a second of the store. How long it took
            // is measured by `./sallyport bench logs`.
            await("the request on the page")
                    .atMost(PATIENCE)
                    .until(() -> page(browser, first.uri()).body().contains("data-row="));
            var row = rows("request.path == \"/just-now\"").getFirst();
            assertThat(Instant.parse(row.get("startTime").getAsString())).isAfterOrEqualTo(sent.minusMillis(1));
        }
    }

    private static HttpResponse<String> page(java.net.http.HttpClient browser, URI uri)
            throws IOException, InterruptedException {
        return browser.send(
                HttpRequest.newBuilder(uri).timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    @Order(6)
    void aShareOfTheRequestsIsKeptAndStandsForAllOfThem() throws Exception {
        Files.writeString(choices, "sampling: {share: 0.1, slow: PT10S}\n");
        up.kill();
        up = begun();
        await("the new process").atMost(PATIENCE).until(() -> status("/fine") == 200);
        send("/sampled-out", 3);
        send("/fine?sampled=1", 300);

        await("errors, all of them")
                .atMost(PATIENCE)
                .until(() -> rows("request.path == \"/sampled-out\"").size() == 3);
        var kept = "request.path == \"/fine?sampled=\"";
        await("every request kept or counted")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(rows(kept).size() + sampled()).isGreaterThanOrEqualTo(300));
        assertThat(rows(kept))
                .hasSizeBetween(5, 80)
                .allSatisfy(row -> assertThat(row.get("weight").getAsDouble()).isEqualTo(10));
        assertThat(rows("request.path == \"/sampled-out\""))
                .allSatisfy(row -> assertThat(row.get("weight").getAsDouble()).isEqualTo(1));
        var top = JsonParser.parseString(up.shell()
                        .run("logs", kept, "--top", "code", "-o", "json")
                        .out())
                .getAsJsonObject();
        assertThat(top.get("total").getAsDouble()).isEqualTo(10.0 * rows(kept).size());
    }

    private long sampled() {
        var lost = total().getAsJsonObject("lost");
        return lost == null || !lost.has("sampled") ? 0 : lost.get("sampled").getAsLong();
    }

    private JsonObject total() {
        var answer = up.shell().run("logs", "--completeness", "-o", "json");
        assertThat(answer.exitCode()).as(answer.err()).isZero();
        return JsonParser.parseString(answer.out())
                .getAsJsonObject()
                .getAsJsonArray("totals")
                .get(0)
                .getAsJsonObject();
    }

    // Proto3's JSON leaves out zeros.
    private static long number(JsonObject line, String name) {
        return line.has(name) ? line.get(name).getAsLong() : 0;
    }

    private void send(String path, int times) throws IOException {
        for (var i = 0; i < times; i++) {
            status(path);
        }
    }

    // At least as many as a burst, each answered as ever.
    private int sendFor(Duration time) throws IOException {
        var end = InstantSource.system().instant().plus(time);
        var sent = 0;
        while (sent < REQUESTS || InstantSource.system().instant().isBefore(end)) {
            assertThat(status("/fine")).isEqualTo(200);
            sent++;
        }
        return sent;
    }

    private int status(String path) throws IOException {
        try (var client = new HttpClient()) {
            return client.send(port, HttpClient.Version.HTTP_1_1, call("shop.test", path))
                    .status();
        }
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
