package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.Curl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// TLS at the door as users see it, with their tools: secrets come as files beside the configuration, `curl` and
/// `openssl` ask a real Envoy. Each test has hosts and secrets of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(240)
class SecretScenariosTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    // curl's exit codes for a handshake that the server ends; which one it is depends on the version of TLS (S29).
    private static final Integer[] REJECTED = {16, 35, 52, 55, 56};

    private final Map<String, String> servers = new LinkedHashMap<>();
    private String grant = "";
    private Path directory;
    private Authority authority;
    private Authority stranger;
    private GatewayStack stack;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        authority = Authority.in(scratch.resolve("authority"));
        stranger = Authority.in(scratch.resolve("stranger"));
        stack = GatewayStack.start(scratch, "");
        directory = scratch.resolve("config");
    }

    @AfterAll
    void close() {
        stack.close();
    }

    @Test
    @Tag("S16")
    @Tag("S17")
    @Tag("S18")
    @Tag("S19")
    @Tag("S21")
    void aHostIsServedWithItsCertificateAndNoOther() throws IOException {
        put("webapp", "istio-system", authority.issue("webapp.test", 20));
        serve("webapp.test", "SIMPLE", "webapp");

        awaitOk("webapp.test");
        assertThat(Curl.https("webapp.test", port(), "/").exitCode())
                .as("nobody told curl whom to trust")
                .isEqualTo(60);
        assertThat(Curl.https("localhost", port(), "/", "-k", "-H", "Host: webapp.test")
                        .exitCode())
                .as("the name of the handshake counts, not the Host field")
                .isIn((Object[]) REJECTED);
    }

    @Test
    @Tag("S22")
    void theClientThatAsksSpeaksTls() throws IOException {
        assertThat(Curl.version())
                .containsPattern("(OpenSSL|GnuTLS|LibreSSL|BoringSSL)/")
                .contains("HTTP2");
    }

    /// As cert-manager leaves it: its own kinds beside the secret are nobody's business here.
    @Test
    @Tag("S58")
    @Tag("S59")
    @Tag("S60")
    void whatCertManagerIssuedIsServedAndItsOwnKindsDisturbNothing() throws IOException {
        var issued = authority.issueRsa("hipstershop.test", 90);
        write("certificate.yaml", """
                apiVersion: cert-manager.io/v1alpha2
                kind: ClusterIssuer
                metadata: {name: selfsigned}
                spec: {selfSigned: {}}
                ---
                apiVersion: cert-manager.io/v1alpha2
                kind: Certificate
                metadata: {name: hipstershop-cert, namespace: istio-system}
                spec: {secretName: hipstershop-cert, dnsNames: [hipstershop.test], issuerRef: {name: selfsigned}}
                ---
                apiVersion: v1
                kind: Secret
                metadata:
                  name: hipstershop-cert
                  namespace: istio-system
                  annotations:
                    cert-manager.io/certificate-name: hipstershop-cert
                    cert-manager.io/alt-names: hipstershop.test
                    cert-manager.io/ip-sans: 10.0.0.1
                    cert-manager.io/issuer-kind: ClusterIssuer
                type: kubernetes.io/tls
                data: {ca.crt: "%s", tls.crt: "%s", tls.key: "%s"}
                """.formatted(
                        base64(Files.readString(authority.certificate())),
                        base64(Files.readString(issued.certificate())),
                        base64(Files.readString(issued.key()))));
        serve("hipstershop.test", "SIMPLE", "hipstershop-cert");

        awaitOk("hipstershop.test");
        assertThat(wide("hipstershop.test")).contains("istio-system/hipstershop-cert", " ok");
    }

    @Test
    @Tag("S63")
    void noOtherSecretStandsInForAMissingOne() throws IOException {
        put("gateway-fallback", "istio-system", authority.issue("fallback.test", 20));
        put("beside", "istio-system", authority.issue("beside.test", 20));
        serve("fallback.test", "SIMPLE", "nowhere");
        serve("beside.test", "SIMPLE", "beside");

        awaitOk("beside.test");
        assertThat(get("fallback.test").exitCode()).isIn((Object[]) REJECTED);
        assertThat(line("nowhere")).contains("missing");
    }

    @Test
    @Tag("H43")
    void theListSaysThatACertificateIsForOtherNames() throws IOException {
        put("strange", "istio-system", authority.issue("other.test", 20));
        serve("strange.test", "SIMPLE", "strange");

        awaitTrue(() -> line("strange").contains("the certificate is not for this name (it is for other.test)"));
    }

    @Test
    @Tag("S24")
    void twoHostsOfOnePortHaveACertificateEach() throws IOException {
        put("one", "istio-system", authority.issue("one.test", 20));
        var first = authority.lastSerial();
        put("two", "istio-system", authority.issue("two.test", 20));
        var second = authority.lastSerial();
        serve("one.test", "SIMPLE", "one");
        serve("two.test", "SIMPLE", "two");

        awaitOk("one.test");
        awaitOk("two.test");
        assertThat(Curl.serial("one.test", port())).isEqualTo(String.valueOf(first));
        assertThat(Curl.serial("two.test", port())).isEqualTo(String.valueOf(second));
    }

    @Test
    @Tag("S29")
    @Tag("S30")
    @Tag("T7")
    void aMutualHostAsksForTheCertificateOfItsAuthority() throws IOException {
        mount("mutual", authority.issue("mutual.test", 20));
        Files.copy(authority.certificate(), directory.resolve("secrets/istio-system/mutual/ca.crt"));
        serve("mutual.test", "MUTUAL", "mutual");

        var client = authority.issue("client", 20);
        awaitTrue(() -> get("mutual.test", client).status() == 200);
        assertThat(get("mutual.test").exitCode()).isIn((Object[]) REJECTED);
        assertThat(get("mutual.test", stranger.issue("client", 20)).exitCode()).isIn((Object[]) REJECTED);
    }

    @Test
    @Tag("S61")
    @Tag("S62")
    @Tag("S64")
    void aSecretBesideTheApplicationIsNotFoundAndTheListSaysWhereItMustBe() throws IOException {
        var issued = authority.issue("hipster.test", 20);
        put("hipster", "hipsters", issued);
        serve("hipster.test", "SIMPLE", "hipster");

        awaitTrue(() -> secrets()
                .contains(
                        "a secret of that name exists in namespace \"hipsters\"; it must be in" + " \"istio-system\""));
        assertThat(get("hipster.test").exitCode()).isIn((Object[]) REJECTED);
        assertThat(stack.sallyport().shell().run("proxy-status").out())
                .contains("waiting for secret istio-system/hipster: a secret of that name exists in namespace"
                        + " \"hipsters\"; it must be in \"istio-system\"");

        put("hipster", "istio-system", issued);
        awaitOk("hipster.test");
    }

    @Test
    @Tag("P4")
    void aRenewedCertificateIsShownToTheNextCaller() throws IOException {
        put("renewed", "istio-system", authority.issue("renewed.test", 20));
        serve("renewed.test", "SIMPLE", "renewed");
        awaitOk("renewed.test");

        put("renewed", "istio-system", authority.issue("renewed.test", 40));

        var serial = String.valueOf(authority.lastSerial());
        awaitTrue(() -> Curl.serial("renewed.test", port()).equals(serial));
    }

    @Test
    @Tag("P4")
    @Tag("P18")
    @Tag("B10")
    void theListMeasuresWhatAGatewayShows() throws IOException {
        put("shown", "istio-system", authority.issue("shown.test", 20));
        var serial = Integer.toHexString(authority.lastSerial());
        serve("shown.test", "SIMPLE", "shown");
        awaitOk("shown.test");

        var colons = "0" + serial.charAt(0) + ":" + serial.substring(1);
        awaitTrue(() -> line("shown")
                .matches("shown\\.test +istio-system/istio-ingressgateway +istio-system/shown +" + colons
                        + " +\\d+ d +ok"));
        assertThat(secrets("wide").lines().filter(line -> line.startsWith("shown.test")))
                .singleElement()
                .asString()
                .contains("CN=root", colons + "    " + colons);
        assertThat(secrets("json")).contains("\"measuredSerial\": \"" + colons + "\"");
    }

    @Test
    @Tag("P24")
    void metricsSayHowManyDaysEachCertificateHasLeft() throws IOException {
        put("measured", "istio-system", authority.issue("measured.test", 20));

        awaitTrue(() -> metrics()
                .lines()
                .filter(line -> line.startsWith("sallyport_secret_certificate_days_left")
                        && line.contains("namespace=\"istio-system\"")
                        && line.contains("secret=\"measured\""))
                .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .anyMatch(days -> days > 19 && days <= 20));
    }

    private String metrics() throws IOException, InterruptedException {
        try (var client = java.net.http.HttpClient.newHttpClient()) {
            var request = java.net.http.HttpRequest.newBuilder(java.net.URI.create(
                            "http://" + stack.sallyport().endpoints().http() + "/metrics"))
                    .timeout(PATIENCE)
                    .build();
            return client.send(request, java.net.http.HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    @Test
    @Tag("P18")
    @Tag("B10")
    @Tag("T7")
    void theListSaysWhomClientsAreCheckedAgainstAndWhereThatCameFrom() throws IOException {
        mount("checked", authority.issue("checked.test", 20));
        Files.copy(authority.certificate(), directory.resolve("secrets/istio-system/checked/ca.crt"));
        serve("checked.test", "MUTUAL", "checked");

        awaitTrue(() -> wide("checked.test").contains("CN=root from istio-system/checked ca.crt"));

        Files.createDirectories(directory.resolve("secrets/istio-system/checked-cacert"));
        Files.copy(stranger.certificate(), directory.resolve("secrets/istio-system/checked-cacert/cacert"));
        awaitTrue(() -> wide("checked.test").contains("from istio-system/checked-cacert cacert"));
        awaitTrue(() -> get("checked.test", stranger.issue("client", 20)).status() == 200);
    }

    @Test
    @Tag("P3")
    @Tag("V6")
    @Tag("S70")
    @Tag("T11")
    void anotherNamespacesSecretIsServedWhileItIsLent() throws IOException {
        put("lent", "pay", authority.issue("lent.test", 20));
        servers.put("lent.test", server("lent.test", "SIMPLE", "pay/lent"));
        servers.put("unlent.test", server("unlent.test", "SIMPLE", "pay/lent"));
        become();
        assertThat(get("lent.test").exitCode()).isIn((Object[]) REJECTED);
        awaitTrue(() -> secrets().contains("not lent to Gateway \"shop/edge\""));

        grant = """
                ---
                apiVersion: sallyport.io/v1alpha1
                kind: SecretGrant
                metadata: {namespace: pay, name: lend}
                spec: {secrets: [lent], gateways: [{namespace: shop, name: edge}], hosts: [lent.test]}
                """;
        become();
        awaitOk("lent.test");
        assertThat(get("unlent.test").exitCode())
                .as("a host that it is not lent for")
                .isIn((Object[]) REJECTED);

        grant = "";
        become();
        awaitTrue(() -> get("lent.test").exitCode() == 60);
        for (var n = 0; n < 20; n++) {
            assertThat(Curl.serial("lent.test", port())).as("the key is gone").isEqualTo("1");
        }
        assertThat(certificates()).as("also from the proxy's memory").doesNotContain("lent.test");
    }

    @Test
    @Tag("S28")
    @Tag("H63")
    void mountedFilesAreServedAndRenewedAndAMissingOneClosesItsHostAlone() throws IOException {
        var mounted = Files.createDirectories(directory.resolve("mounted")).toRealPath();
        for (var name : new String[] {"mounted", "absent"}) {
            servers.put(name + ".test", """
                  - port: {number: 443, name: https-%1$s, protocol: HTTPS}
                    hosts: [%1$s.test]
                    tls:
                      mode: MUTUAL
                      serverCertificate: %2$s/%1$s.crt
                      privateKey: %2$s/%1$s.key
                      caCertificates: %2$s/ca.crt
                """.formatted(name, mounted));
        }
        Files.copy(authority.certificate(), mounted.resolve("ca.crt"));
        mounted(mounted, "mounted");
        become();

        var client = authority.issue("client", 20);
        awaitTrue(() -> get("mounted.test", client).status() == 200);
        assertThat(get("mounted.test").exitCode()).as("without a certificate").isIn((Object[]) REJECTED);
        assertThat(get("absent.test", client).exitCode()).isIn((Object[]) REJECTED);
        assertThat(secrets()).contains("no such file (expected: " + mounted + "/absent.crt");

        mounted(mounted, "mounted");
        var serial = String.valueOf(authority.lastSerial());
        awaitTrue(() -> Curl.serial("mounted.test", port()).equals(serial));

        mounted(mounted, "absent");
        awaitTrue(() -> get("absent.test", client).status() == 200);
        servers.remove("absent.test");
        servers.remove("mounted.test");
    }

    private void mounted(Path folder, String name) throws IOException {
        var issued = authority.issue(name + ".test", 20);
        Files.copy(issued.key(), folder.resolve(name + ".key"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(issued.certificate(), folder.resolve(name + ".crt"), StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aDeletedSecretIsServedNoMore() throws IOException {
        put("deleted", "istio-system", authority.issue("deleted.test", 20));
        serve("deleted.test", "SIMPLE", "deleted");
        awaitOk("deleted.test");

        Files.delete(directory.resolve("deleted.yaml"));
        awaitTrue(() -> get("deleted.test").exitCode() == 60);
        assertThat(line("deleted")).contains("missing");

        put("deleted", "istio-system", authority.issue("deleted.test", 20));
        awaitOk("deleted.test");
    }

    private int port() {
        return stack.port("", 443);
    }

    private void serve(String host, String mode, String secret) {
        servers.put(host, server(host, mode, secret));
        become();
    }

    private static String server(String host, String mode, String secret) {
        return """
              - port: {number: 443, name: https-%s, protocol: HTTPS}
                hosts: [%s]
                tls: {mode: %s, credentialName: %s}
            """.formatted(host.replace('.', '-'), host, mode, secret);
    }

    private void become() {
        stack.become("""
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
            %s---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: hello}}
            """.formatted(String.join("", servers.values())) + grant);
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

    private void awaitOk(String host) {
        awaitTrue(() -> get(host).status() == 200);
    }

    private static void awaitTrue(Callable<Boolean> fact) {
        await().atMost(PATIENCE).until(fact);
    }

    // What Envoy holds, whoever uses it.
    private String certificates() throws IOException {
        var admin = directory.resolveSibling("data/admin/istio-ingressgateway.istio-system.sock");
        return new AdminSocket(admin, PATIENCE).get("/certs");
    }

    private String secrets() {
        return secrets("short");
    }

    private String secrets(String form) {
        return stack.sallyport().shell().run("secrets", "-o", form).out();
    }

    private String wide(String sni) {
        return secrets("wide")
                .lines()
                .filter(line -> line.startsWith(sni + " "))
                .findFirst()
                .orElse("");
    }

    private String line(String secret) {
        return secrets()
                .lines()
                .filter(line -> line.contains(" istio-system/" + secret + " "))
                .findFirst()
                .orElse("")
                .strip();
    }

    private void put(String name, String namespace, Issued issued) throws IOException {
        var text = document(Files.readString(issued.certificate()), Files.readString(issued.key()));
        write(
                name + ("istio-system".equals(namespace) ? "" : "-" + namespace) + ".yaml",
                text.replace("NAME", name).replace("istio-system", namespace));
    }

    private void mount(String name, Issued issued) throws IOException {
        var folder = Files.createDirectories(directory.resolve("secrets/istio-system/" + name));
        Files.copy(issued.certificate(), folder.resolve("tls.crt"));
        Files.copy(issued.key(), folder.resolve("tls.key"));
    }

    private static String document(String certificate, String key) {
        return """
                apiVersion: v1
                kind: Secret
                metadata: {name: NAME, namespace: istio-system}
                type: kubernetes.io/tls
                data: {tls.crt: "%s", tls.key: "%s"}
                """.formatted(base64(certificate), base64(key));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    private void write(String file, String text) throws IOException {
        var part = Files.writeString(directory.resolve("." + file + ".part"), text);
        Files.move(part, directory.resolve(file), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
