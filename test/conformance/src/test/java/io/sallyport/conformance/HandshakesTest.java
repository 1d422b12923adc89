package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.Curl;
import io.sallyport.testkit.tls.OpenSsl;
import io.sallyport.testkit.tls.TlsServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What cases cannot say about TLS, because it hangs on the certificates themselves: kinds of keys, pins, revocation,
/// files, the mesh's own TLS, and what a gateway writes about handshakes that fail. `curl` and `openssl` stand outside.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(240)
class HandshakesTest {

    // curl's exit codes for a server that ends the handshake (S29).
    private static final Integer[] REJECTED = {16, 35, 52, 55, 56};

    private static final String MESH = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data: {mesh: "accessLogFile: /dev/stdout"}
            """;

    private Path directory;
    private Authority authority;
    private Issued client;
    private Issued revoked;
    private Path list;
    private TlsServer inside;
    private GatewayStack stack;
    private PrintedRows rows;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        directory = Files.createDirectories(scratch.resolve("config"));
        // Files that gateways name may stand beside the configuration.
        authority = Authority.in(directory.resolve("certificates"));
        client = authority.issue("client.test", 20);
        revoked = authority.issue("revoked.test", 20);
        mount("ecdsa", authority.issue("keys.test", 20));
        mount("rsa", authority.issueRsa("keys.test", 20));
        mount("mutual", authority.issue("mutual.test", 20));
        Files.copy(authority.certificate(), secret("mutual").resolve("ca.crt"));
        mount("listed", authority.issue("listed.test", 20));
        Files.copy(authority.certificate(), secret("listed").resolve("ca.crt"));
        list = authority.revoke(revoked);
        Files.copy(list, secret("listed").resolve("ca.crl"));
        inside = TlsServer.start(authority.issue("cart.test", 20));
        stack = GatewayStack.start(scratch, "");
        rows = new PrintedRows(scratch.resolve("data"), "istio-system", "istio-ingressgateway");
    }

    @AfterAll
    void close() {
        stack.close();
        inside.close();
    }

    @Test
    @Tag("T6")
    @Tag("T12")
    void aServerWithTwoKeysShowsTheOneThatTheClientKnows() throws IOException {
        serve("keys.test", "mode: SIMPLE, credentialNames: [rsa, ecdsa]");

        assertThat(OpenSsl.handshake(port(443), "keys.test", "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"))
                .contains("Server public key is 2048 bit");
        assertThat(OpenSsl.handshake(port(443), "keys.test", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"))
                .contains("Server public key is 256 bit");
    }

    @Test
    @Tag("T12")
    void aPinLetsOneClientInAndNoOther() throws IOException, GeneralSecurityException {
        var pinned = read(client);
        var key =
                Base64.getEncoder().encodeToString(sha256(pinned.getPublicKey().getEncoded()));
        for (var pin : List.of(
                "verifyCertificateSpki: [\"" + key + "\"]",
                "verifyCertificateHash: [" + HexFormat.of().formatHex(sha256(pinned.getEncoded())) + "]")) {
            serve("mutual.test", "mode: MUTUAL, credentialName: mutual, " + pin);

            assertThat(get("mutual.test", client).status()).as(pin).isEqualTo(204);
            assertThat(get("mutual.test", revoked).exitCode()).as(pin).isIn((Object[]) REJECTED);
        }
    }

    @Test
    @Tag("T7")
    @Tag("T13")
    void aRevokedClientIsRefused() throws IOException {
        serve("listed.test", "mode: MUTUAL, credentialName: listed");

        assertThat(get("listed.test", client).status()).isEqualTo(204);
        assertThat(get("listed.test", revoked).exitCode()).isIn((Object[]) REJECTED);
    }

    @Test
    @Tag("S28")
    @Tag("T13")
    void certificatesMayBeFilesAndTheirAbsenceStopsNothingElse() throws IOException {
        var issued = authority.issue("files.test", 20);
        var present = files(issued.certificate(), issued.key());
        var lost = issued.certificate().resolveSibling("lost.pem");
        var files = server("files", "files.test", "mode: MUTUAL, " + present)
                + server("listed", "listed.test", "mode: MUTUAL, " + present + ", caCrl: " + list)
                + server("lost", "lost.test", "mode: MUTUAL, " + files(lost, lost))
                + server(
                        "list",
                        "list.test",
                        "mode: SIMPLE, tlsCertificates: [{%s}]".formatted(files(issued.certificate(), issued.key())))
                + server("unlisted", "unlisted.test", "mode: MUTUAL, " + present + ", caCrl: " + lost);
        stack.become(gateway(files) + "---\n" + ROUTES);

        assertThat(get("files.test", client).status()).isEqualTo(204);
        assertThat(get("files.test", revoked).status()).isEqualTo(204);
        assertThat(get("list.test", "-k").status()).isEqualTo(204);
        assertThat(get("files.test").exitCode()).isIn((Object[]) REJECTED);
        assertThat(get("listed.test", client, "-k").status()).isEqualTo(204);
        assertThat(get("listed.test", revoked, "-k").exitCode()).isIn((Object[]) REJECTED);
        assertThat(get("lost.test", client, "-k").exitCode()).isIn((Object[]) REJECTED);
        assertThat(get("unlisted.test", client, "-k").exitCode())
                .as("who was revoked is not known")
                .isIn((Object[]) REJECTED);
        stack.become(gateway(files) + "---\n" + ROUTES + "---\n" + MESH);
        assertThat(get("files.test", client).status())
                .as("after another change of the listener")
                .isEqualTo(204);
    }

    private String files(Path certificate, Path key) {
        return "serverCertificate: %s, privateKey: %s, caCertificates: %s"
                .formatted(certificate, key, authority.certificate());
    }

    @Test
    @Tag("T5")
    void theMeshsOwnTlsIsPassedOnByTheNameOfThePlace() throws IOException {
        stack.become("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: east-west, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - port: {number: 443, name: tls, protocol: TLS}
                    hosts: ["*.test"]
                    tls: {mode: AUTO_PASSTHROUGH}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: cart, namespace: shop}
                spec:
                  hosts: [cart.test]
                  location: MESH_INTERNAL
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: %d}}]
                """.formatted(inside.port()));

        assertThat(OpenSsl.handshake(port(443), "outbound_.80_._.cart.test", "-alpn", "istio"))
                .contains("CN = cart.test");
        assertThat(OpenSsl.handshake(port(443), "outbound_.80_._.cart.test", "-alpn", "h2"))
                .as("a client from outside of the mesh")
                .contains("no peer certificate available");
        assertThat(OpenSsl.handshake(port(443), "outbound_.81_._.cart.test", "-alpn", "istio"))
                .contains("no peer certificate available");
    }

    @Test
    @Tag("S29")
    @Tag("S61")
    @Tag("L2")
    void aHandshakeThatFailsIsWrittenDownWithItsCause() throws IOException {
        stack.become(gateway(server("mutual", "mutual.test", "mode: MUTUAL, credentialName: mutual")
                        + server("lost", "lost.test", "mode: SIMPLE, credentialName: nowhere")
                        + server(
                                "new", "keys.test", "mode: SIMPLE, credentialName: ecdsa, minProtocolVersion: TLSV1_3"))
                + "---\n" + ROUTES + "---\n" + MESH);

        assertThat(row("lost.test", () -> get("lost.test"))).contains("Secret_is_not_supplied_by_SDS");
        assertThat(row("mutual.test", () -> get("mutual.test", "--tls-max", "1.2")))
                .contains("PEER_DID_NOT_RETURN_A_CERTIFICATE");
        assertThat(row("mutual.test", () -> get("mutual.test", "--tlsv1.3")))
                .contains("PEER_DID_NOT_RETURN_A_CERTIFICATE");
        assertThat(row("keys.test", () -> get("keys.test", "--tls-max", "1.2"))).contains("UNSUPPORTED_PROTOCOL");
        assertThat(row("mutual.test", () -> Curl.https("mutual.test", port(443), "/", "--tls-max", "1.2")))
                .as("the client does not trust the certificate")
                .contains("UNKNOWN_CA");
        rows.skip();
        assertThat(get("keys.test").status()).isEqualTo(204);
        rows.await("keys.test");
        assertThat(rows.fresh()).as("one request, one row").hasSize(1);
    }

    private interface Attempt {
        Curl.Result made() throws IOException;
    }

    private String row(String serverName, Attempt attempt) throws IOException {
        rows.skip();
        assertThat(attempt.made().status()).isZero();
        return rows.await(serverName);
    }

    private static final String ROUTES = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http:
              - directResponse: {status: 204}
            """;

    private void serve(String host, String tls) {
        stack.become(gateway(server("https", host, tls)) + "---\n" + ROUTES);
    }

    private static String gateway(String servers) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                """ + servers;
    }

    private static String server(String name, String host, String tls) {
        return "  - {port: {number: 443, name: %s, protocol: HTTPS}, hosts: [%s], tls: {%s}}\n"
                .formatted(name, host, tls);
    }

    private int port(int serverPort) {
        return stack.port("", serverPort);
    }

    private Curl.Result get(String host, String... more) throws IOException {
        var words = new ArrayList<>(List.of("--cacert", authority.certificate().toString()));
        words.addAll(List.of(more));
        return Curl.https(host, port(443), "/", words.toArray(String[]::new));
    }

    private Curl.Result get(String host, Issued shown, String... more) throws IOException {
        var words = new ArrayList<>(List.of(
                "--cert", shown.certificate().toString(), "--key", shown.key().toString()));
        words.addAll(List.of(more));
        return get(host, words.toArray(String[]::new));
    }

    private Path secret(String name) {
        return directory.resolve("secrets/istio-system").resolve(name);
    }

    private void mount(String name, Issued issued) throws IOException {
        Files.createDirectories(secret(name));
        Files.copy(issued.certificate(), secret(name).resolve("tls.crt"));
        Files.copy(issued.key(), secret(name).resolve("tls.key"));
    }

    private static Certificate read(Issued issued) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(issued.certificate())) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static byte[] sha256(byte[] bytes) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
    }
}
