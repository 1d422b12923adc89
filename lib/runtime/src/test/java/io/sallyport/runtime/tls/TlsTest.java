package io.sallyport.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.config.v1.StatusResponse;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.identity.Authenticator;
import io.sallyport.runtime.identity.Authorizer;
import io.sallyport.runtime.identity.Caller;
import io.sallyport.runtime.identity.Guard;
import io.sallyport.runtime.identity.IdentitySettings;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Handshakes between a server and a client of ours, each with certificates of its own making.
class TlsTest {

    private static final Duration SOON = Duration.ofMillis(20);
    private static final String SERVICE = "spiffe://cluster.local/ns/sallyport/sa/xds";
    private static final BearerToken TOKEN = BearerToken.of("a-token-that-must-not-leave");

    @TempDir
    Path folder;

    private final TestAuthority authority = new TestAuthority("root");
    private final AtomicReference<String> caller = new AtomicReference<>("nobody");
    private final AtomicInteger calls = new AtomicInteger();
    private final List<AutoCloseable> open = new java.util.ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.add(part);
        return part;
    }

    private Tls tls(String name, TestAuthority.Issued issued, String authorities) throws IOException {
        return opened(Tls.follow(issued.in(folder.resolve(name), authorities), InstantSource.system(), SOON));
    }

    private GrpcServer server(Tls tls) throws IOException {
        var names = new IdentitySettings(null, Map.of("xds", List.of(SERVICE)), null, null, null, null).names();
        var guard = new Guard(new Authenticator(tls, names, List.of()), Authorizer.NOBODY);
        ServerInterceptor counting = new ServerInterceptor() {
            @Override
            public <Q, R> ServerCall.Listener<Q> interceptCall(
                    ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
                calls.incrementAndGet();
                return next.startCall(call, headers);
            }
        };
        return opened(GrpcServer.on(loopback(), ServerLimits.api(), tls.server(), guard)
                .with(counting)
                .serve(new ConfigServiceGrpc.ConfigServiceImplBase() {
                    @Override
                    public void status(StatusRequest request, StreamObserver<StatusResponse> response) {
                        caller.set(Caller.current().identity().toString());
                        response.onNext(
                                StatusResponse.newBuilder().setRevision(7).build());
                        response.onCompleted();
                    }
                })
                .start("api"));
    }

    private static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    private ManagedChannel channel(int port, ChannelCredentials credentials) {
        var channel = Channels.to("localhost", port, credentials);
        open.add(channel::shutdownNow);
        return channel;
    }

    private ChannelCredentials withoutCertificate() throws IOException {
        return Tls.client(Optional.of(folder.resolve("server/ca.crt")), Optional.empty(), Optional.empty());
    }

    private static StatusResponse ask(ManagedChannel channel) {
        return ClientCalls.blockingUnaryCall(
                io.grpc.ClientInterceptors.intercept(channel, Channels.bearing(TOKEN)),
                ConfigServiceGrpc.getStatusMethod(),
                CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
                StatusRequest.getDefaultInstance());
    }

    private static StatusResponse askWithoutToken(ManagedChannel channel) {
        return ClientCalls.blockingUnaryCall(
                channel,
                ConfigServiceGrpc.getStatusMethod(),
                CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS),
                StatusRequest.getDefaultInstance());
    }

    private static String refusal(ManagedChannel channel) {
        try {
            askWithoutToken(channel);
            return "not refused";
        } catch (StatusRuntimeException e) {
            return HandshakeFailure.reason(e).orElseGet(() -> e.getStatus().toString());
        }
    }

    @Test
    void aServiceIsKnownByItsCertificate() throws IOException {
        var server = server(tls("server", authority.issue("localhost"), authority.pem()));
        var client = tls("client", authority.issue(SERVICE), authority.pem());

        assertThat(askWithoutToken(channel(server.port(), client.client())).getRevision())
                .isEqualTo(7);
        assertThat(caller).hasValue("service xds");
    }

    @Test
    @Tag("H51")
    void aCallerWhoCannotBeVerifiedIsRefused() throws IOException {
        var server = server(tls("server", authority.issue("localhost"), authority.pem()));
        var stranger = new TestAuthority("stranger");
        var unknown = tls("unknown", stranger.issue(SERVICE), authority.pem());
        var expired = tls("expired", authority.issueExpired(SERVICE), authority.pem());
        var nameless = tls("nameless", authority.issue("edge.test"), authority.pem());
        var nearMiss = tls("near", authority.issue("spiffe://cluster.local/ns/sallyport/sa/xds2"), authority.pem());

        assertThat(refusal(channel(server.port(), unknown.client()))).contains("refuses our certificate");
        assertThat(refusal(channel(server.port(), expired.client()))).contains("refuses our certificate");
        assertThat(refusal(channel(server.port(), nameless.client())))
                .contains("UNAUTHENTICATED")
                .contains("edge.test names nobody here");
        assertThat(refusal(channel(server.port(), nearMiss.client()))).isEqualTo("not refused");
        assertThat(caller).as("a service that is none").hasValue("workload sallyport/xds2");
        assertThat(refusal(channel(server.port(), withoutCertificate())))
                .contains("UNAUTHENTICATED")
                .contains("neither a certificate nor a token");
    }

    @Test
    @Tag("V23")
    void aServerWhoCannotBeVerifiedHearsNoToken() throws IOException {
        var stranger = new TestAuthority("stranger");
        var client = tls("client", authority.issue(SERVICE), authority.pem());

        var other = server(tls("other", stranger.issue("localhost"), authority.pem()));
        assertThatThrownBy(() -> ask(channel(other.port(), client.client())))
                .satisfies(e -> assertThat(HandshakeFailure.reason(e).orElseThrow())
                        .contains("is issued by \"CN=stranger\" (expected: one issued by"));
        var wrongName = server(tls("wrong", authority.issue("elsewhere.test"), authority.pem()));
        assertThatThrownBy(() -> ask(channel(wrongName.port(), client.client())))
                .satisfies(e -> assertThat(HandshakeFailure.reason(e).orElseThrow())
                        .isEqualTo("the certificate is for elsewhere.test (expected: for \"localhost\")"));
        var expired = server(tls("expired", authority.issueExpired("localhost"), authority.pem()));
        assertThatThrownBy(() -> ask(channel(expired.port(), client.client())))
                .satisfies(e -> assertThat(HandshakeFailure.reason(e).orElseThrow())
                        .contains("the certificate of localhost expired at 20"));
        var self = server(tls("self", TestAuthority.selfSigned("localhost"), authority.pem()));
        assertThatThrownBy(() -> ask(channel(self.port(), client.client())))
                .satisfies(e ->
                        assertThat(HandshakeFailure.reason(e).orElseThrow()).contains("is self-signed"));
        assertThat(calls).as("calls that reached a server").hasValue(0);
    }

    @Test
    @Tag("V23")
    void plainTextOnEitherSideIsNamedAndCarriesNoToken() throws Exception {
        var server = server(tls("server", authority.issue("localhost"), authority.pem()));
        assertThatThrownBy(() -> ask(channel(server.port(), InsecureChannelCredentials.create())))
                .isInstanceOf(StatusRuntimeException.class)
                .satisfies(e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        assertThat(calls).hasValue(0);

        var client = tls("client", authority.issue(SERVICE), authority.pem());
        try (var plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            plain.setSoTimeout(10_000);
            var heard = CompletableFuture.supplyAsync(() -> {
                try (var socket = plain.accept()) {
                    var bytes = new byte[4_096];
                    var length = socket.getInputStream().read(bytes);
                    socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                    socket.getOutputStream().flush();
                    return new String(bytes, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
                } catch (IOException e) {
                    return "nothing: " + e;
                }
            });
            assertThatThrownBy(() -> ask(channel(plain.getLocalPort(), client.client())))
                    .satisfies(e -> assertThat(HandshakeFailure.reason(e).orElseThrow())
                            .isEqualTo("it speaks plain text (expected: TLS)"));
            assertThat(heard.get(10, TimeUnit.SECONDS))
                    .doesNotContain("must-not-leave")
                    .isNotEmpty();
        }
    }

    @Test
    @Tag("F24")
    void metricsSayHowLongTheCertificateThatIsShownIsGood() throws IOException {
        var now = Instant.parse("2026-11-22T10:00:00Z");
        var files = authority.issueUntil(now.plusSeconds(86_400), SERVICE).in(folder.resolve("own"), authority.pem());
        var tls = opened(Tls.follow(files, InstantSource.fixed(now), SOON));
        var metrics = new Metrics();
        tls.measure(metrics.registry());
        assertThat(metrics.scrape()).contains("\nsallyport_tls_certificate_expires_seconds 86400.0\n");

        authority.issueUntil(now.minusSeconds(60), SERVICE).in(folder.resolve("own"), authority.pem());

        await().untilAsserted(() ->
                assertThat(metrics.scrape()).contains("\nsallyport_tls_certificate_expires_seconds -60.0\n"));
    }

    @Test
    @Tag("F24")
    void rotationOfCertificatesAndAuthorityFailsNoCall() throws Exception {
        var next = new TestAuthority("next");
        var both = authority.pem() + next.pem();
        var serverTls = tls("server", authority.issue("localhost"), authority.pem());
        var clientTls = tls("client", authority.issue(SERVICE), authority.pem());
        var server = server(serverTls);
        var stop = new AtomicBoolean();
        var made = new AtomicInteger();
        var failures = new java.util.concurrent.ConcurrentLinkedQueue<String>();
        var lasting = Channels.to("localhost", server.port(), clientTls);
        open.add(lasting::shutdownNow);
        var caller = Thread.ofVirtual().start(() -> {
            while (!stop.get()) {
                // One call on an old connection, one on a new one.
                var fresh = Channels.to("localhost", server.port(), clientTls.client());
                try {
                    askWithoutToken(lasting);
                    askWithoutToken(fresh);
                    made.addAndGet(2);
                } catch (StatusRuntimeException e) {
                    failures.add(HandshakeFailure.reason(e).orElse(e.toString()));
                } finally {
                    fresh.shutdownNow();
                }
            }
        });
        rotate(serverTls, "server", authority.issue("localhost"), both);
        rotate(clientTls, "client", authority.issue(SERVICE), both);
        rotate(serverTls, "server", next.issue("localhost"), both);
        rotate(clientTls, "client", next.issue(SERVICE), both);
        var before = made.get();
        await().atMost(Duration.ofSeconds(10)).until(() -> made.get() > before + 4 || !failures.isEmpty());
        stop.set(true);
        caller.join(10_000);

        assertThat(failures).isEmpty();

        // Overlap ends: what the old authority issued is refused, on the open connection too.
        var late = tls("late", authority.issue(SERVICE), both);
        var held = channel(server.port(), late.client());
        assertThat(askWithoutToken(held).getRevision()).isEqualTo(7);
        rotate(serverTls, "server", next.issue("localhost"), next.pem());
        assertThat(refusal(held)).contains("UNAUTHENTICATED").contains("is trusted no more");
        assertThat(refusal(channel(server.port(), late.client()))).contains("refuses our certificate");
        assertThat(askWithoutToken(lasting).getRevision())
                .as("the new certificate")
                .isEqualTo(7);
    }

    // As a volume of Kubernetes changes: all files at once, by a link that moves.
    private void rotate(Tls tls, String name, TestAuthority.Issued issued, String authorities) throws IOException {
        var before = tls.version();
        var home = folder.resolve(name);
        for (var file : List.of("tls.crt", "tls.key", "ca.crt")) {
            var text = switch (file) {
                case "tls.crt" -> issued.certificate();
                case "tls.key" -> issued.key();
                default -> authorities;
            };
            var beside = Files.writeString(home.resolve(file + ".new"), text);
            Files.move(beside, home.resolve(file), StandardCopyOption.ATOMIC_MOVE);
        }
        var wanted = TlsMaterial.digest(
                new TlsFiles(home.resolve("tls.crt"), home.resolve("tls.key"), home.resolve("ca.crt")));
        await().atMost(Duration.ofSeconds(10)).until(() -> tls.version().equals(wanted));
        assertThat(tls.version()).isNotEqualTo(before);
    }

    @Test
    @Tag("F24")
    void filesThatDoNotFitLeaveTheLastGoodOnesInForce() throws IOException {
        var server = tls("server", authority.issue("localhost"), authority.pem());
        var before = server.version();
        Files.writeString(
                folder.resolve("server/tls.key"), authority.issue("localhost").key());

        assertThatThrownBy(() -> TlsMaterial.read(new TlsFiles(
                        folder.resolve("server/tls.crt"),
                        folder.resolve("server/tls.key"),
                        folder.resolve("server/ca.crt"))))
                .hasMessageContaining("tls.key: is not the key of the certificate in");
        assertThat(server.version()).isEqualTo(before);
    }

    @Test
    @Tag("F24")
    void aCertificateThatEndsDuringAConnectionEndsItsCalls() throws IOException {
        var end = Instant.now().plus(Duration.ofDays(1));
        var now = new AtomicReference<>(Instant.now());
        var files = authority.issue("localhost").in(folder.resolve("server"), authority.pem());
        var server = server(opened(Tls.follow(files, now::get, SOON)));
        var client = tls("client", authority.issueUntil(end, SERVICE), authority.pem());
        var channel = channel(server.port(), client.client());
        assertThat(askWithoutToken(channel).getRevision()).isEqualTo(7);

        now.set(end.plusSeconds(1));

        assertThat(refusal(channel)).contains("UNAUTHENTICATED").contains("expired at");
    }

    @Test
    void keysMayBeWrittenTheOlderWay() throws IOException {
        var issued = authority.issueOlder("localhost");
        assertThat(issued.key()).startsWith("-----BEGIN EC PRIVATE KEY-----");

        assertThat(tls("server", issued, authority.pem()).expires()).isAfter(Instant.now());
    }

    @Test
    void aFileThatIsMissingIsNamed() {
        var files = new TlsFiles(folder.resolve("a.crt"), folder.resolve("a.key"), folder.resolve("ca.crt"));
        assertThatThrownBy(() -> Tls.follow(files, InstantSource.system()))
                .hasMessage(folder.resolve("a.crt") + ": does not exist (expected: a PEM file)");
    }

    @Test
    void httpIsServedWithTheSameCertificate() throws Exception {
        var server = tls("server", authority.issue("localhost"), authority.pem());
        var http = opened(
                HttpServer.start(loopback(), new Readiness(), opened(new Metrics()), server.context(), List.of()));
        var client = tls("client", authority.issue(SERVICE), authority.pem());
        try (var web = HttpClient.newBuilder().sslContext(client.context()).build()) {
            var request = HttpRequest.newBuilder(URI.create("https://localhost:" + http.port() + "/healthz"))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            assertThat(web.send(request, HttpResponse.BodyHandlers.ofString()).body())
                    .isEqualTo("ok\n");
            var plain = HttpRequest.newBuilder(URI.create("http://localhost:" + http.port() + "/healthz"))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            assertThatThrownBy(() -> web.send(plain, HttpResponse.BodyHandlers.ofString()))
                    .isInstanceOf(IOException.class);
        }
    }
}
