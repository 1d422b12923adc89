package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Handshake;
import io.sallyport.testkit.tls.SecureClient;
import io.sallyport.testkit.tls.Wallet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What `egress coverage` says is what connections through a real client proxy and a real egress gateway do, cell by
/// cell.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("B7")
class EgressCoverageTest {

    private static final int HANG_MILLIS = 20_000;

    private static final String PROXIES = """
            proxies:
            - {name: istio-egressgateway, namespace: istio-system, labels: {istio: egressgateway}}
            - {name: sleep, namespace: default, labels: {app: sleep}, kind: sidecar}
            - {name: till, namespace: shop, labels: {app: till}, kind: sidecar}
            """;

    private final HttpClient client = new HttpClient();
    private GatewayStack stack;
    private EchoServer plain;
    private EchoServer encrypted;
    private LineServer lines;
    private SecureClient secure;
    private Path admin;
    private Path data;

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        var wallet = Wallet.in(scratch.resolve("wallet"));
        var own = wallet.issued(new Wallet.Wish(
                List.of(
                        "www.google.com",
                        "google.com",
                        "bank.test",
                        "private.test",
                        "a.test",
                        "b.test",
                        "*.c.test",
                        "d.test"),
                "ca"));
        plain = new EchoServer("plain");
        encrypted = EchoServer.secure("encrypted", own.certificate(), own.key(), Optional.empty());
        lines = new LineServer("lines");
        secure = new SecureClient(wallet, scratch);
        stack = GatewayStack.start(scratch, PROXIES);
        data = scratch.resolve("data");
        admin = scratch.resolve("data/admin/istio-egressgateway.istio-system.sock");
    }

    @AfterAll
    void stop() throws IOException {
        client.close();
        if (stack != null) {
            stack.close();
        }
        plain.close();
        encrypted.close();
        lines.close();
    }

    private String configuration(String mode, String names) {
        return """
                apiVersion: v1
                kind: ConfigMap
                metadata: {namespace: istio-system, name: istio}
                data:
                  mesh: |
                    outboundTrafficPolicy: {mode: MODE}
                    accessLogFile: /dev/stdout
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: google, namespace: istio-system}
                spec:
                  hosts: [www.google.com, google.com]
                  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: HTTP_PORT, tls: TLS_PORT}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: private, namespace: shop}
                spec:
                  hosts: [private.test]
                  exportTo: ["."]
                  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: HTTP_PORT, tls: TLS_PORT}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: echo, namespace: default}
                spec:
                  hosts: [echo.test]
                  ports: [{number: 31400, name: tcp, protocol: TCP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {tcp: TCP_PORT}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: istio-egressgateway, namespace: command-runner}
                spec:
                  selector: {istio: egressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [www.google.com, google.com]}
                  - {port: {number: 443, name: tls, protocol: TLS}, hosts: [www.google.com, google.com], tls: {mode: PASSTHROUGH}}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: google, namespace: command-runner}
                spec:
                  hosts: [www.google.com, google.com]
                  gateways: [mesh, istio-egressgateway]
                  http:
                  - match: [{gateways: [mesh], port: 80}]
                    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: google, port: {number: 80}}}]
                  - match: [{gateways: [istio-egressgateway], port: 80}]
                    headers: {request: {set: {x-through: gateway}}}
                    route: [{destination: {host: www.google.com, port: {number: 80}}}]
                  tls:
                  - match: [{gateways: [mesh], port: 443, sniHosts: [SNI_NAMES]}]
                    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: google, port: {number: 443}}}]
                  - match: [{gateways: [istio-egressgateway], port: 443, sniHosts: [SNI_NAMES]}]
                    route: [{destination: {host: www.google.com, port: {number: 443}}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: egressgateway-for-google, namespace: istio-system}
                spec:
                  host: istio-egressgateway.istio-system.svc.cluster.local
                  subsets: [{name: google}]
                """.replace("MODE", mode)
                .replace("SNI_NAMES", names)
                .replace("HTTP_PORT", String.valueOf(plain.port()))
                .replace("TLS_PORT", String.valueOf(encrypted.port()))
                .replace("TCP_PORT", String.valueOf(lines.port()));
    }

    @Test
    @Tag("S53")
    @Tag("S56")
    void everyCellIsWhatARealConnectionMeets() throws IOException {
        stack.become(configuration("REGISTRY_ONLY", "www.google.com"));
        var coverage = coverage();

        // Three hosts with two ports and one with one, by two doors, for two clients.
        assertThat(coverage).hasSize(28);
        for (var cell : coverage) {
            assertThat(met(cell)).as("%s", cell).isEqualTo(predicted(cell));
        }
    }

    /// Some dozens of cells a seed, of configurations that nobody wrote.
    @ParameterizedTest
    @MethodSource("seeds")
    void everyCellOfAConfigurationByChanceIsWhatARealConnectionMeets(int seed) throws IOException {
        var chance = new ChanceEgress(new SplittableRandom(seed), plain.port(), encrypted.port(), lines.port());
        stack.become(String.join("---\n", chance.configuration()));

        for (var cell : coverage()) {
            // What is let out by default is looked up by its name, which nobody here knows.
            if (!cell.getAsJsonObject("verdict").has("byDefault")) {
                assertThat(met(cell)).as("seed %d, %s", seed, cell).isEqualTo(predicted(cell));
            }
        }
    }

    static IntStream seeds() {
        return IntStream.range(0, Boolean.getBoolean("sallyport.nightly") ? 100 : 3);
    }

    @Test
    @Tag("S56")
    void oneMissingServerNameIsTheOneLeak() throws IOException {
        stack.become(configuration("ALLOW_ANY", "www.google.com"));
        assertThat(contradictions()).containsExactly("google.com:443 LEAK");

        stack.become(configuration("ALLOW_ANY", "www.google.com, google.com"));
        assertThat(contradictions()).isEmpty();
        assertThat(coverage().stream()
                        .filter(cell -> text(cell, "host").equals("google.com"))
                        .map(EgressCoverageTest::predicted))
                .hasSize(8)
                .allMatch(predicted -> predicted.startsWith("GATEWAY") || predicted.equals("200"));
    }

    @Test
    @Tag("S55")
    @Tag("L1")
    void theGatewayPrintsOneRowOf24FieldsForWhatItSentOn() throws IOException {
        stack.become(configuration("REGISTRY_ONLY", "www.google.com"));
        var rows = new PrintedRows(data, "istio-system", "istio-egressgateway");
        rows.skip();

        assertThat(http("sleep", false, "www.google.com", 80)).isEqualTo("GATEWAY");

        // Between two dates: bytes, times and addresses; what they are called is in the scenario.
        assertThat(rows.await("www.google.com"))
                .matches(
                        "\\[\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\] \"GET / HTTP/[12.]+\" 200 - via_upstream - \"-\""
                                + " 0 \\d+ \\d+ \\d+ \"[0-9.]+\" \"[^\"]*\" \"[0-9a-f-]{36}\" \"www.google.com\""
                                + " \"127.0.0.1:" + plain.port() + "\" outbound\\|80\\|\\|www\\.google\\.com"
                                + " 127.0.0.1:\\d+ 127.0.0.1:\\d+ [0-9.]+:\\d+ - -");
    }

    private List<String> contradictions() {
        var found = new ArrayList<String>();
        for (var cell : coverage()) {
            for (var each : array(cell, "contradictions")) {
                found.add(text(cell, "host") + ":" + cell.get("port").getAsInt() + " "
                        + each.getAsJsonObject().get("kind").getAsString());
            }
        }
        return found.stream().distinct().toList();
    }

    private List<JsonObject> coverage() {
        var answer = stack.sallyport().shell().run("egress", "coverage", "-o", "json");
        assertThat(answer.err()).isEmpty();
        return array(JsonParser.parseString(answer.out()).getAsJsonObject(), "cells").asList().stream()
                .map(cell -> cell.getAsJsonObject())
                .toList();
    }

    private static JsonArray array(JsonObject object, String name) {
        var found = object.getAsJsonArray(name);
        return found == null ? new JsonArray() : found;
    }

    private static String text(JsonObject object, String name) {
        return object.has(name) ? object.get(name).getAsString() : "";
    }

    // "GATEWAY", "DIRECT", the status that stops it, or "closed".
    private static String predicted(JsonObject cell) {
        var verdict = cell.getAsJsonObject("verdict");
        if (!text(verdict, "way").equals("BLOCKED")) {
            return text(verdict, "way");
        }
        var status = text(verdict.getAsJsonObject("symptom"), "status");
        return status.isEmpty() ? "closed" : status;
    }

    private String met(JsonObject cell) throws IOException {
        var host = text(cell, "host").replace("*", "x");
        int port = cell.get("port").getAsInt();
        var name = text(cell.getAsJsonObject("client"), "name");
        boolean isDoor = text(cell, "door").equals("HTTP_PROXY");
        return switch (text(cell, "protocol")) {
            case "HTTP" -> http(name, isDoor, host, port);
            case "TLS" -> tls(name, isDoor, host, port);
            default -> tcp(name, isDoor, host, port);
        };
    }

    private String http(String name, boolean isDoor, String host, int port) throws IOException {
        plain.reset();
        var path = isDoor ? "http://" + host + "/" : "/";
        var reply = client.send(
                isDoor ? stack.door(name) : stack.port(name, port),
                HttpClient.Version.HTTP_1_1,
                new HttpClient.Call("GET", host, path, Map.of(), ""));
        if (reply.status() != 200) {
            return String.valueOf(reply.status());
        }
        return plain.seen().getLast().headers().first("x-through").isPresent() ? "GATEWAY" : "DIRECT";
    }

    private String tls(String name, boolean isDoor, String host, int port) throws IOException {
        long before = gatewayConnections();
        var handshake = new Handshake(host, "", "ca", "", null, null);
        var call = new HttpClient.Call("GET", host, "/", Map.of(), "");
        var outcome = isDoor
                ? secure.tunnel(stack.door(name), port, HttpClient.Version.HTTP_1_1, call, handshake)
                : secure.send(stack.port(name, port), HttpClient.Version.HTTP_1_1, call, handshake);
        if (outcome.reply() == null) {
            return outcome.failure() == Handshake.Failure.BLOCKED ? "403" : "closed";
        }
        return gatewayConnections() > before ? "GATEWAY" : "DIRECT";
    }

    // How many connections the gateway has opened to the encrypted server.
    private long gatewayConnections() throws IOException {
        return new AdminSocket(admin, Duration.ofSeconds(5))
                .get("/clusters")
                .lines()
                .filter(line -> line.startsWith("outbound|443|") && line.contains("::cx_total::"))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(':') + 1)))
                .sum();
    }

    private String tcp(String name, boolean isDoor, String host, int port) throws IOException {
        try (var socket =
                new Socket(InetAddress.getLoopbackAddress(), isDoor ? stack.door(name) : stack.port(name, port))) {
            socket.setSoTimeout(HANG_MILLIS);
            var reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            if (isDoor) {
                send(socket, "CONNECT %s:%d HTTP/1.1\r\nHost: %1$s:%2$d\r\n\r\n".formatted(host, port));
                var status = String.valueOf(reader.readLine());
                if (!status.contains(" 200")) {
                    return status.split(" ", -1)[1];
                }
                for (var line = reader.readLine(); line != null && !line.isEmpty(); ) {
                    line = reader.readLine();
                }
            }
            send(socket, "hello\n");
            return "lines".equals(reader.readLine()) ? "DIRECT" : "closed";
        } catch (SocketException reset) {
            return "closed";
        }
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }
}
