package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.sallyport.cli.Terminal;
import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.kubernetes.inject.Injector;
import io.sallyport.kubernetes.inject.Outcome;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.Protocol;
import io.sallyport.proto.egress.v1.Way;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.runtime.tls.Tls;
import io.sallyport.runtime.tls.TlsFiles;
import io.sallyport.standalone.envoy.TestEnvoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The proxy of an injected pod, without the pod: a real Envoy with the bootstrap that was injected, its token in a
/// folder that changes as the kubelet's do, and config-service, xds-service and egress-policy-service as the chart runs
/// them. An API server that knows two tokens and one Pod says who it is. What the proxy lets out is what
/// egress-policy-service decides.
@Tag("V5")
@Tag("M12")
@Tag("H51")
class InjectedProxyTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper mapper = JsonMapper.builder().build();
    private static final Pattern XDS = Pattern.compile("xds 127\\.0\\.0\\.1:(\\d+)");
    private static final Pattern API = Pattern.compile("api 127\\.0\\.0\\.1:(\\d+)");
    private static final String CONFIGURATION = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data: {mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"}
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: allowed}
            spec:
              hosts: [allowed.test]
              ports: [{number: 80, name: http, protocol: HTTP}]
              resolution: STATIC
              endpoints: [{address: 127.0.0.1, ports: {http: BACKEND}}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: pay, name: private}
            spec:
              hosts: [private.test]
              exportTo: ["."]
              ports: [{number: 80, name: http, protocol: HTTP}]
              resolution: STATIC
              endpoints: [{address: 127.0.0.1, ports: {http: BACKEND}}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: pay, name: admins}
            spec:
              hosts: [admins.test]
              ports: [{number: 80, name: http, protocol: HTTP}]
              resolution: STATIC
              endpoints: [{address: 127.0.0.1, ports: {http: BACKEND}}]
            ---
            apiVersion: networking.istio.io/v1
            kind: Sidecar
            metadata: {namespace: shop, name: default}
            spec: {egress: [{hosts: ["./*"]}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: Sidecar
            metadata: {namespace: shop, name: admins}
            spec: {workloadSelector: {labels: {app: admin}}, egress: [{hosts: ["./*", "pay/*"]}]}
            """;

    @TempDir
    Path folder;

    private final Lifecycle lifecycle = new Lifecycle();
    private final TestAuthority authority = new TestAuthority("root");
    private HttpServer cluster;
    private HttpServer backend;
    private int xdsPort;
    private int egressPort;

    @BeforeEach
    void start() throws Exception {
        backend = serve(exchange -> answer(exchange, 200, "here"));
        cluster = serve(this::kubernetes);
        Files.writeString(
                folder.resolve("kubeconfig"), """
                apiVersion: v1
                kind: Config
                current-context: fake
                contexts: [{name: fake, context: {cluster: fake, user: fake}}]
                clusters: [{name: fake, cluster: {server: "http://127.0.0.1:%d"}}]
                users: [{name: fake, user: {}}]
                """.formatted(cluster.getAddress().getPort()));
        Files.writeString(
                Files.createDirectories(folder.resolve("config")).resolve("all.yaml"),
                CONFIGURATION.replace(
                        "BACKEND", String.valueOf(backend.getAddress().getPort())));
        var readiness = new Readiness();
        var config = run(readiness, "config", """
                store: {file: %s}
                directory: %s
                """.formatted(folder.resolve("config.db"), folder.resolve("config")));
        var xds = run(readiness, "xds", "xds: 127.0.0.1:0\nconfig: localhost:" + port(API, config) + "\n");
        xdsPort = port(XDS, xds);
        egressPort = port(API, run(readiness, "egress", "config: localhost:" + port(API, config) + "\n"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(readiness.missing()).isEmpty());
    }

    @AfterEach
    void stop() {
        lifecycle.close();
        backend.stop(0);
        cluster.stop(0);
    }

    private static HttpServer serve(com.sun.net.httpserver.HttpHandler handler) throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", handler);
        server.start();
        return server;
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void kubernetes(HttpExchange exchange) throws IOException {
        var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("content-type", "application/json");
        switch (exchange.getRequestURI().getPath()) {
            case "/apis/authentication.k8s.io/v1/tokenreviews" -> answer(exchange, 201, review(body));
            case "/apis/authorization.k8s.io/v1/subjectaccessreviews" -> answer(exchange, 201, access(body));
            case "/api/v1/namespaces/shop/pods/cart-0" -> answer(exchange, 200, """
                        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"cart-0","namespace":"shop",
                        "labels":{"app":"cart"}},"spec":{"serviceAccountName":"cart","containers":[]}}""");
            default -> answer(exchange, 404, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":404}");
        }
    }

    // Who works in a namespace may ask what its clients may reach.
    private static String access(String body) throws IOException {
        var wanted = mapper.readTree(body).at("/spec/resourceAttributes");
        var isOwn = wanted.path("namespace").asText().equals("shop")
                && wanted.path("resource").asText().equals("egressverdicts");
        return "{\"kind\":\"SubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\",\"spec\":{},\"status\":"
                + "{\"allowed\":" + isOwn + "}}";
    }

    private static String review(String body) throws IOException {
        var token = mapper.readTree(body).at("/spec/token").asText();
        var status = switch (token) {
            case "cart-token" -> """
                {"authenticated":true,"audiences":["sallyport"],"user":{"username":"system:serviceaccount:shop:cart",
                "extra":{"authentication.kubernetes.io/pod-name":["cart-0"]}}}""";
            case "other-audience" -> """
                {"authenticated":true,"audiences":["https://kubernetes.default"],
                "user":{"username":"system:serviceaccount:shop:cart"}}""";
            default -> "{\"authenticated\":false}";
        };
        return "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1\",\"spec\":{},\"status\":" + status
                + "}";
    }

    private String run(Readiness readiness, String name, String more) throws Exception {
        var files = issue(name);
        var settings = Files.writeString(
                folder.resolve(name + ".yaml"),
                """
                grpc: 127.0.0.1:0
                http: 127.0.0.1:0
                tls: {certificate: %s, key: %s, ca: %s}
                identity:
                  services:
                    xds: [sallyport-xds.istio-system.svc]
                    config: [sallyport-config.istio-system.svc]
                    egress: [sallyport-egress.istio-system.svc]
                  kubernetes: {audience: sallyport, kubeconfig: %s}
                authorization: {kubernetes: true}
                """.formatted(files.certificate(), files.key(), files.ca(), folder.resolve("kubeconfig")) + more);
        return ServiceCommand.start(
                Terminal.ofProcess(), ServiceCommand.Name.valueOf(name), settings, lifecycle, readiness);
    }

    private TlsFiles issue(String name) throws IOException {
        return authority
                .issue("localhost", "sallyport-" + name + ".istio-system.svc")
                .in(folder.resolve(name), authority.pem());
    }

    private static int port(Pattern door, String words) {
        var found = door.matcher(words);
        assertThat(found.find()).as(words).isTrue();
        return Integer.parseInt(found.group(1));
    }

    @Test
    @Tag("E1")
    void itsTokenSaysWhoItIsAndItLetsOutWhatThatMayReach() throws Exception {
        int door = freePort();
        var mounted = Files.createDirectories(folder.resolve("token"));
        var bootstrap = bootstrap(door, mounted);
        become(mounted, "1", "other-audience");
        var envoy = new ProcessBuilder(
                        TestEnvoy.path().toString(),
                        "-c",
                        bootstrap.toString(),
                        "--service-node",
                        "sidecar~10.0.0.7~cart-0.shop~shop.svc.cluster.local",
                        "--disable-hot-restart",
                        "--concurrency",
                        "1",
                        "--log-level",
                        "warning")
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("envoy.log").toFile())
                .start();
        try (var client = HttpClient.newBuilder()
                .proxy(ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), door)))
                .build()) {
            // Its own log says that it asked and was refused.
            await().atMost(PATIENCE).until(() -> log().contains("the token is not accepted"));
            assertThat(isOpen(door)).as("without a token that is meant for us").isFalse();

            become(mounted, "2", "cart-token");
            await().atMost(PATIENCE).until(() -> isOpen(door));

            assertThat(ask(client, "allowed.test")).isEqualTo("200 here");
            assertThat(ask(client, "unknown.test")).startsWith("502");
            assertThat(ask(client, "private.test")).as("of another namespace").startsWith("502");
            assertThat(ask(client, "admins.test"))
                    .as("by labels that it gives itself")
                    .startsWith("502");
            assertThat(told("allowed.test", "cart")).isNotEqualTo(Way.BLOCKED);
            for (var host : List.of("unknown.test", "private.test", "admins.test")) {
                assertThat(told(host, "cart")).as(host).isEqualTo(Way.BLOCKED);
            }
            assertThat(told("admins.test", "admin"))
                    .as("whose labels these are")
                    .isNotEqualTo(Way.BLOCKED);
        } finally {
            envoy.destroy();
            if (!envoy.waitFor(10, TimeUnit.SECONDS)) {
                envoy.destroyForcibly();
            }
        }
    }

    /// What egress-policy-service decides for clients of the namespace with this label, as the pod itself asks it.
    private Way told(String host, String app) throws IOException {
        var channel = secure(egressPort);
        try {
            return EgressPolicyServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(bearing("cart-token")))
                    .evaluate(EvaluateRequest.newBuilder()
                            .setClient(Client.newBuilder().setNamespace("shop").putLabels("app", app))
                            .setHost(host)
                            .setPort(80)
                            .setProtocol(Protocol.HTTP)
                            .build())
                    .getVerdict()
                    .getWay();
        } finally {
            channel.shutdownNow();
        }
    }

    private ManagedChannel secure(int port) throws IOException {
        var trusted = Files.writeString(folder.resolve("trusted.pem"), authority.pem());
        var credentials = Tls.client(Optional.of(trusted), Optional.empty(), Optional.empty());
        return Grpc.newChannelBuilderForAddress("localhost", port, credentials).build();
    }

    private static Metadata bearing(String token) {
        var headers = new Metadata();
        headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        return headers;
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("envoy.log"));
    }

    private static boolean isOpen(int port) {
        try (var socket = new java.net.Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    private static String ask(HttpClient client, String host) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://" + host + "/"))
                .timeout(Duration.ofSeconds(20))
                .build();
        var response = client.send(request, BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    // As the kubelet does it: the folder behind `..data` is another one from one moment to the next.
    private static void become(Path mounted, String version, String token) throws IOException {
        var fresh = Files.createDirectories(mounted.resolve("..v" + version));
        Files.writeString(fresh.resolve("token"), token);
        var link = mounted.resolve("..data_tmp");
        Files.createSymbolicLink(link, fresh.getFileName());
        Files.move(link, mounted.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
        if (!Files.exists(mounted.resolve("token"))) {
            Files.createSymbolicLink(mounted.resolve("token"), Path.of("..data/token"));
        }
    }

    private Path bootstrap(int door, Path mounted) throws IOException {
        var settings =
                new InjectionSettings("istio-system", null, null, null, null, null, null, null, null, null, null);
        var pod = mapper.readTree("""
                {"metadata":{"name":"cart-0"},"spec":{"containers":[{"name":"cart"}]}}""");
        var outcome = new Injector(settings, authority.pem()).of(pod, "shop", Optional.empty());
        assertThat(outcome).isInstanceOf(Outcome.Injected.class);
        var annotations = ((Outcome.Injected) outcome).additions().getFirst().value();
        Files.writeString(
                folder.resolve("ca.crt"),
                annotations.path("sallyport.io/authority").asText());
        Files.writeString(
                folder.resolve("token.yaml"),
                annotations
                        .path("sallyport.io/token")
                        .asText()
                        .replace("/var/run/secrets/sallyport", mounted.toString()));
        var text = annotations
                .path("sallyport.io/bootstrap")
                .asText()
                .replace("/etc/sallyport", folder.toString())
                .replace("/var/run/sallyport", folder.toString())
                .replace(
                        "\"sallyport-xds.istio-system.svc.cluster.local\",\"port_value\":15010",
                        "\"127.0.0.1\",\"port_value\":" + xdsPort)
                .replaceAll("\"sallyport-\\w+\\.istio-system\\.svc\\.cluster\\.local\"", "\"127.0.0.1\"")
                .replace("\"port_value\":15021", "\"port_value\":0")
                .replace("\"port_value\":15090", "\"port_value\":0");
        var json = (ObjectNode) mapper.readTree(text);
        // Without rules that redirect, the door is one that clients know of.
        var metadata = (ObjectNode) json.at("/node/metadata");
        metadata.putObject("LISTEN").put("http-proxy", String.valueOf(door));
        metadata.putObject("LABELS").put("app", "admin");
        return Files.writeString(folder.resolve("envoy.json"), mapper.writeValueAsString(json));
    }

    @Test
    void whatANodeSaysOfItselfOpensNothing() throws Exception {
        var own = "sidecar~10.0.0.7~cart-0.shop~shop.svc.cluster.local";
        assertThat(ends("cart-token", "sidecar~10.0.0.7~cart-0.pay~pay.svc.cluster.local"))
                .isEqualTo("PERMISSION_DENIED: the node says namespace \"pay\" (expected: \"shop\", as its certificate"
                        + " or token says)");
        for (var token : List.of("other-audience", "invented")) {
            assertThat(ends(token, own)).startsWith("UNAUTHENTICATED: the token is not accepted");
        }
        assertThat(ends("", own)).startsWith("UNAUTHENTICATED: neither a certificate nor a token");
    }

    /// How a stream ends that shows this token and says that it is this node.
    private String ends(String token, String node) throws Exception {
        var ended = new CompletableFuture<String>();
        var channel = secure(xdsPort);
        try {
            var headers = token.isEmpty() ? new Metadata() : bearing(token);
            var requests = AggregatedDiscoveryServiceGrpc.newStub(channel)
                    .withDeadlineAfter(30, TimeUnit.SECONDS)
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                    .deltaAggregatedResources(new StreamObserver<DeltaDiscoveryResponse>() {
                        @Override
                        public void onNext(DeltaDiscoveryResponse answer) {
                            ended.complete("answered " + answer.getTypeUrl());
                        }

                        @Override
                        public void onError(Throwable error) {
                            var status = Status.fromThrowable(error);
                            ended.complete(status.getCode() + ": " + status.getDescription());
                        }

                        @Override
                        public void onCompleted() {
                            ended.complete("completed");
                        }
                    });
            requests.onNext(DeltaDiscoveryRequest.newBuilder()
                    .setNode(Node.newBuilder().setId(node))
                    .setTypeUrl("type.googleapis.com/envoy.config.cluster.v3.Cluster")
                    .build());
            return ended.get(40, TimeUnit.SECONDS);
        } finally {
            channel.shutdownNow();
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
