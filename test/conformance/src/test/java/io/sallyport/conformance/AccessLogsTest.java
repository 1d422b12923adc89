package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.HttpClient.Version;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.stack.GatewayStack;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What gateways log, read from what they print and from what log services get. Two gateways run: the usual one, and
/// that of a team in a namespace of its own.
///
/// That something is *not* logged shows by a later row: rows of one gateway come in order.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class AccessLogsTest {

    private static final String PROXIES = """
            proxies:
            - {name: ingress, namespace: istio-system, labels: {istio: ingressgateway, app: istio-ingressgateway}}
            - {name: team, namespace: team, labels: {istio: ingressgateway, app: team}}
            """;

    private static final List<String> FIELDS = List.of(
            "start_time",
            "method",
            "path",
            "protocol",
            "response_code",
            "response_flags",
            "response_code_details",
            "connection_termination_details",
            "upstream_transport_failure_reason",
            "bytes_received",
            "bytes_sent",
            "duration",
            "upstream_service_time",
            "x_forwarded_for",
            "user_agent",
            "request_id",
            "authority",
            "upstream_host",
            "upstream_cluster",
            "upstream_local_address",
            "downstream_local_address",
            "downstream_remote_address",
            "requested_server_name",
            "route_name");

    private final HttpClient client = new HttpClient();
    private final EchoServer shop = new EchoServer("shop");
    private LineServer echo;
    private LogReceiver receiver;
    private GatewayStack stack;
    private PrintedRows rows;
    private PrintedRows teamRows;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        echo = new LineServer("echo");
        receiver = new LogReceiver();
        stack = GatewayStack.start(scratch, PROXIES);
        rows = new PrintedRows(scratch.resolve("data"), "istio-system", "ingress");
        teamRows = new PrintedRows(scratch.resolve("data"), "team", "team");
    }

    @AfterAll
    void close() throws IOException {
        stack.close();
        client.close();
        shop.close();
        echo.close();
        receiver.close();
    }

    @Test
    @Tag("S38")
    @Tag("S55")
    @Tag("L1")
    @Tag("L2")
    void theDefaultRowOfARequestHas24Fields() throws IOException {
        become(mesh("accessLogFile: /dev/stdout"));

        client.send(
                stack.port("ingress", 80),
                Version.HTTP_1_1,
                new HttpClient.Call("GET", "shop.test", "/cart?id=1", Map.of("user-agent", "curl/7.64.0"), ""));

        assertThat(rows.await("/cart?id=1")).matches("""
                \\[\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\] "GET /cart\\?id=1 HTTP/1\\.1" 200 - via_upstream - "-" 0 5 \\d+ \\d+ \
                "[0-9.]+" "curl/7\\.64\\.0" "[0-9a-f-]{36}" "shop\\.test" "127\\.0\\.0\\.1:%d" outbound\\|80\\|\\|shop\\.example \
                127\\.0\\.0\\.1:\\d+ 127\\.0\\.0\\.1:%d 127\\.0\\.0\\.1:\\d+ - cart""".formatted(shop.port(), stack.port("ingress", 80)));
    }

    @Test
    @Tag("L1")
    @Tag("L2")
    void theDefaultRowOfAConnectionHasNoRequest() throws IOException {
        become(mesh("accessLogFile: /dev/stdout"));

        try (var socket = new Socket(InetAddress.getLoopbackAddress(), stack.port("ingress", 31400))) {
            socket.setSoTimeout(20_000);
            assertThat(socket.getInputStream().read()).isEqualTo('e');
        }

        assertThat(rows.await("outbound|2701||echo.example"))
                .matches("""
                \\[[^]]+\\] "- - -" 0 - - - "-" 0 \\d+ \\d+ - "-" "-" "-" "-" "127\\.0\\.0\\.1:%d" \
                outbound\\|2701\\|\\|echo\\.example 127\\.0\\.0\\.1:\\d+ 127\\.0\\.0\\.1:%d 127\\.0\\.0\\.1:\\d+ - -""".formatted(echo.port(), stack.port("ingress", 31400)));
    }

    @Test
    @Tag("S18")
    @Tag("S37")
    @Tag("L2")
    void aConnectionThatNoServerTakesIsLoggedByTheListener() throws Exception {
        become(mesh("accessLogFile: /dev/stdout"));

        greet("unknown.test");

        assertThat(rows.await("unknown.test")).matches("""
                \\[[^]]+\\] "- - -" 0 NR filter_chain_not_found - "-" 0 0 \\d+ - "-" "-" "-" "-" "-" - - \
                127\\.0\\.0\\.1:%d 127\\.0\\.0\\.1:\\d+ unknown\\.test -""".formatted(stack.port("ingress", 443)));
    }

    @Test
    @Tag("L2")
    void theListenersOwnLogCanBeSwitchedOff() throws Exception {
        become(mesh("accessLogFile: /dev/stdout\n    disableEnvoyListenerLog: true"));

        greet("unknown.test");
        get("ingress", "/after");

        rows.await("/after");
        assertThat(rows.fresh()).noneMatch(row -> row.contains("unknown.test"));
    }

    @Test
    @Tag("L1")
    void jsonHasTheSame24Values() throws IOException {
        become(mesh("accessLogFile: /dev/stdout\n    accessLogEncoding: JSON"));

        get("ingress", "/cart/json");

        var row = JsonParser.parseString(rows.await("/cart/json")).getAsJsonObject();
        assertThat(row.keySet()).containsExactlyInAnyOrderElementsOf(FIELDS);
        assertThat(row.get("path").getAsString()).isEqualTo("/cart/json");
        assertThat(row.get("response_code").getAsInt()).isEqualTo(200);
        assertThat(row.get("upstream_cluster").getAsString()).isEqualTo("outbound|80||shop.example");
        assertThat(row.get("route_name").getAsString()).isEqualTo("cart");
        assertThat(row.get("requested_server_name").isJsonNull()).isTrue();
    }

    @Test
    @Tag("L1")
    void aFormatOfOnesOwnGetsItsLineBreak() throws IOException {
        become(mesh(
                "accessLogFile: /dev/stdout\n    accessLogFormat: \"own %REQ_WITHOUT_QUERY(:PATH)% %RESPONSE_CODE%\""));

        get("ingress", "/cart/own?secret=1");

        assertThat(rows.await("/cart/own")).isEqualTo("own /cart/own 200");
    }

    @Test
    @Tag("H23")
    @Tag("H24")
    void aFormatThatEnvoyWouldRefuseOrThatReadsSecretsGivesWay() throws IOException {
        become(mesh("accessLogFile: /dev/stdout\n    accessLogFormat: \"%ENVIRONMENT(HOME)% %NOPE%\""));

        get("ingress", "/cart/fallback");

        assertThat(rows.await("/cart/fallback")).contains("\"GET /cart/fallback HTTP/1.1\" 200");
    }

    @Test
    @Tag("S39")
    @Tag("S40")
    @Tag("L3")
    @Tag("L4")
    void aTelemetryForOneWorkloadMakesThatOneLog() throws IOException {
        become(telemetry(
                "istio-system",
                "one",
                "selector: {matchLabels: {app: istio-ingressgateway}}",
                "providers: [{name: envoy}]"));

        get("team", "/cart/elsewhere");
        get("ingress", "/cart/here");
        rows.await("/cart/here");
        become();
        get("ingress", "/cart/no-more");
        become(mesh("accessLogFile: /dev/stdout"));
        get("team", "/cart/last");
        get("ingress", "/cart/last");

        rows.await("/cart/last");
        teamRows.await("/cart/last");
        assertThat(rows.fresh()).noneMatch(row -> row.contains("/no-more"));
        assertThat(teamRows.fresh()).noneMatch(row -> row.contains("/elsewhere"));
    }

    @Test
    @Tag("S40")
    @Tag("L4")
    void theNamespaceBeatsTheRoot() throws IOException {
        become(
                telemetry("istio-system", "all", "", "providers: [{name: envoy}]"),
                telemetry("team", "none", "", "disabled: true"));

        get("team", "/cart/silent");
        get("ingress", "/cart/root");
        rows.await("/cart/root");
        become(telemetry("istio-system", "all", "", "providers: [{name: envoy}]"));
        get("team", "/cart/spoken");

        teamRows.await("/cart/spoken");
        assertThat(teamRows.fresh()).noneMatch(row -> row.contains("/silent"));
    }

    @Test
    @Tag("L4")
    @Tag("L6")
    void aFilterBesideItsProviderChoosesRows() throws IOException {
        become(telemetry(
                "istio-system",
                "errors",
                "",
                "providers: [{name: envoy}], filter: {expression: \"response.code >= 400\"}"));

        get("ingress", "/cart/good");
        get("ingress", "/nowhere");

        rows.await("/nowhere");
        assertThat(rows.fresh()).noneMatch(row -> row.contains("/good"));
    }

    @Test
    @Tag("L4")
    void aFilterApartFromItsProviderFiltersNothing() throws IOException {
        become("""
                apiVersion: telemetry.istio.io/v1
                kind: Telemetry
                metadata: {namespace: istio-system, name: apart}
                spec:
                  accessLogging:
                  - {providers: [{name: envoy}]}
                  - {filter: {expression: "response.code >= 400"}}
                """);

        get("ingress", "/cart/all");

        rows.await("/cart/all");
    }

    @Test
    @Tag("L5")
    void gatewaysAreClients() throws IOException {
        become(
                mesh("accessLogFile: \"\""),
                telemetry("istio-system", "servers", "", "match: {mode: SERVER}, providers: [{name: envoy}]"));
        get("ingress", "/cart/server");
        become(telemetry("istio-system", "clients", "", "match: {mode: CLIENT}, providers: [{name: envoy}]"));
        get("ingress", "/cart/client");

        rows.await("/cart/client");
        assertThat(rows.fresh()).noneMatch(row -> row.contains("/cart/server"));
    }

    @Test
    @Tag("L4")
    @Tag("L5")
    void dangerous17FiltersStandBesideTheirProviderAndGatewaysAreClients() throws IOException {
        become(
                mesh("accessLogFile: \"\""),
                telemetry("istio-system", "servers", "", "match: {mode: SERVER}, providers: [{name: envoy}]"));
        get("ingress", "/cart/for-servers");
        become("""
                apiVersion: telemetry.istio.io/v1
                kind: Telemetry
                metadata: {namespace: istio-system, name: servers}
                spec:
                  accessLogging:
                  - {match: {mode: CLIENT}, providers: [{name: envoy}]}
                  - {filter: {expression: "response.code >= 400"}}
                """);
        get("ingress", "/cart/apart");
        rows.await("/cart/apart");
        become(telemetry(
                "istio-system",
                "servers",
                "",
                "providers: [{name: envoy}], filter: {expression: \"response.code >= 400\"}"));
        get("ingress", "/cart/beside");
        get("ingress", "/nowhere/17");

        rows.await("/nowhere/17");
        assertThat(rows.fresh())
                .noneMatch(row -> row.contains("/cart/beside"))
                .noneMatch(row -> row.contains("/cart/for-servers"));
    }

    @Test
    @Tag("L6")
    void anHttpFilterLosesTheRowsOfConnections() throws IOException {
        become(telemetry(
                "istio-system",
                "http-only",
                "",
                "providers: [{name: envoy}], filter: {expression: \"request.path.startsWith('/')\"}"));

        try (var socket = new Socket(InetAddress.getLoopbackAddress(), stack.port("ingress", 31400))) {
            socket.setSoTimeout(20_000);
            assertThat(socket.getInputStream().read()).isEqualTo('e');
        }
        get("ingress", "/cart/http");

        rows.await("/cart/http");
        assertThat(rows.fresh()).noneMatch(row -> row.contains("echo.example"));
    }

    @Test
    @Tag("L7")
    void logServicesGetRequestsAndConnections() throws IOException {
        become(mesh("""
                defaultProviders: {accessLogging: [requests, connections]}
                    extensionProviders:
                    - name: requests
                      envoyHttpAls: {service: logs.example, port: 9000, additionalRequestHeadersToLog: [x-user]}
                    - {name: connections, envoyTcpAls: {service: team/logs.example, port: 9000, logName: mine}}
                """), logs());

        client.send(
                stack.port("ingress", 80),
                Version.HTTP_2,
                new HttpClient.Call("GET", "shop.test", "/cart/als", Map.of("x-user", "jason"), ""));

        Awaitility.await("a record of the request")
                .atMost(Duration.ofSeconds(20))
                .until(() ->
                        entries().anyMatch(entry -> entry.getRequest().getPath().equals("/cart/als")));
        assertThat(entries().filter(entry -> entry.getRequest().getPath().equals("/cart/als")))
                .allMatch(entry -> entry.getRequest()
                        .getRequestHeadersMap()
                        .getOrDefault("x-user", "")
                        .equals("jason"));
        Awaitility.await("records of the other name")
                .atMost(Duration.ofSeconds(20))
                .until(() -> receiver.records().stream()
                        .anyMatch(
                                message -> message.getIdentifier().getLogName().equals("mine")));
    }

    @Test
    @Tag("L7")
    void anOpenTelemetryCollectorGetsBodyAndAttributes() throws IOException {
        become(mesh("""
                defaultProviders: {accessLogging: [otel]}
                    extensionProviders:
                    - name: otel
                      envoyOtelAls:
                        service: logs.example
                        port: 9000
                        logFormat: {text: "body of %REQ(:PATH)%", labels: {code: "code-%RESPONSE_CODE%"}}
                """), logs());

        get("ingress", "/cart/otel");

        Awaitility.await("a record in OpenTelemetry's form")
                .atMost(Duration.ofSeconds(20))
                .until(() -> receiver.telemetry().stream()
                        .anyMatch(text -> text.contains("body of /cart/otel") && text.contains("code-200")));
    }

    @Test
    @Tag("L7")
    void aServiceThatNobodyDeclaresTakesNothingAway() throws IOException {
        become(mesh("""
                accessLogFile: /dev/stdout
                    defaultProviders: {accessLogging: [requests]}
                    extensionProviders:
                    - {name: requests, envoyHttpAls: {service: absent.example, port: 9000}}
                """));

        get("ingress", "/cart/absent");

        rows.await("/cart/absent");
    }

    private Stream<HTTPAccessLogEntry> entries() {
        return receiver.records().stream().flatMap(message -> message.getHttpLogs().getLogEntryList().stream());
    }

    private void get(String gateway, String path) throws IOException {
        client.send(
                stack.port(gateway, 80), Version.HTTP_1_1, new HttpClient.Call("GET", "shop.test", path, Map.of(), ""));
    }

    // Says hello for a server name and is closed.
    private void greet(String name) throws IOException, GeneralSecurityException {
        var factory = SSLContext.getDefault().getSocketFactory();
        try (var socket =
                (SSLSocket) factory.createSocket(InetAddress.getLoopbackAddress(), stack.port("ingress", 443))) {
            socket.setSoTimeout(20_000);
            var parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(name)));
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            throw new AssertionError("the handshake for " + name + " went well");
        } catch (SSLException | java.net.SocketException closed) {
            assertThat(closed).isNotNull();
        }
    }

    private void become(String... more) {
        var documents = Stream.concat(Stream.of(base()), Stream.of(more)).toList();
        stack.become(String.join("\n---\n", documents));
        rows.skip();
        teamRows.skip();
    }

    private static String mesh(String settings) {
        return """
                apiVersion: v1
                kind: ConfigMap
                metadata: {namespace: istio-system, name: istio}
                data:
                  mesh: |
                    %s
                """.formatted(settings.strip());
    }

    private static String telemetry(String namespace, String name, String selector, String logging) {
        return """
                apiVersion: telemetry.istio.io/v1
                kind: Telemetry
                metadata: {namespace: %s, name: %s}
                spec:
                  %s
                  accessLogging: [{%s}]
                """.formatted(namespace, name, selector, logging);
    }

    private String logs() {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: team, name: logs}
                spec:
                  hosts: [logs.example]
                  ports: [{number: 9000, name: grpc, protocol: GRPC}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {grpc: %d}}]
                """.formatted(receiver.port());
    }

    private String base() {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.test]}
                  - {port: {number: 31400, name: tcp, protocol: TCP}, hosts: ["*"]}
                  - {port: {number: 443, name: tls, protocol: TLS}, hosts: [known.test], tls: {mode: PASSTHROUGH}}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http:
                  - {name: cart, match: [{uri: {prefix: /cart}}, {uri: {prefix: /after}}], route: [{destination: {host: shop.example, port: {number: 80}}}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: bytes}
                spec:
                  hosts: ["*"]
                  gateways: [edge]
                  tcp: [{match: [{port: 31400}], route: [{destination: {host: echo.example, port: {number: 2701}}}]}]
                  tls: [{match: [{port: 443, sniHosts: [known.test]}], route: [{destination: {host: echo.example, port: {number: 2701}}}]}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: all}
                spec:
                  hosts: [shop.example]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: %d}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: echo}
                spec:
                  hosts: [echo.example]
                  ports: [{number: 2701, name: tcp, protocol: TCP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {tcp: %d}}]
                """.formatted(shop.port(), echo.port());
    }
}
