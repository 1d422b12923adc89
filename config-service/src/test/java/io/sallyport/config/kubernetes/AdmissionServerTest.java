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
import java.net.Socket;
import java.net.SocketTimeoutException;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
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

    /// On a busy machine a review takes its time; what a deadline does is one test's subject.
    static final Duration DEADLINE = Duration.ofSeconds(60);

    private static final String NAME = "127.0.0.1";
    private static final int IDLE_MIB = 24;
    private static final boolean NIGHTLY = Boolean.getBoolean("sallyport.nightly");
    private static final int HOSTILE = NIGHTLY ? 200 : 24;
    private static final int GOOD = NIGHTLY ? 100 : 15;

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
        return serve(configuration, clients, DEADLINE);
    }

    private AdmissionServer serve(Optional<String> configuration, Optional<Path> clients, Duration deadline)
            throws Exception {
        var settings = new AdmissionSettings(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), List.of(NAME), configuration, clients);
        InstantSource clock = () -> now;
        var server = AdmissionServer.start(
                settings,
                cluster.client(),
                new Review(new YamlDocuments(new Inspections()), world),
                clock,
                new SecureRandom(),
                deadline);
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
        return client(server.authority(), keys);
    }

    private HttpClient client(X509Certificate authority, @Nullable KeyStore keys) throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", authority);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, new char[0]);
        var tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        // Hundreds of threads that encrypt would take the processors from the webhook.
        var threads = Executors.newFixedThreadPool(2);
        open.add(threads);
        var client = HttpClient.newBuilder().sslContext(tls).executor(threads).build();
        open.add(client);
        return client;
    }

    private static HttpResponse<String> post(HttpClient client, AdmissionServer server, String body)
            throws IOException, InterruptedException {
        return post(client, server.port(), HttpRequest.BodyPublishers.ofString(body));
    }

    private static HttpResponse<String> post(HttpClient client, int port, HttpRequest.BodyPublisher body)
            throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/validate"))
                        .timeout(DEADLINE)
                        .POST(body)
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
            world = new Foresight(log, DEADLINE);
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
    @Tag("M10")
    void reviewThatTakesTooLongIsAnsweredAndHoldsUpNoOther() throws Exception {
        var released = new CountDownLatch(1);
        var begun = new CountDownLatch(1);
        world = object -> {
            begun.countDown();
            try {
                if (object.source().text().contains("slow.test") && !released.await(60, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("never released");
                }
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
            return List.of();
        };
        var server = serve(Optional.empty(), Optional.empty(), Duration.ofMillis(100));
        var client = client(server, null);
        try {
            var slow = post(client, server, review(service("hosts", "slow.test"), "null"));

            assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(slow.statusCode()).isEqualTo(503);
            assertThat(slow.body()).isEqualTo("no answer within 100 ms");
        } finally {
            released.countDown();
        }
    }

    @Test
    @Tag("V3")
    @Tag("M10")
    void whoSendsSlowlyHoldsUpNoOther() throws Exception {
        var server = serve(Optional.empty(), Optional.empty());
        var client = client(server, null);
        // More than there are threads.
        var slow = new ArrayList<Socket>();
        for (int i = 0; i < 40; i++) {
            slow.add(slowReview(client, server));
        }

        var answer = post(client, server, review(service("hosts", "cart.test"), "null"));

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        var first = slow.getFirst();
        first.setSoTimeout(1);
        assertThatThrownBy(() -> first.getInputStream().read())
                .as("still waiting")
                .isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    @Tag("V3")
    @Tag("M10")
    void bodyThatDoesNotComeIsAnsweredAtTheDeadline() throws Exception {
        var server = serve(Optional.empty(), Optional.empty(), Duration.ofMillis(100));
        var slow = slowReview(client(server, null), server);
        slow.setSoTimeout(60_000);

        var answer = new String(slow.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

        assertThat(answer).startsWith("HTTP/1.1 503").endsWith("no answer within 100 ms");
    }

    // The rest of its body never comes.
    private Socket slowReview(HttpClient client, AdmissionServer server) throws IOException {
        var socket = client.sslContext().getSocketFactory().createSocket("127.0.0.1", server.port());
        open.add(socket);
        socket.getOutputStream()
                .write("POST /validate HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
                        .getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    /// A webhook with little memory, so that what hostile reviews may take is a number: the heap that it needs when
    /// nobody asks, and 64 MiB.
    @Test
    @Tag("V3")
    @Tag("M10")
    void goodReviewsAreAllAnsweredAmongManyHugeOnes() throws Exception {
        var webhook = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx" + (IDLE_MIB + 64) + "m",
                        "-XX:MaxDirectMemorySize=32m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SmallWebhook.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        open.add(webhook::destroyForcibly);
        var said = CompletableFuture.supplyAsync(() -> webhook.inputReader(StandardCharsets.UTF_8)
                        .lines()
                        .limit(2)
                        .toList())
                .get(60, TimeUnit.SECONDS);
        int port = Integer.parseInt(said.getFirst());
        var authority = (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(
                        new ByteArrayInputStream(Base64.getDecoder().decode(said.getLast())));
        var hostile = client(authority, null);
        var good = client(authority, null);
        var huge = review(service("hosts", "x".repeat(2_900_000) + ".test"), "null")
                .getBytes(StandardCharsets.UTF_8);
        var usual = HttpRequest.BodyPublishers.ofString(review(service("hosts", "cart.test"), "null"));
        assertThat(post(good, port, usual).statusCode()).isEqualTo(200);

        var times = new ArrayList<Duration>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = new ArrayList<Future<Integer>>();
            for (int i = 0; i < HOSTILE; i++) {
                answers.add(threads.submit(() -> status(hostile, port, HttpRequest.BodyPublishers.ofByteArray(huge))));
            }
            for (int i = 0; i < GOOD; i++) {
                var asked = Instant.now();
                var answer = post(good, port, usual);
                times.add(Duration.between(asked, Instant.now()));
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            }
            for (var each : answers) {
                assertThat(each.get(120, TimeUnit.SECONDS)).isIn(0, 200, 503);
            }
        }
        assertThat(webhook.isAlive()).as("has memory enough").isTrue();
        if (NIGHTLY) {
            times.sort(null);
            assertThat(times.get(GOOD * 99 / 100 - 1))
                    .as("99 of 100 good reviews")
                    .isLessThan(Duration.ofMillis(500));
        }
    }

    // 0: not even let in.
    private static int status(HttpClient client, int port, HttpRequest.BodyPublisher body) throws InterruptedException {
        try {
            return post(client, port, body).statusCode();
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

            assertThat(server.authority()).as("until everyone has heard").isEqualTo(first);
            assertThat(known(name)).contains(first).hasSize(2);
            var told = known(name);

            now = now.plus(AdmissionServer.HEARD.dividedBy(2));
            server.renewIfDue();
            assertThat(server.authority()).isEqualTo(first);
            assertThat(known(name)).as("not another one each time").isEqualTo(told);

            now = now.plus(AdmissionServer.HEARD.dividedBy(2));
            server.renewIfDue();
            assertThat(server.authority()).isNotEqualTo(first);
            assertThat(known(name)).isEqualTo(told).contains(server.authority());
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

    @Test
    @Tag("F24")
    void authorityThatIsInUseIsNeverTheOneThatMakesRoom() {
        var own = AdmissionCertificate.issue(List.of(NAME), now.minus(Duration.ofDays(1)), new SecureRandom());
        var bundle = CaBundle.with(null, List.of(own.authority()), now);
        // Replicas that started again and again.
        for (int i = 0; i < 20; i++) {
            var other = AdmissionCertificate.issue(List.of(NAME), now, new SecureRandom());
            bundle = CaBundle.with(bundle, List.of(other.authority()), now);
        }

        assertThat(certificates(CaBundle.with(bundle, List.of(own.authority()), now)))
                .contains(own.authority())
                .hasSize(16);
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
        return certificates(bundle);
    }

    private static List<X509Certificate> certificates(@Nullable String bundle) {
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
