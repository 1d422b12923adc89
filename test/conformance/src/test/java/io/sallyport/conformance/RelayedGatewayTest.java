package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A gateway with a relay beside it: its Envoy starts cold while the services are away.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(240)
class RelayedGatewayTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Path scratch;
    private Authority authority;
    private SeparateServices services;
    private TlsClient client;

    @BeforeAll
    void open(@TempDir Path folder) throws IOException {
        scratch = folder;
        authority = Authority.in(folder.resolve("authority"));
        services = SeparateServices.withRelay(folder);
        client = new TlsClient(authority, services.tlsPort());
        var applied = services.shell().run("apply", "--wait", "-f", configuration());
        assertThat(applied.err()).isEmpty();
    }

    @AfterAll
    void close() {
        services.close();
    }

    @Test
    @Tag("F2")
    @Tag("F6")
    void aColdEnvoyStartsFromWhatIsKeptAndFollowsWhenTheServicesAreBack() throws Exception {
        var first = put("shop", authority.issue("shop.test", 20));
        awaitSerial("shop.test", first);
        awaitKept("sds");
        var versions = versions();

        // Only secret-service is away.
        services.kill(Name.SECRET);
        restartEnvoy();
        awaitPlain();
        assertThat(client.serial("shop.test").intValueExact()).isEqualTo(first);
        assertThat(client.ask("bare.test")).as("a host whose secret is nowhere").isNotEqualTo("200");

        // All of Sallyport is away, and the relay starts from disk too.
        services.kill(Name.XDS);
        services.kill(Name.CONFIG);
        services.kill(Name.RELAY);
        services.killEnvoy();
        services.start(Name.RELAY);
        services.startEnvoy();
        awaitPlain();
        assertThat(client.ask("shop.test")).isEqualTo("200");
        assertThat(versions()).as("versions are hashes").isEqualTo(versions);
        assertThat(metric("sallyport_relay_kept_streams{service=\"xds\"}")).isEqualTo(1.0);

        for (var name : List.of(Name.CONFIG, Name.XDS, Name.SECRET)) {
            services.start(name);
        }
        awaitSerial("shop.test", put("shop", authority.issue("shop.test", 20)));
        awaitSerial("bare.test", put("bare", authority.issue("bare.test", 20)));
        await("no call is answered by what is kept")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> metric("sallyport_relay_kept_streams{service=\"xds\"}") == 0.0);
        assertThat(versions()).as("what did not change was not sent again").isEqualTo(versions);
    }

    @Test
    @Tag("V7")
    void noKeyIsKeptInPlainText() throws Exception {
        var issued = authority.issue("shop.test", 20);
        var key = Files.readString(issued.key(), StandardCharsets.US_ASCII);
        awaitSerial("shop.test", put("shop", issued));
        awaitKept("sds");

        var word = key.lines().skip(1).findFirst().orElseThrow().substring(8, 40);
        try (var files = Files.walk(services.relayStore())) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1)).doesNotContain(word, "PRIVATE KEY");
                assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
            }
        }
    }

    private void restartEnvoy() throws IOException {
        services.killEnvoy();
        services.startEnvoy();
    }

    private int put(String name, Issued issued) throws IOException {
        var secret = Files.createDirectories(services.secrets().resolve("secrets/istio-system/" + name));
        for (var file :
                Map.of("tls.key", issued.key(), "tls.crt", issued.certificate()).entrySet()) {
            var part = Files.copy(
                    file.getValue(),
                    secret.resolve("." + file.getKey() + ".part"),
                    StandardCopyOption.REPLACE_EXISTING);
            Files.move(part, secret.resolve(file.getKey()), StandardCopyOption.ATOMIC_MOVE);
        }
        return authority.lastSerial();
    }

    private void awaitSerial(String host, int serial) {
        await(host + " shows " + serial)
                .atMost(PATIENCE)
                .ignoreExceptions()
                .untilAsserted(
                        () -> assertThat(client.serial(host).intValueExact()).isEqualTo(serial));
    }

    private void awaitPlain() {
        await("the plain door opens").atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
            try (var http = new HttpClient()) {
                var call = new HttpClient.Call("GET", "any.test", "/", Map.of(), "");
                assertThat(http.send(services.port(), HttpClient.Version.HTTP_1_1, call)
                                .status())
                        .isEqualTo(200);
            }
        });
    }

    // What is kept is written behind the back of the streams.
    private void awaitKept(String type) {
        await("kept " + type).atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
            try (var files = Files.list(services.relayStore().resolve("kept"))) {
                assertThat(files.filter(file -> isOf(file, type)).count()).isPositive();
            }
        });
    }

    private static boolean isOf(Path file, String type) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1).contains(type + "/");
        } catch (IOException replaced) {
            return false;
        }
    }

    private List<String> versions() throws IOException {
        return List.of("dynamic_route_configs", "dynamic_listeners").stream()
                .flatMap(part -> dump(part).lines())
                .filter(line -> line.contains("\"version_info\""))
                .map(String::strip)
                .sorted()
                .toList();
    }

    private String dump(String part) {
        try {
            return services.admin("/config_dump?resource=" + part);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private double metric(String name) throws IOException {
        try (var http = new HttpClient()) {
            var call = new HttpClient.Call(
                    "GET", InetAddress.getLoopbackAddress().getHostAddress(), "/metrics", Map.of(), "");
            var lines = http.send(services.httpPort(Name.RELAY), HttpClient.Version.HTTP_1_1, call)
                    .body();
            return lines.lines()
                    .filter(line -> line.startsWith(name))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(name + " in " + lines));
        }
    }

    private String configuration() throws IOException {
        return Files.writeString(scratch.resolve("gateway.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                  - port: {number: 443, name: https-shop, protocol: HTTPS}
                    hosts: [shop.test]
                    tls: {mode: SIMPLE, credentialName: shop}
                  - port: {number: 443, name: https-bare, protocol: HTTPS}
                    hosts: [bare.test]
                    tls: {mode: SIMPLE, credentialName: bare}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: all, namespace: shop}
                spec:
                  hosts: ["*"]
                  gateways: [edge]
                  http:
                  - directResponse: {status: 200, body: {string: hello}}
                """).toString();
    }
}
