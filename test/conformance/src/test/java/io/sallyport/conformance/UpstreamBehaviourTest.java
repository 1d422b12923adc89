package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.HttpClient.Version;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.net.RawServer;
import io.sallyport.testkit.net.Reply;
import io.sallyport.testkit.stack.GatewayStack;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What DestinationRules and ServiceEntries say about upstreams, where a case cannot show it: which endpoint a client
/// comes back to, what is left out when it fails, and what is on the wire.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class UpstreamBehaviourTest {

    private static final String PROXIES = """
            mesh: {defaultConfig: {proxyMetadata: {ISTIO_META_HTTP10: "1"}, gatewayTopology: {numTrustedProxies: 1}}}
            proxies:
            - {name: edge, namespace: istio-system, labels: {istio: ingressgateway, istio-locality: eu.west.a}}
            """;

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
              - {port: {number: 31400, name: tcp, protocol: TCP}, hosts: ["*"]}
            ---
            """;

    private static final String TO_CART = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: shop}
            spec:
              hosts: [shop.test]
              gateways: [edge]
              http: [{retries: {attempts: 0}, route: [{destination: {host: cart.test}}]}]
            ---
            """;

    private final HttpClient client = new HttpClient();
    private final EchoServer first = new EchoServer("first");
    private final EchoServer second = new EchoServer("second");
    private GatewayStack stack;

    @BeforeAll
    void open(@TempDir Path directory) throws IOException {
        stack = GatewayStack.start(directory, PROXIES);
    }

    @AfterAll
    void close() {
        stack.close();
        client.close();
        first.close();
        second.close();
    }

    @Test
    @Tag("R17")
    void aWebsocketPassesThrough() throws IOException {
        var accepted = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n";
        try (var backend = RawServer.answering(accepted)) {
            stack.become(GATEWAY + TO_CART + cart(endpoint(backend.port())));

            var answer = talk(80, """
                    GET /chat HTTP/1.1\r
                    host: shop.test\r
                    connection: Upgrade\r
                    upgrade: websocket\r
                    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r
                    sec-websocket-version: 13\r
                    \r
                    """, "frame\n");

            assertThat(answer).startsWith("HTTP/1.1 101").endsWith("frame");
        }
    }

    @Test
    @Tag("R17")
    void http10IsServedWhereTheMeshSaysSo() throws IOException {
        stack.become(GATEWAY + TO_CART + cart(endpoint(first.port())));

        var answer = talk(80, "GET / HTTP/1.0\r\nhost: shop.test\r\n\r\n", "");

        assertThat(answer).contains(" 200 ");
    }

    @Test
    @Tag("G16")
    void aLoadBalancerSaysWhoTheClientIs(@TempDir Path directory) throws IOException {
        var topology = "mesh: {defaultConfig: {gatewayTopology: {proxyProtocol: {}}}}\n";
        try (var behind = GatewayStack.start(directory, topology + PROXIES.substring(PROXIES.indexOf("proxies")))) {
            behind.become(GATEWAY + TO_CART + cart(endpoint(first.port())));
            first.reset();

            var answer = talk(
                    behind,
                    80,
                    "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\nGET / HTTP/1.1\r\nhost: shop.test\r\n\r\n",
                    "");
            var silent = talk(behind, 80, "GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n", "");

            assertThat(answer).isEqualTo("HTTP/1.1 200 OK");
            assertThat(first.seen()).hasSize(1);
            assertThat(first.seen().getFirst().headers().first("x-forwarded-for"))
                    .hasValue("192.0.2.7");
            assertThat(silent).isEqualTo("closed");
        }
    }

    @Test
    @Tag("D8")
    void theProxyProtocolComesBeforeTheRequest() throws IOException {
        try (var backend = RawServer.answering(RawServer.OK)) {
            stack.become(GATEWAY + TO_CART + cart(endpoint(backend.port())) + policy("{proxyProtocol: {version: V1}}"));
            assertThat(get("/", Map.of()).status()).isEqualTo(200);
            stack.become(GATEWAY + TO_CART + cart(endpoint(backend.port())) + policy("{proxyProtocol: {version: V2}}"));
            assertThat(get("/", Map.of()).status()).isEqualTo(200);

            assertThat(backend.heads().getFirst()).startsWith("PROXY TCP4 127.0.0.1 127.0.0.1 ");
            assertThat(backend.heads().getLast()).startsWith("\r\n\r\n\0\r\nQUIT\n");
        }
    }

    @Test
    @Tag("D3")
    void aTunnelAsksTheUpstreamForItsTarget() throws IOException {
        try (var proxy = RawServer.answering("HTTP/1.1 200 Connected\r\n\r\n")) {
            stack.become(GATEWAY
                    + TO_CART.replace("http:", "tcp:").replace("retries: {attempts: 0}, ", "")
                    + cart(endpoint(proxy.port()))
                    + policy("{tunnel: {protocol: CONNECT, targetHost: target.test, targetPort: 443}}"));

            assertThat(talk(31400, "hello\n", "")).isEqualTo("hello");
            assertThat(proxy.heads().getFirst()).startsWith("CONNECT target.test:443 HTTP/1.1\r\n");
        }
    }

    @Test
    @Tag("D4")
    void anEndpointThatFailsIsLeftOut() throws IOException {
        try (var failing = RawServer.answering("HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")) {
            stack.become(GATEWAY
                    + TO_CART
                    + cart(endpoint(first.port()), endpoint(failing.port()))
                    + policy("{loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: {consecutive5xxErrors: 1,"
                            + " interval: 100ms, baseEjectionTime: 300s, maxEjectionPercent: 100}}"));
            assertThat(leftOut(failing)).isTrue();
        }
    }

    @Test
    @Tag("D4")
    void theRuleSaysWhichAnswersAreFailures() throws IOException {
        try (var busy = RawServer.answering("HTTP/1.1 429 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")) {
            stack.become(GATEWAY
                    + TO_CART
                    + cart(endpoint(first.port()), endpoint(busy.port()))
                    + policy("{loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: {consecutive5xxErrors: 1,"
                            + " outlierDetectionHttpErrorCodes: [429, 420], interval: 100ms,"
                            + " baseEjectionTime: 300s, maxEjectionPercent: 100}}"));
            assertThat(leftOut(busy)).isTrue();
        }
    }

    @Test
    @Tag("D10")
    void aFarEndpointHelpsWhenTheNearOneFails() throws IOException {
        try (var near = RawServer.answering("HTTP/1.1 503 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")) {
            stack.become(GATEWAY
                    + TO_CART
                    + cart(
                            endpoint(near.port()).replace("}}", "}, locality: eu/west/a}"),
                            endpoint(first.port()).replace("}}", "}, locality: us/east/a}"))
                    + policy("{outlierDetection: {consecutive5xxErrors: 1, interval: 100ms, baseEjectionTime: 300s,"
                            + " maxEjectionPercent: 100}}"));

            assertThat(get("/", Map.of()).status()).isEqualTo(503);
            Awaitility.await("the far endpoint helps")
                    .until(() -> get("/", Map.of()).status() == 200);
            assertThat(near.heads()).isNotEmpty();
        }
    }

    @Test
    @Tag("R6")
    void equalHashesKeepTheirEndpoint() throws IOException {
        for (var key : new String[] {"httpHeaderName: x-user", "httpQueryParameterName: user"}) {
            for (var table : new String[] {"", ", ringHash: {minimumRingSize: 128}", ", maglev: {tableSize: 251}"}) {
                stack.become(GATEWAY
                        + TO_CART
                        + cart(endpoint(first.port()), endpoint(second.port()))
                        + policy("{loadBalancer: {consistentHash: {" + key + table + "}}}"));
                var backends = new HashSet<String>();
                for (int user = 0; user < 20; user++) {
                    var path = "/?user=" + user;
                    var headers = Map.of("x-user", String.valueOf(user));
                    var chosen = get(path, headers).backend();
                    backends.add(chosen.orElseThrow());
                    assertThat(get(path, headers).backend()).isEqualTo(chosen);
                    assertThat(get(path, headers).backend()).isEqualTo(chosen);
                }
                assertThat(backends).as(key + table).hasSize(2);
            }
        }
    }

    @Test
    @Tag("R6")
    void aSourceAddressKeepsItsEndpoint() throws IOException {
        stack.become(GATEWAY
                + TO_CART
                + cart(endpoint(first.port()), endpoint(second.port()))
                + policy("{loadBalancer: {consistentHash: {useSourceIp: true}}}"));
        var backends = new HashSet<String>();

        for (int user = 1; user <= 20; user++) {
            var headers = Map.of("x-forwarded-for", "203.0.113." + user);
            var chosen = get("/", headers).backend();
            backends.add(chosen.orElseThrow());
            assertThat(get("/", headers).backend()).isEqualTo(chosen);
            assertThat(get("/", headers).backend()).isEqualTo(chosen);
        }

        assertThat(backends).hasSize(2);
    }

    @Test
    @Tag("R6")
    void aHashCookieIsMadeWithItsAttributesAndKept() throws IOException {
        stack.become(GATEWAY
                + TO_CART
                + cart(endpoint(first.port()), endpoint(second.port()))
                + policy("{loadBalancer: {consistentHash: {httpCookie: {name: user, path: /, ttl: 60s,"
                        + " attributes: [{name: SameSite, value: Strict}]}}}}"));
        var reply = get("/", Map.of());

        var cookie = reply.headers().first("set-cookie").orElseThrow();

        assertThat(cookie).startsWith("user=").contains("Max-Age=60").contains("SameSite=Strict");
        for (int i = 0; i < 10; i++) {
            assertThat(get("/", Map.of("cookie", pair(cookie))).backend()).isEqualTo(reply.backend());
        }
    }

    @Test
    void aSessionCookieLeadsBackToItsEndpoint() throws IOException {
        var sticky = "sessionPersistence: {type: Cookie, sessionName: sid, absoluteTimeout: 1h,"
                + " cookieConfig: {lifetimeType: Permanent}}, route:";
        stack.become(
                GATEWAY + TO_CART.replace("route:", sticky) + cart(endpoint(first.port()), endpoint(second.port())));
        var seen = new HashSet<String>();

        for (int client = 0; client < 12; client++) {
            var reply = get("/", Map.of());
            var cookie = reply.headers().first("set-cookie").orElseThrow();
            assertThat(cookie).startsWith("sid=").contains("Max-Age=3600").contains("HttpOnly");
            seen.add(reply.backend().orElseThrow());
            for (int i = 0; i < 4; i++) {
                assertThat(get("/", Map.of("cookie", pair(cookie))).backend()).isEqualTo(reply.backend());
            }
        }
        assertThat(seen).hasSize(2);
    }

    @Test
    @Tag("E2")
    void aSocketOfTheFileSystemIsAnEndpoint() throws IOException {
        var socket = Files.createTempDirectory("sallyport-socket").resolve("s");
        try (var backend = RawServer.at(socket, RawServer.OK)) {
            stack.become(GATEWAY + TO_CART + cart("{address: \"unix://" + socket + "\"}"));

            assertThat(get("/over-a-file", Map.of()).status()).isEqualTo(200);
            assertThat(backend.heads().getFirst()).startsWith("GET /over-a-file HTTP/1.1\r\n");
        } finally {
            Files.deleteIfExists(socket);
            Files.deleteIfExists(socket.getParent());
        }
    }

    @Test
    @Tag("D5")
    void theHostOfARequestIsLookedUpAsItComes() throws IOException {
        stack.become(GATEWAY + """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata:
                  name: local
                  annotations: {networking.sallyport.io/allowed-networks: 127.0.0.0/8}
                spec:
                  hosts: ["*.localhost"]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: DYNAMIC_DNS
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: local}
                spec:
                  hosts: ["*.localhost"]
                  gateways: [edge]
                  http: [{route: [{destination: {host: "*.localhost", port: {number: 80}}}]}]
                """);
        var call = new HttpClient.Call("GET", "a.localhost:" + first.port(), "/", Map.of(), "");

        assertThat(client.send(stack.port("", 80), Version.HTTP_1_1, call).backend())
                .hasValue("first");
    }

    @Test
    @Tag("D4")
    void moreThanThePoolAllowsIsTurnedAway() throws IOException, InterruptedException, ExecutionException {
        stack.become(GATEWAY
                + TO_CART
                + cart(endpoint(first.port()))
                + policy("{connectionPool: {tcp: {maxConnections: 1}, http: {http1MaxPendingRequests: 1}}}"));
        var statuses = new TreeMap<Integer, Integer>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var calls = new java.util.ArrayList<Callable<Reply>>();
            for (int i = 0; i < 6; i++) {
                calls.add(() -> get("/?delay=1000ms", Map.of()));
            }
            for (var answer : threads.invokeAll(calls, 60, TimeUnit.SECONDS)) {
                statuses.merge(answer.get().status(), 1, Integer::sum);
            }
        }

        assertThat(statuses).containsOnlyKeys(200, 503);
        assertThat(statuses.get(200)).isBetween(1, 3);
    }

    @Test
    @Tag("R6")
    void tcpConnectionsAreSplitByWeight() throws IOException {
        try (var one = new LineServer("one");
                var two = new LineServer("two")) {
            stack.become(GATEWAY + tcpService("one", one.port()) + tcpService("two", two.port()) + """
                    apiVersion: networking.istio.io/v1
                    kind: VirtualService
                    metadata: {name: tcp}
                    spec:
                      hosts: ["*"]
                      gateways: [edge]
                      tcp:
                      - route: [{destination: {host: one.test}, weight: 75}, {destination: {host: two.test}, weight: 25}]
                    """);
            var counts = new TreeMap<String, Integer>();
            for (int i = 0; i < 80; i++) {
                counts.merge(talk(31400, "", ""), 1, Integer::sum);
            }

            assertThat(counts.get("one")).isBetween(44, 76);
            assertThat(counts.get("two")).isBetween(4, 36);
        }
    }

    @Test
    @Tag("D4")
    void loadThatBackendsReportAndBudgetsAreTaken() throws IOException {
        stack.become(GATEWAY
                + TO_CART
                + cart(endpoint(first.port()), endpoint(second.port()))
                + policy(
                        "{retryBudget: {percent: 10, minRetryConcurrency: 1, budgetInterval: 10s}, loadBalancer: {backendUtilization:"
                                + " {weightUpdatePeriod: 1s, errorUtilizationPenaltyPercent: 10}}}"));
        var seen = new HashSet<String>();

        for (int i = 0; i < 20; i++) {
            seen.add(get("/", Map.of()).backend().orElseThrow());
        }

        assertThat(seen).hasSize(2);
    }

    /// Whether an endpoint is asked at first, and then no more while requests go on.
    private boolean leftOut(RawServer endpoint) {
        Awaitility.await("the endpoint is asked").until(() -> {
            get("/", Map.of());
            return !endpoint.heads().isEmpty();
        });
        // It is left out by another thread than the one that saw it fail.
        Awaitility.await("the endpoint is left out").until(() -> {
            int asked = endpoint.heads().size();
            int good = 0;
            for (int i = 0; i < 20; i++) {
                good += get("/", Map.of()).status() == 200 ? 1 : 0;
            }
            return good == 20 && endpoint.heads().size() == asked;
        });
        return true;
    }

    private Reply get(String path, Map<String, String> headers) throws IOException {
        return client.send(
                stack.port("", 80), Version.HTTP_1_1, new HttpClient.Call("GET", "shop.test", path, headers, ""));
    }

    /// The first line that comes back, or with `then` the last of all that come up to it.
    private String talk(int serverPort, String text, String then) throws IOException {
        return talk(stack, serverPort, text, then);
    }

    static String talk(GatewayStack stack, int serverPort, String text, String then) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), stack.port("", serverPort))) {
            socket.setSoTimeout(20_000);
            var out = socket.getOutputStream();
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            var line = Objects.requireNonNullElse(in.readLine(), "closed");
            if (then.isEmpty()) {
                return line;
            }
            var all = new StringBuilder(line);
            while (!line.isEmpty()) {
                line = String.valueOf(in.readLine());
            }
            out.write(then.getBytes(StandardCharsets.ISO_8859_1));
            return all.append('\n').append(in.readLine()).toString();
        } catch (SocketException reset) {
            return "closed";
        }
    }

    private static String pair(String cookie) {
        return cookie.substring(0, cookie.indexOf(';'));
    }

    private static String endpoint(int port) {
        return "{address: 127.0.0.1, ports: {http: " + port + "}}";
    }

    private static String cart(String... endpoints) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: cart}
                spec:
                  hosts: [cart.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [%s]
                ---
                """.formatted(String.join(", ", endpoints));
    }

    private static String tcpService(String name, int port) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: %1$s}
                spec:
                  hosts: [%1$s.test]
                  ports: [{number: 2701, name: tcp, protocol: TCP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {tcp: %2$d}}]
                ---
                """.formatted(name, port);
    }

    private static String policy(String policy) {
        return """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: cart}
                spec: {host: cart.test, trafficPolicy: %s}
                """.formatted(policy);
    }
}
