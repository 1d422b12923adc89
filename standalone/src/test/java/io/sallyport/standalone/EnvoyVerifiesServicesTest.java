package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.kubernetes.inject.Injector;
import io.sallyport.kubernetes.inject.Outcome;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.standalone.envoy.TestEnvoy;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// A real Envoy with the bootstrap of the gateway chart, and with that of an injected pod, before a
/// server that is not who it should be: nothing is said to it, least of all the token, and Envoy's log
/// names the reason.
@Tag("V23")
class EnvoyVerifiesServicesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final Path RENDERED =
            Path.of("../test/charts/src/test/resources/cases/four-installs/istio-ingressgateway.yaml");
    private static final String DOMAIN = ".istio-system.svc";
    // How a client that speaks HTTP/2 begins, and how one begins that wants TLS.
    private static final String PREFACE = "PRI * HTTP/2.0";
    private static final byte HANDSHAKE = 0x16;

    @TempDir
    Path folder;

    private final TestAuthority authority = new TestAuthority("root");
    private final List<AutoCloseable> open = new ArrayList<>();
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

    @AfterEach
    void stop() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
    }

    /// Whose bootstrap it is.
    enum Bootstrap {
        GATEWAY,
        SIDECAR
    }

    /// What is wrong with the server, and what Envoy says of it.
    enum Fault {
        OTHER_AUTHORITY("unable to get local issuer certificate"),
        OTHER_NAME("SAN matcher, certificate SANs are"),
        EXPIRED("certificate has expired"),
        SELF_SIGNED("self signed certificate"),
        PLAIN_TEXT("WRONG VERSION NUMBER");

        private final String reason;

        Fault(String reason) {
            this.reason = reason;
        }
    }

    static Stream<Arguments> faults() {
        return Stream.of(Bootstrap.values())
                .flatMap(bootstrap -> Stream.of(Fault.values()).map(fault -> Arguments.of(bootstrap, fault)));
    }

    static Stream<Arguments> otherClusters() {
        return Stream.of(Bootstrap.values())
                .flatMap(bootstrap -> Stream.of("secret", "accesslog").map(each -> Arguments.of(bootstrap, each)));
    }

    @ParameterizedTest
    @EnumSource
    void theServiceItselfIsSpokenTo(Bootstrap bootstrap) throws Exception {
        start(bootstrap, "xds", serve(authority.issue("sallyport-xds" + DOMAIN)));

        await().atMost(PATIENCE).until(() -> heard().startsWith(PREFACE));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void anotherIsToldNothing(Bootstrap bootstrap, Fault fault) throws Exception {
        var name = "sallyport-xds" + DOMAIN;
        int port = switch (fault) {
            case OTHER_AUTHORITY -> serve(new TestAuthority("other").issue(name));
            // Another service's own certificate, and names of the address that was called.
            case OTHER_NAME -> serve(authority.issue("sallyport-secret" + DOMAIN, "localhost", "127.0.0.1"));
            case EXPIRED -> serve(authority.issueExpired(name));
            case SELF_SIGNED -> serve(TestAuthority.selfSigned(name));
            case PLAIN_TEXT -> servePlain();
        };

        start(bootstrap, "xds", port);

        await().atMost(PATIENCE).until(this::log, log -> log.contains(fault.reason));
        assertThat(heard()).isEmpty();
    }

    /// Each cluster of the bootstrap knows its own service alone: here discovery is led to the others.
    @ParameterizedTest
    @MethodSource("otherClusters")
    void eachClusterKnowsItsOwnService(Bootstrap bootstrap, String service) throws Exception {
        start(bootstrap, service, serve(authority.issue("sallyport-xds" + DOMAIN)));

        await().atMost(PATIENCE).until(this::log, log -> log.contains(Fault.OTHER_NAME.reason));
        assertThat(heard()).isEmpty();
    }

    private String heard() {
        synchronized (heard) {
            return heard.toString(StandardCharsets.ISO_8859_1);
        }
    }

    private String log() throws IOException {
        // Some of its lines have no spaces.
        return Files.readString(folder.resolve("envoy.log")).replace('_', ' ');
    }

    private int serve(TestAuthority.Issued issued) throws Exception {
        return accept(context(issued).getServerSocketFactory().createServerSocket(0, 10, loopback()), false);
    }

    // It answers what is no TLS, and notes what is said to it but hellos.
    private int servePlain() throws IOException {
        return accept(new ServerSocket(0, 10, loopback()), true);
    }

    private static InetAddress loopback() {
        return InetAddress.getLoopbackAddress();
    }

    private int accept(ServerSocket server, boolean plain) {
        open.add(server);
        Thread.ofVirtual().start(() -> {
            while (!server.isClosed()) {
                try (var socket = server.accept()) {
                    listen(socket, plain);
                } catch (IOException refused) {
                    // The handshake failed, or the test is over.
                }
            }
        });
        return server.getLocalPort();
    }

    private void listen(Socket socket, boolean plain) throws IOException {
        var bytes = new byte[PREFACE.length()];
        int length = socket.getInputStream().readNBytes(bytes, 0, bytes.length);
        if (plain) {
            socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        if (!plain || (length > 0 && bytes[0] != HANDSHAKE)) {
            synchronized (heard) {
                heard.write(bytes, 0, length);
            }
        }
    }

    private static SSLContext context(TestAuthority.Issued issued) throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        var key = issued.key().replaceAll("-----[^-]+-----|\\s", "");
        var chain = CertificateFactory.getInstance("X.509")
                .generateCertificates(
                        new ByteArrayInputStream(issued.certificate().getBytes(StandardCharsets.US_ASCII)))
                .toArray(Certificate[]::new);
        store.setKeyEntry(
                "server",
                KeyFactory.getInstance("EC")
                        .generatePrivate(
                                new PKCS8EncodedKeySpec(Base64.getDecoder().decode(key))),
                new char[0],
                chain);
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    // Discovery over the cluster of `service`, and every service at this port.
    private void start(Bootstrap bootstrap, String service, int port) throws Exception {
        var cluster = List.of("xds-grpc", "sds-grpc", "als-grpc")
                .get(List.of("xds", "secret", "accesslog").indexOf(service));
        var text = (bootstrap == Bootstrap.GATEWAY ? gateway() : sidecar())
                .replace("/etc/sallyport", folder.toString())
                .replace("/var/run/sallyport", folder.toString())
                .replaceAll("sallyport-\\w+\\.istio-system\\.svc\\.cluster\\.local", "127.0.0.1")
                .replaceAll("(port_value\"?: ?)150(10|11|14)\\b", "$1" + port)
                .replaceAll("(port_value\"?: ?)150(21|90)\\b", "$10")
                .replaceAll("(envoy_grpc\"?: ?\\{\"?cluster_name\"?: ?\"?)xds-grpc", "$1" + cluster);
        assertThat(text).contains(cluster).contains(String.valueOf(port));
        Files.writeString(folder.resolve("token"), "token-of-a-gateway");
        Files.writeString(folder.resolve("ca.crt"), authority.pem());
        var envoy = new ProcessBuilder(
                        TestEnvoy.path().toString(),
                        "-c",
                        Files.writeString(folder.resolve("envoy.yaml"), text).toString(),
                        "--service-node",
                        "router~127.0.0.1~edge.istio-system~istio-system.svc.cluster.local",
                        "--disable-hot-restart",
                        "--concurrency",
                        "1",
                        "--log-level",
                        "warning",
                        // Of discovery itself it complains after half a minute.
                        "--component-log-level",
                        "connection:debug")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("envoy.log").toFile())
                .start();
        open.add(() -> {
            envoy.destroy();
            if (!envoy.waitFor(10, TimeUnit.SECONDS)) {
                envoy.destroyForcibly().waitFor();
            }
        });
    }

    // As the chart renders it, which its own golden tests hold it to.
    private String gateway() throws IOException {
        var data = Arrays.stream(Files.readString(RENDERED).split("(?m)^---$"))
                .filter(text -> !text.isBlank())
                .map(text -> Serialization.unmarshal(text, JsonNode.class))
                .map(document -> document.path("data"))
                .filter(each -> each.has("envoy.yaml"))
                .findFirst()
                .orElseThrow();
        for (var name : List.of("token.yaml", "authority.yaml")) {
            secret(name, data.path(name).asText());
        }
        return data.path("envoy.yaml").asText();
    }

    private String sidecar() throws IOException {
        var settings =
                new InjectionSettings("istio-system", null, null, null, null, null, null, null, null, null, null);
        var pod = JsonMapper.builder().build().readTree("""
                {"metadata":{"name":"cart-0"},"spec":{"containers":[{"name":"cart"}]}}""");
        var outcome = new Injector(settings, authority.pem()).of(pod, "shop", Optional.empty());
        var annotations = ((Outcome.Injected) outcome).additions().getFirst().value();
        secret("token.yaml", annotations.path("sallyport.io/token").asText());
        return annotations.path("sallyport.io/bootstrap").asText();
    }

    // What describes a secret to Envoy.
    private void secret(String name, String text) throws IOException {
        Files.writeString(
                folder.resolve(name),
                text.replace("/var/run/secrets/sallyport", folder.toString())
                        .replace("/etc/sallyport", folder.toString()));
    }
}
