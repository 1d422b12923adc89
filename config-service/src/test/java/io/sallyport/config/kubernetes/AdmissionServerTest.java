package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.sallyport.analysis.Inspections;
import io.sallyport.cluster.TestCluster;
import io.sallyport.config.YamlDocuments;
import io.sallyport.config.api.Wire;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.testing.Stores;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdmissionServerTest {

    private static final String NAME = "127.0.0.1";

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final List<AutoCloseable> open = new ArrayList<>();
    private volatile Instant now = Instant.now();
    private Review.World world = _ -> List.of();

    @AfterEach
    void stop() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
        cluster.close();
    }

    private AdmissionServer serve(Optional<String> configuration, Optional<Path> clients) throws Exception {
        var settings = new AdmissionSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), List.of(NAME), configuration, clients);
        InstantSource clock = () -> now;
        var server = AdmissionServer.start(
                settings,
                cluster.client(),
                new Review(new YamlDocuments(new Inspections()), world),
                clock,
                new SecureRandom());
        open.add(server);
        return server;
    }

    private static String service(String field, String host) {
        return """
                {"apiVersion":"networking.istio.io/v1","kind":"VirtualService",
                 "metadata":{"name":"cart","namespace":"shop"},
                 "spec":{"%s":["%s"],"http":[{"route":[{"destination":{"host":"cart"}}]}]}}""".formatted(field, host);
    }

    private static String review(String object, String before) {
        return """
                {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
                 "request":{"uid":"u1","operation":"CREATE","object":%s,"oldObject":%s}}""".formatted(object, before);
    }

    private HttpClient client(AdmissionServer server, @Nullable KeyStore keys) throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", server.authority());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, new char[0]);
        var tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        var client = HttpClient.newBuilder().sslContext(tls).build();
        open.add(client);
        return client;
    }

    private static HttpResponse<String> post(HttpClient client, AdmissionServer server, String body)
            throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + server.port() + "/validate"))
                        .timeout(Duration.ofSeconds(30))
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void objectIsRefusedWithTheMessagesOfCheck() throws Exception {
        var server = serve(Optional.empty(), Optional.empty());
        var client = client(server, null);

        var good = post(client, server, review(service("hosts", "cart.test"), "null"));
        var bad = post(client, server, review(service("hsots", "cart.test"), "null"));

        assertThat(good.body()).contains("\"allowed\":true", "\"uid\":\"u1\"");
        assertThat(bad.statusCode()).isEqualTo(200);
        assertThat(bad.body()).contains("\"allowed\":false", "SP1001 spec.hsots", "did you mean");
    }

    @Test
    void faultThatWasThereBeforeIsAWarning() throws Exception {
        var server = serve(Optional.empty(), Optional.empty());
        var client = client(server, null);

        var answer = post(client, server, review(service("hsots", "new.test"), service("hsots", "old.test")));

        assertThat(answer.body()).contains("\"allowed\":true").containsPattern("\"warnings\":\\[\"SP1001");
    }

    @Test
    void whatAnObjectWouldMeetIsAWarning() throws Exception {
        var reader = new YamlDocuments(new Inspections());
        try (var log = RevisionLog.open(Stores.sqlite(folder), reader, Wire::answer, InstantSource.system())) {
            world = new Foresight(log);
            var server = serve(Optional.empty(), Optional.empty());

            var answer = post(
                    client(server, null),
                    server,
                    review(
                            service("hosts", "cart.test").replace("\"http\"", "\"gateways\":[\"nowhere\"],\"http\""),
                            "null"));

            assertThat(answer.body()).contains("\"allowed\":true", "SP2109 spec.gateways[0]");
            assertThat(log.published().state().revision()).isZero();
        }
    }

    @Test
    void whatIsNoReviewIsRefusedAndKindsOfOthersPass() throws Exception {
        var server = serve(Optional.empty(), Optional.empty());
        var client = client(server, null);

        assertThat(post(client, server, "hello").statusCode()).isEqualTo(400);
        assertThat(post(client, server, "{}").statusCode()).isEqualTo(400);
        assertThat(post(client, server, review("{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"}", "null"))
                        .body())
                .contains("\"allowed\":true");
    }

    @Test
    @Tag("V3")
    @Tag("M10")
    void largeReviewIsAnsweredBeforeItIsRead() throws Exception {
        var server = serve(Optional.empty(), Optional.empty());
        var tls = client(server, null).sslContext().getSocketFactory();
        try (var socket = tls.createSocket("127.0.0.1", server.port())) {
            socket.setSoTimeout(20_000);
            // The body never comes.
            socket.getOutputStream()
                    .write("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 3145729\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            var line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            assertThat(line).isEqualTo("HTTP/1.1 413");
        }
    }

    @Test
    @Tag("V3")
    void goodReviewIsAnsweredAmongManyHostileOnes() throws Exception {
        var server = serve(Optional.empty(), Optional.empty());
        var hostile = client(server, null);
        var good = client(server, null);
        var wide = review(service("hosts", "x".repeat(200_000) + ".test"), "null");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = new ArrayList<Future<Integer>>();
            for (int i = 0; i < 200; i++) {
                answers.add(threads.submit(() -> status(hostile, server, wide)));
            }
            var answer = threads.submit(() -> post(good, server, review(service("hosts", "cart.test"), "null")));
            assertThat(answer.get(30, TimeUnit.SECONDS).statusCode()).isIn(200, 503);
            for (var each : answers) {
                assertThat(each.get(60, TimeUnit.SECONDS)).isIn(0, 200, 503);
            }
        }
        assertThat(post(good, server, review(service("hosts", "cart.test"), "null"))
                        .statusCode())
                .isEqualTo(200);
    }

    // 0: not even let in.
    private static int status(HttpClient client, AdmissionServer server, String body) throws InterruptedException {
        try {
            return post(client, server, body).statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    @Test
    @Tag("V3")
    @Tag("M10")
    void callerWithoutCertificateEndsInTheHandshake() throws Exception {
        var api = AdmissionCertificate.issue(List.of("api-server"), Instant.now(), new SecureRandom());
        var file = Files.writeString(folder.resolve("ca.pem"), AdmissionCertificate.pem(api.authority()));
        var server = serve(Optional.empty(), Optional.of(file));
        var nobody = client(server, null);
        var body = review(service("hosts", "cart.test"), "null");

        assertThatThrownBy(() -> post(nobody, server, body)).isInstanceOf(IOException.class);
        // Of another authority than that of the API server.
        var other = AdmissionCertificate.issue(List.of("api-server"), Instant.now(), new SecureRandom());
        assertThatThrownBy(() -> post(client(server, other.keys()), server, body))
                .isInstanceOf(IOException.class);
    }

    @Test
    @Tag("F24")
    void certificateIsRenewedAfterTheApiServerKnowsItsAuthority() throws Exception {
        var name = "sallyport-" + UUID.randomUUID().toString().substring(0, 8);
        var configuration = new ValidatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .addNewWebhook()
                .withName("check.sallyport.io")
                .withAdmissionReviewVersions("v1")
                .withSideEffects("None")
                .withFailurePolicy("Ignore")
                .withNewClientConfig()
                .withUrl("https://127.0.0.1/validate")
                .endClientConfig()
                .endWebhook()
                .build();
        cluster.client().resource(configuration).create();
        try {
            now = now.minus(Duration.ofDays(21));
            var server = serve(Optional.of(name), Optional.empty());
            Followed.await("the authority", () -> known(name).contains(server.authority()), () -> "" + known(name));
            var first = server.authority();

            now = now.plus(Duration.ofDays(21));
            server.renewIfDue();

            assertThat(server.authority()).isNotEqualTo(first);
            assertThat(known(name)).contains(first, server.authority());
            assertThat(post(client(server, null), server, review(service("hosts", "cart.test"), "null"))
                            .statusCode())
                    .isEqualTo(200);

            now = now.plus(Duration.ofDays(21));
            server.renewIfDue();
            assertThat(known(name))
                    .as("the first has expired")
                    .doesNotContain(first)
                    .hasSize(2);
        } finally {
            cluster.client().resource(configuration).delete();
        }
    }

    private List<X509Certificate> known(String name) {
        var bundle = cluster.client()
                .admissionRegistration()
                .v1()
                .validatingWebhookConfigurations()
                .withName(name)
                .get()
                .getWebhooks()
                .getFirst()
                .getClientConfig()
                .getCaBundle();
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(
                            new ByteArrayInputStream(Base64.getDecoder().decode(bundle == null ? "" : bundle)))
                    .stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (CertificateException e) {
            throw new IllegalStateException(e);
        }
    }
}
