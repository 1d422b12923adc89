package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.stack.GatewayStack;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// TLS as users meet it: secrets in the directory, a gateway on 443, curl outside. What curl says is its exit code, or
/// the status of the answer.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class TlsScenariosTest {

    private static final String CONFIGURATION = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: [webapp.test], tls: {httpsRedirect: true}}
              - port: {number: 443, name: https-webapp, protocol: HTTPS}
                hosts: [webapp.test]
                tls: {mode: SIMPLE, credentialName: webapp}
              - port: {number: 443, name: https-catalog, protocol: HTTPS}
                hosts: [catalog.test]
                tls: {mode: MUTUAL, credentialName: catalog}
              - port: {number: 443, name: https-lost, protocol: HTTPS}
                hosts: [lost.test]
                tls: {mode: SIMPLE, credentialName: nowhere}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec:
              hosts: [webapp.test, catalog.test, lost.test]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: served}}
            """;

    // What curl says when a handshake fails, which differs with the version of TLS and of HTTP.
    private static final List<String> HANDSHAKE_FAILURES =
            List.of("exit 16", "exit 35", "exit 52", "exit 55", "exit 56");

    private Path certificates;
    private GatewayStack stack;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException, InterruptedException {
        certificates = Files.createDirectories(scratch.resolve("certificates"));
        run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=authority",
                "-keyout",
                "ca.key",
                "-out",
                "ca.crt");
        for (var name : List.of("webapp", "catalog")) {
            issue(name);
            var secret = Files.createDirectories(
                    scratch.resolve("config/secrets/istio-system").resolve(name));
            Files.copy(certificates.resolve(name + ".crt"), secret.resolve("tls.crt"));
            Files.copy(certificates.resolve(name + ".key"), secret.resolve("tls.key"));
            Files.copy(certificates.resolve("ca.crt"), secret.resolve("ca.crt"));
        }
        stack = GatewayStack.start(scratch, "");
        stack.become(CONFIGURATION);
    }

    @AfterAll
    void close() {
        stack.close();
    }

    @Test
    @Tag("S21")
    @Tag("S24")
    @Tag("T6")
    void aHostIsServedWithItsOwnCertificate() throws IOException, InterruptedException {
        assertThat(curl("webapp.test", "--cacert", "ca.crt")).isEqualTo("200");
    }

    @Test
    @Tag("S18")
    @Tag("S19")
    @Tag("T1")
    void aWrongNameIsClosedAndAnUnknownAuthorityIsTheClientsBusiness() throws IOException, InterruptedException {
        assertThat(curl("other.test", "--cacert", "ca.crt")).isEqualTo("exit 35");
        assertThat(curl("webapp.test")).isEqualTo("exit 60");
    }

    @Test
    @Tag("S29")
    @Tag("S30")
    @Tag("T2")
    @Tag("T7")
    void aMutualServerWantsACertificateOfItsAuthority() throws IOException, InterruptedException {
        assertThat(curl("catalog.test", "--cacert", "ca.crt")).isIn(HANDSHAKE_FAILURES);
        assertThat(curl("catalog.test", "--cacert", "ca.crt", "--cert", "webapp.crt", "--key", "webapp.key"))
                .isEqualTo("200");
    }

    @Test
    @Tag("G8")
    @Tag("P2")
    void aHostOfAnotherServerIsSentToAConnectionOfItsOwn() throws IOException, InterruptedException {
        assertThat(curl("webapp.test", "--cacert", "ca.crt", "-H", "Host: catalog.test"))
                .isEqualTo("421");
    }

    @Test
    @Tag("T9")
    @Tag("S23")
    @Tag("S61")
    void aMissingSecretClosesItsOwnHostAndNoOther() throws IOException, InterruptedException {
        assertThat(curl("lost.test", "--cacert", "ca.crt")).isIn(HANDSHAKE_FAILURES);
        assertThat(run(
                        "curl",
                        "-s",
                        "-o",
                        "page",
                        "-w",
                        "%{http_code}",
                        "-H",
                        "Host: webapp.test",
                        "http://127.0.0.1:" + stack.port("", 80) + "/"))
                .isEqualTo("301");
    }

    private String curl(String host, String... more) throws IOException, InterruptedException {
        int port = stack.port("", 443);
        var command = new ArrayList<>(List.of("curl", "-s", "-m", "10", "-o", "page", "-w", "%{http_code}"));
        command.addAll(List.of("--noproxy", "*", "--resolve", host + ":" + port + ":127.0.0.1"));
        command.addAll(List.of(more));
        command.add("https://" + host + ":" + port + "/");
        return run(command.toArray(String[]::new));
    }

    private void issue(String name) throws IOException, InterruptedException {
        Files.writeString(certificates.resolve(name + ".ext"), "subjectAltName=DNS:" + name + ".test\n");
        run(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-subj",
                "/CN=" + name,
                "-keyout",
                name + ".key",
                "-out",
                name + ".csr");
        run(
                "openssl",
                "x509",
                "-req",
                "-in",
                name + ".csr",
                "-CA",
                "ca.crt",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                name + ".ext",
                "-out",
                name + ".crt");
    }

    // What the command prints, or `exit N`.
    private String run(String... command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command)
                .directory(certificates.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        var printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        return exit == 0 ? printed : "exit " + exit;
    }
}
