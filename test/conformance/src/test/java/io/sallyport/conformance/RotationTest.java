package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.TlsClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Certificates that are renewed while clients never stop. How fast it goes is the benchmark's business
/// (`./sallyport bench tls`); here nothing may be lost.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RotationTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 500 : 10;
    private static final int FLIPS = Boolean.getBoolean("sallyport.nightly") ? 20_000 : 1_000;
    private static final String HOST = "renewed.test";

    private Path mount;
    private Authority authority;
    private GatewayStack stack;
    private TlsClient client;
    private int swaps;

    @BeforeAll
    void open(@TempDir Path folder) throws IOException {
        authority = Authority.in(folder.resolve("authority"));
        stack = GatewayStack.start(folder, "");
        client = new TlsClient(authority, stack.port("", 443));
        mount = Files.createDirectories(folder.resolve("config/secrets/istio-system/renewed"));
        swap();
        stack.become("""
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - port: {number: 443, name: https, protocol: HTTPS}
                hosts: [renewed.test]
                tls: {mode: SIMPLE, credentialName: renewed}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: hello}}
            """);
        awaitShown(authority.lastSerial());
    }

    @AfterAll
    void close() {
        stack.close();
    }

    @Test
    @Tag("P4")
    @Tag("F24")
    void noRequestIsLostOnOpenConnectionsNorOnNewOnes() throws Exception {
        try (var open = client.connect(HOST);
                var steady = client.steady(HOST)) {
            var answers = new BufferedReader(new InputStreamReader(open.getInputStream(), StandardCharsets.US_ASCII));
            for (var round = 0; round < ROUNDS; round++) {
                var renewed = swap();
                awaitShown(renewed);
                steady.awaitAnswers(150);
                assertThat(ask(open, answers))
                        .as("on the connection from before, round %d", round)
                        .isEqualTo("HTTP/1.1 200 OK");
            }
            assertThat(steady.failures()).isEmpty();
        }
    }

    @Test
    @Tag("H47")
    void aSecretThatFlipsBetweenGoodAndBadIsServedThroughout() throws Exception {
        var one = authority.issue(HOST, 20);
        var other = authority.issue(HOST, 20);
        try (var steady = client.steady(HOST)) {
            steady.awaitAnswers(20);
            for (var n = 0; n < FLIPS; n++) {
                // Every second pair does not belong together.
                swap(n % 4 < 2 ? one : other, n % 2 == 0 ? one : other);
            }
            awaitShown(swap());
            steady.awaitAnswers(50);
            assertThat(steady.failures()).isEmpty();
        }
    }

    private static String ask(SSLSocket socket, BufferedReader answers) throws IOException {
        socket.getOutputStream()
                .write(("GET / HTTP/1.1\r\nHost: " + HOST + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        var status = String.valueOf(answers.readLine());
        var length = 0;
        for (var line = answers.readLine(); line != null && !line.isEmpty(); line = answers.readLine()) {
            if (line.startsWith("content-length: ")) {
                length = Integer.parseInt(line.substring("content-length: ".length()));
            }
        }
        for (var n = 0; n < length; n++) {
            answers.read();
        }
        return status;
    }

    private void awaitShown(int serial) {
        await("serial " + serial + " is shown")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> client.serial(HOST).intValueExact() == serial);
    }

    // As Kubernetes swaps a mount: a new folder, then the link to it in one step.
    private int swap() throws IOException {
        var issued = authority.issue(HOST, 20);
        swap(issued, issued);
        return authority.lastSerial();
    }

    private void swap(Issued certificate, Issued key) throws IOException {
        swaps++;
        var version = Files.createDirectories(mount.resolve("..version-" + swaps));
        Files.copy(certificate.certificate(), version.resolve("tls.crt"));
        Files.copy(key.key(), version.resolve("tls.key"));
        var link = mount.resolve("..data-part");
        Files.createSymbolicLink(link, version.getFileName());
        Files.move(link, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        for (var name : new String[] {"tls.crt", "tls.key"}) {
            if (!Files.isSymbolicLink(mount.resolve(name))) {
                Files.createSymbolicLink(mount.resolve(name), Path.of("..data", name));
            }
        }
    }
}
