package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.sallyport.proto.secret.v1.PutSecretRequest;
import io.sallyport.proto.secret.v1.SecretName;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.proto.secret.v1.SecretStatus;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.TlsClient;
import io.sallyport.translation.ResourceType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Hundreds of proxies that come back at once after a power cut of the service that they follow, beside a real Envoy
/// that a client never stops asking. Each has a connection of its own; the services have 512 MiB of heap.
///
/// Nightly there are a thousand, as the hardening reference wants it.
@Tag("F18")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReconnectStormTest {

    private static final int PROXIES = Boolean.getBoolean("sallyport.nightly") ? 1_000 : 200;
    // Enough for a table that only a few at a time may take whole.
    private static final int HOSTS = 600;
    private static final int STORMS = 3;
    private static final Duration HANG = Duration.ofMinutes(5);
    // Beside the heap: code, stacks, and what Netty holds outside.
    private static final long MAX_RESIDENT_MIB = 1_024;

    private final EventLoopGroup loops = new NioEventLoopGroup(2);
    private Path scratch;
    private Authority authority;
    private SeparateServices services;

    @BeforeAll
    void start(@TempDir Path folder) throws IOException {
        scratch = folder;
        authority = Authority.in(folder.resolve("authority"));
        services = SeparateServices.withSecrets(folder);
        apply("--wait", table());
    }

    @AfterAll
    void stop() {
        services.close();
        var _ = loops.shutdownGracefully();
    }

    @Test
    void whoComesBackWithWhatItHoldsIsSentNothingAndHearsOfTheNextChange() throws Exception {
        var proxies = proxies();
        try (var client = new SteadyClient(services.port(), "h0.test", "/")) {
            proxies.forEach(ReturningProxy::connect);
            awaitAll(proxies, "the whole table", proxy -> scopes(proxy).size() >= HOSTS);
            awaitMetric(Name.XDS, "sallyport_xds_proxies{state=\"current\"}", PROXIES + 1);
            client.awaitAnswers(100);

            services.kill(Name.XDS);
            awaitAll(proxies, "the cut", proxy -> !proxy.isConnected());
            services.start(Name.XDS);
            proxies.forEach(ReturningProxy::connect);
            awaitMetric(Name.XDS, "sallyport_xds_proxies{state=\"current\"}", PROXIES + 1);

            assertThat(metric(Name.XDS, "sallyport_xds_resources_total"))
                    .as("resources that were sent again")
                    .isZero();
            assertThat(proxies).allMatch(ReturningProxy::isConnected);
            assertThat(metric(Name.XDS, "sallyport_xds_violations_total")).isZero();
            client.awaitAnswers(100);
            assertThat(client.failures()).isEmpty();

            var before = Map.copyOf(scopes(proxies.getFirst()));
            apply(host(0, "changed"));
            awaitAll(proxies, "the change", proxy -> !scopes(proxy).equals(before));
            awaitServed("changed");
        } finally {
            proxies.forEach(ReturningProxy::close);
        }
    }

    @Test
    void changesGoThroughWhileAllTakeTheWholeTable() throws Exception {
        var proxies = proxies();
        try (var client = new SteadyClient(services.port(), "h0.test", "/")) {
            for (var n = 0; n < STORMS; n++) {
                for (var proxy : proxies) {
                    proxy.close();
                    proxy.forget();
                }
                proxies.forEach(ReturningProxy::connect);
                apply(host(0, "in the storm " + n));
                awaitServed("in the storm " + n);
                awaitAll(proxies, "the whole table", proxy -> scopes(proxy).size() >= HOSTS);
            }

            awaitMetric(Name.XDS, "sallyport_xds_proxies{state=\"current\"}", PROXIES + 1);
            assertThat(client.failures()).isEmpty();
            assertThat(residentMib(services.process(Name.XDS))).isLessThan(MAX_RESIDENT_MIB);
        } finally {
            proxies.forEach(ReturningProxy::close);
        }
        awaitMetric(Name.XDS, "sallyport_xds_streams", 1);
    }

    @Test
    void secretsAreThereForAllWhoComeBackAndTheNextRenewalToo() throws Exception {
        put();
        var client = new TlsClient(authority, services.tlsPort());
        await("TLS").atMost(HANG).until(() -> client.ask("h0.test").equals("200"));
        var proxies = IntStream.range(0, PROXIES)
                .mapToObj(number -> new ReturningProxy(
                        number,
                        (channel, responses) ->
                                SecretDiscoveryServiceGrpc.newStub(channel).deltaSecrets(responses),
                        this::secrets,
                        Map.of(ResourceType.SECRET, List.of("kubernetes://shop"))))
                .toList();
        try (var steady = client.steady("h0.test")) {
            proxies.forEach(ReturningProxy::connect);
            awaitAll(proxies, "the secret", proxy -> secret(proxy).size() == 1);

            services.kill(Name.SECRET);
            awaitAll(proxies, "the cut", proxy -> !proxy.isConnected());
            services.start(Name.SECRET);
            proxies.forEach(ReturningProxy::connect);
            awaitMetric(Name.SECRET, "sallyport_sds_streams", PROXIES + 1);
            var before = Map.copyOf(secret(proxies.getFirst()));
            put();

            awaitAll(
                    proxies,
                    "the renewal",
                    proxy -> secret(proxy).size() == 1 && !secret(proxy).equals(before));
            var renewed = authority.lastSerial();
            await("the renewal at the Envoy")
                    .atMost(HANG)
                    .until(() -> client.serial("h0.test").intValueExact() == renewed);
            steady.awaitAnswers(20);
            assertThat(steady.failures()).isEmpty();
            assertThat(proxies).allMatch(ReturningProxy::isConnected);
            assertThat(residentMib(services.process(Name.SECRET))).isLessThan(MAX_RESIDENT_MIB);
        } finally {
            proxies.forEach(ReturningProxy::close);
        }
    }

    private List<ReturningProxy> proxies() {
        return IntStream.range(0, PROXIES)
                .mapToObj(number -> new ReturningProxy(
                        number,
                        (channel, responses) ->
                                AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(responses),
                        this::discovery,
                        Map.of(
                                ResourceType.CLUSTER, List.of("*"),
                                ResourceType.LISTENER, List.of("*"),
                                ResourceType.SCOPED_ROUTES, List.of("*"))))
                .toList();
    }

    private ManagedChannel discovery() {
        return NettyChannelBuilder.forAddress("127.0.0.1", services.xdsPort())
                .usePlaintext()
                .directExecutor()
                .build();
    }

    private ManagedChannel secrets() {
        return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(services.secretSocket()))
                .channelType(NioDomainSocketChannel.class)
                .eventLoopGroup(loops)
                .usePlaintext()
                .directExecutor()
                .build();
    }

    private static Map<String, String> scopes(ReturningProxy proxy) {
        return proxy.held(ResourceType.SCOPED_ROUTES);
    }

    private static Map<String, String> secret(ReturningProxy proxy) {
        return proxy.held(ResourceType.SECRET);
    }

    private static void awaitAll(List<ReturningProxy> proxies, String what, Predicate<ReturningProxy> is) {
        await(what + " at all " + proxies.size())
                .atMost(HANG)
                .until(() -> proxies.stream().filter(is).count(), count -> count == proxies.size());
    }

    private void awaitServed(String body) {
        await("\"" + body + "\" to be served")
                .atMost(HANG)
                .ignoreExceptions()
                .until(() -> ask(services.port(), "h0.test", "/"), body::equals);
    }

    private static String ask(int port, String host, String path) throws IOException {
        try (var client = new HttpClient()) {
            return client.send(port, HttpClient.Version.HTTP_1_1, new HttpClient.Call("GET", host, path, Map.of(), ""))
                    .body();
        }
    }

    private void awaitMetric(Name service, String name, double value) {
        await(name).atMost(HANG).until(() -> metric(service, name), seen -> seen == value);
    }

    private double metric(Name service, String name) throws IOException {
        var lines = ask(services.httpPort(service), "127.0.0.1", "/metrics");
        return lines.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " in " + lines));
    }

    // The most memory that the process ever had.
    private static long residentMib(ProcessHandle process) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/" + process.pid() + "/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .findFirst()
                            .orElseThrow()
                    / 1_024;
        }
    }

    private void put() throws IOException {
        var issued = authority.issue("h0.test", 20);
        var channel = Channels.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), services.secretPort()));
        try {
            var token = BearerToken.readOrCreate(scratch.resolve("data/token"), new SecureRandom());
            var answer = SecretServiceGrpc.newBlockingStub(channel)
                    .withInterceptors(Channels.bearing(token))
                    .withWaitForReady()
                    .putSecret(PutSecretRequest.newBuilder()
                            .setName(SecretName.newBuilder()
                                    .setNamespace("istio-system")
                                    .setName("shop"))
                            .putData("tls.crt", ByteString.copyFrom(Files.readAllBytes(issued.certificate())))
                            .putData("tls.key", ByteString.copyFrom(Files.readAllBytes(issued.key())))
                            .build());
            assertThat(answer.getStatus().getState()).isEqualTo(SecretStatus.State.OK);
        } finally {
            channel.shutdownNow();
        }
    }

    private void apply(String... words) throws IOException {
        var file = Files.writeString(scratch.resolve("table.yaml"), words[words.length - 1]);
        var command = words.length == 1
                ? List.of("apply", "-f", file.toString())
                : List.of("apply", words[0], "-f", file.toString());
        var answer = services.shell().run(command.toArray(String[]::new));
        assertThat(answer.exitCode()).as(answer.err()).isZero();
    }

    private static String table() {
        var text = new StringBuilder("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: [h0.test]
                    tls: {mode: SIMPLE, credentialName: shop}
                """);
        for (var n = 0; n < HOSTS; n++) {
            text.append("---\n").append(host(n, "host " + n));
        }
        return text.toString();
    }

    private static String host(int number, String body) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: h%d, namespace: shop}
                spec:
                  hosts: [h%d.test]
                  gateways: [edge]
                  http: [{directResponse: {status: 200, body: {string: "%s"}}}]
                """.formatted(number, number, body);
    }
}
