package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.Curl;
import io.sallyport.testkit.tls.OpenSsl;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Clients that want more than their due, at the TLS door of a real Envoy: strange names in the hello, old and broken
/// handshakes, certificates that are nearly good, and hosts of neighbours on one connection. Whatever they do, a good
/// client is answered afterwards.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(240)
class HostileHandshakesTest {

    // curl's exit codes for a server that ends the handshake (S29).
    private static final Integer[] REJECTED = {16, 35, 52, 55, 56};

    private Authority authority;
    private GatewayStack stack;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        authority = Authority.in(scratch.resolve("authority"));
        stack = GatewayStack.start(scratch, "");
        var shared = authority.issue(List.of("*.both.test"), 20);
        mount(scratch, "a", shared);
        mount(scratch, "b", shared);
        mount(scratch, "mutual", authority.issue("mutual.test", 20));
        Files.copy(authority.certificate(), scratch.resolve("config/secrets/istio-system/mutual/ca.crt"));
        stack.become("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {namespace: istio-system, name: istio}
                data: {mesh: "tlsDefaults: {ecdhCurves: [P-384]}"}
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - port: {number: 443, name: https-a, protocol: HTTPS}
                    hosts: [a.both.test]
                    tls: {mode: SIMPLE, credentialName: a}
                  - port: {number: 443, name: https-b, protocol: HTTPS}
                    hosts: [b.both.test]
                    tls: {mode: SIMPLE, credentialName: b}
                  - port: {number: 443, name: https-mutual, protocol: HTTPS}
                    hosts: [mutual.test]
                    tls: {mode: MUTUAL, credentialName: mutual, subjectAltNames: [client.test]}
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
    }

    @AfterAll
    void close() {
        stack.close();
    }

    @AfterEach
    void aGoodClientIsAnswered() throws IOException {
        assertThat(get("a.both.test").status()).isEqualTo(200);
    }

    @Test
    @Tag("P2")
    @Tag("G8")
    @Tag("H48")
    @Tag("H126")
    void aSecondHostOnOneHttp2ConnectionIsSentAwayAndNeverNotFound() throws IOException {
        assertThat(Curl.together("a.both.test", port(), List.of("a.both.test", "b.both.test", "a.both.test")))
                .as("status, and connections opened")
                .containsExactly("200 1", "421 0", "200 0");
        assertThat(Curl.together("b.both.test", port(), List.of("b.both.test", "mutual.test")))
                .as("not past the certificate that the other server asks for")
                .containsExactly("200 1", "421 0");
    }

    @Test
    @Tag("H48")
    @Tag("T1")
    void namesInTheHelloAreTakenAsTheyAreOrNotAtAll() throws IOException {
        assertThat(OpenSsl.handshake(port(), "A.Both.TEST", "-curves", "P-384")).contains("CN = *.both.test");
        assertThat(RawHello.answer(port(), RawHello.naming("a.both.test"))).isEqualTo("greeted");
        for (var refused : List.of(
                RawHello.naming(),
                RawHello.naming("a.both.test\0.evil.test"),
                RawHello.naming("a.both.test."),
                RawHello.naming("127.0.0.1"),
                RawHello.naming("x".repeat(300)),
                RawHello.naming("a.both.test", "b.both.test"),
                RawHello.naming(""))) {
            assertThat(RawHello.answer(port(), refused))
                    .as("%s", new String(refused, StandardCharsets.ISO_8859_1))
                    .isEqualTo("refused");
        }
    }

    @Test
    @Tag("H49")
    @Tag("T12")
    void oldAndBrokenHandshakesEnd() throws IOException {
        for (var version : List.of("-tls1", "-tls1_1")) {
            assertThat(OpenSsl.handshake(port(), "a.both.test", version, "-cipher", "ALL:@SECLEVEL=0"))
                    .as(version)
                    .contains("no peer certificate available");
        }
        var sslv2 =
                new byte[] {(byte) 0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 7, 0, (byte) 0xc0, 3, 0, (byte) 0x80};
        assertThat(RawHello.answer(port(), sslv2)).isEqualTo("refused");
        assertThat(RawHello.answer(port(), "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo("refused");
        assertThat(RawHello.answer(port(), RawHello.crumbled(RawHello.naming("nobody.test"))))
                .isEqualTo("refused");
        assertThat(OpenSsl.handshake(port(), "a.both.test", "-alpn", "\u0001junk,spdy/9"))
                .contains("No ALPN negotiated");
    }

    @Test
    @Tag("H49")
    void aHandshakeWithinAConnectionIsRefused() throws IOException {
        var said = OpenSsl.conversation(port(), "a.both.test", "R\n", "-tls1_2", "-curves", "P-384:P-256");

        assertThat(said).contains("CN = *.both.test", "RENEGOTIATING").containsIgnoringCase("no renegotiation");
    }

    @Test
    @Tag("H49")
    void nothingIsTakenBeforeTheHandshakeHasEnded(@TempDir Path folder) throws IOException {
        var session = folder.resolve("session").toString();
        var request = "GET / HTTP/1.1\r\nHost: a.both.test\r\nConnection: close\r\n\r\n";
        var first = OpenSsl.conversation(
                port(), "a.both.test", request, "-tls1_3", "-curves", "P-384", "-sess_out", session);
        assertThat(first).contains("200 OK", "Max Early Data: 0").doesNotContainPattern("Max Early Data: [1-9]");

        var early = Files.writeString(folder.resolve("early"), request).toString();
        assertThat(OpenSsl.handshake(
                        port(),
                        "a.both.test",
                        "-tls1_3",
                        "-curves",
                        "P-384",
                        "-sess_in",
                        session,
                        "-early_data",
                        early))
                .as("a replay of early data")
                .contains("Early data was not sent");
    }

    @Test
    @Tag("H49")
    void aTicketOfAnySizeIsNoWayIn() throws IOException {
        assertThat(RawHello.answer(port(), RawHello.withTicket("a.both.test", 1_000)))
                .isEqualTo("greeted");
        for (var bytes : List.of(20_000, 60_000)) {
            assertThat(RawHello.answer(port(), RawHello.withTicket("a.both.test", bytes)))
                    .as("%d bytes", bytes)
                    .isEqualTo("refused");
        }
    }

    @Test
    @Tag("H49")
    void halfAHelloIsNotWaitedForLongAndNobodyElseWaits() throws IOException {
        var silent = RawHello.halves(port(), 300, "a.both.test");
        try {
            assertThat(get("a.both.test").status()).isEqualTo(200);
            for (var socket : silent) {
                RawHello.awaitEnd(socket);
            }
        } finally {
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    @Test
    @Tag("H50")
    void aClientCertificateThatIsNearlyGoodIsRefused() throws IOException {
        assertThat(get("mutual.test", authority.issue("client.test", 20)).status())
                .isEqualTo(200);
        for (var nearly : List.of(
                authority.issue("client.test", -1),
                authority.issue("client.test.evil.test", 20),
                authority.issue("client2.test", 20))) {
            assertThat(get("mutual.test", nearly).exitCode()).as("%s", nearly).isIn((Object[]) REJECTED);
        }
    }

    @Test
    @Tag("T12")
    void theCurvesOfTheMeshAreTheOnesThatCount() throws IOException {
        assertThat(OpenSsl.handshake(port(), "a.both.test", "-curves", "P-384")).contains("ECDH, secp384r1, 384 bits");
        assertThat(OpenSsl.handshake(port(), "a.both.test", "-curves", "X25519"))
                .contains("no peer certificate available");
    }

    private int port() {
        return stack.port("", 443);
    }

    private Curl.Result get(String host, Issued... client) throws IOException {
        var trust = authority.certificate().toString();
        return client.length == 0
                ? Curl.https(host, port(), "/", "--cacert", trust)
                : Curl.https(
                        host,
                        port(),
                        "/",
                        "--cacert",
                        trust,
                        "--cert",
                        client[0].certificate().toString(),
                        "--key",
                        client[0].key().toString());
    }

    private static void mount(Path scratch, String name, Issued issued) throws IOException {
        var secret = Files.createDirectories(
                scratch.resolve("config/secrets/istio-system").resolve(name));
        Files.copy(issued.certificate(), secret.resolve("tls.crt"));
        Files.copy(issued.key(), secret.resolve("tls.key"));
    }
}
