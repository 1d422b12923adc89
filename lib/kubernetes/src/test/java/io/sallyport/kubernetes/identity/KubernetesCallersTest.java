package io.sallyport.kubernetes.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.WatchRequest;
import io.sallyport.proto.config.v1.WatchResponse;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.identity.Access;
import io.sallyport.runtime.identity.Access.Verb;
import io.sallyport.runtime.identity.Authenticator;
import io.sallyport.runtime.identity.Authorizer.UnavailableException;
import io.sallyport.runtime.identity.Guard;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.IdentitySettings;
import io.sallyport.runtime.identity.TokenCheck.NotAcceptedException;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// An API server that knows a few tokens, roles and Pods, and what is made of its answers.
@Tag("M23")
@Tag("H51")
class KubernetesCallersTest {

    private static final String ROOT = "root-0123456789abcdef";
    private static final Access CREATE = new Access(Verb.CREATE, "networking.istio.io", "virtualservices", "shop");
    private static final Identity.Workload EDGE = new Identity.Workload("shop", "edge", Optional.of("edge-0"));

    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer server;
    private KubernetesClient client;
    private final CountDownLatch askedInVain = new CountDownLatch(3);
    private final Set<String> withdrawn = ConcurrentHashMap.newKeySet();
    private volatile boolean isAway;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
                        .withAutoConfigure(false)
                        .withRequestRetryBackoffLimit(0)
                        .withRequestTimeout(5_000)
                        .build())
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.incrementAndGet();
        var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        var path = exchange.getRequestURI().getPath();
        if (isAway) {
            askedInVain.countDown();
            send(exchange, 503, "{}");
        } else if (path.endsWith("/tokenreviews")) {
            send(exchange, 201, review(Serialization.unmarshal(body, TokenReview.class)));
        } else if (path.endsWith("/subjectaccessreviews")) {
            send(exchange, 201, access(Serialization.unmarshal(body, SubjectAccessReview.class)));
        } else if (path.equals("/api/v1/namespaces")) {
            send(exchange, 200, """
                    {"kind":"NamespaceList","apiVersion":"v1","items":[
                    {"metadata":{"name":"cart"}},{"metadata":{"name":"shop"}}]}""");
        } else if (path.equals("/api/v1/namespaces/shop/pods/edge-0")) {
            send(exchange, 200, """
                    {"kind":"Pod","apiVersion":"v1","metadata":{"name":"edge-0","namespace":"shop",
                    "labels":{"istio":"edge"}},"spec":{"serviceAccountName":"edge","containers":[]}}""");
        } else {
            send(exchange, 404, "{}");
        }
    }

    private String review(TokenReview review) {
        assertThat(review.getSpec().getAudiences()).containsExactly("sallyport");
        var token = review.getSpec().getToken();
        var status = switch (withdrawn.contains(token) ? "" : token) {
            case "edge" -> """
                "authenticated":true,"audiences":["sallyport"],"user":{"username":"system:serviceaccount:shop:edge",
                "groups":["system:serviceaccounts"],"extra":{"authentication.kubernetes.io/pod-name":["edge-0"]}}""";
            case "ada" -> """
                "authenticated":true,"audiences":["sallyport"],"user":{"username":"ada","groups":["shop-team"]}""";
            case ROOT -> """
                "authenticated":true,"audiences":["sallyport"],"user":{"username":"root"}""";
            case "other-audience" -> """
                "authenticated":true,"audiences":["https://kubernetes.default"],"user":{"username":"ada"}""";
            case "old-server" -> """
                "authenticated":true,"user":{"username":"ada"}""";
            case "nameless" -> """
                "authenticated":true,"audiences":["sallyport"],"user":{"username":""}""";
            default -> "\"authenticated\":false";
        };
        return "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1\",\"spec\":{},\"status\":{" + status
                + "}}";
    }

    private String access(SubjectAccessReview review) {
        var spec = review.getSpec();
        var wanted = spec.getResourceAttributes();
        var isAllowed = !withdrawn.contains(spec.getUser() + "'s rights")
                && Map.of(
                                "ada",
                                List.of("shop"),
                                "system:serviceaccount:shop:edge",
                                List.of("shop"),
                                "root",
                                List.of("", "shop"))
                        .getOrDefault(spec.getUser(), List.of())
                        .contains(wanted.getNamespace() == null ? "" : wanted.getNamespace());
        return "{\"kind\":\"SubjectAccessReview\",\"apiVersion\":\"authorization.k8s.io/v1\",\"spec\":{},"
                + "\"status\":{\"allowed\":" + isAllowed + "}}";
    }

    private static void send(HttpExchange exchange, int status, String json) throws IOException {
        var bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Test
    void tokensNameWorkloadsWithTheirPodsAndUsers() throws Exception {
        var tokens = new TokenReviews(client, "sallyport");

        assertThat(tokens.identify("edge")).contains(EDGE);
        assertThat(tokens.identify("ada")).contains(Identity.User.of("ada", List.of("shop-team")));
    }

    @Test
    void tokensThatAreNotForUsNameNobody() {
        var tokens = new TokenReviews(client, "sallyport");

        for (var token : List.of("unknown", "other-audience", "old-server", "nameless")) {
            assertThatThrownBy(() -> tokens.identify(token)).as(token).isInstanceOf(NotAcceptedException.class);
        }
    }

    @Test
    void answersAreKeptForAWhileTheBadOnesToo() throws Exception {
        var tokens = new TokenReviews(client, "sallyport");

        for (var i = 0; i < 5; i++) {
            assertThat(tokens.identify("ada")).isPresent();
            assertThatThrownBy(() -> tokens.identify("unknown")).isInstanceOf(NotAcceptedException.class);
        }
        assertThat(asked).hasValue(2);
    }

    @Test
    void nobodyIsLetInWhenTheServerIsAway() {
        isAway = true;

        assertThatThrownBy(() -> new TokenReviews(client, "sallyport").identify("ada"))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("does not answer");
        assertThatThrownBy(() -> new AccessReviews(client).may(Identity.User.of("ada", List.of()), CREATE))
                .isInstanceOf(UnavailableException.class);
        assertThatThrownBy(() -> new PodLabels(client).of(EDGE)).isInstanceOf(UnavailableException.class);
    }

    @Test
    void rightsAreThoseOfTheClustersRoles() throws Exception {
        var rights = new AccessReviews(client);
        var ada = Identity.User.of("ada", List.of("shop-team"));

        assertThat(rights.may(ada, CREATE)).isTrue();
        assertThat(rights.may(ada, CREATE.in("cart"))).isFalse();
        assertThat(rights.may(ada, CREATE.in(""))).isFalse();
        assertThat(rights.may(EDGE, CREATE)).isTrue();
        assertThat(rights.namespaces(ada, CREATE)).contains(new TreeSet<>(List.of("shop")));
        assertThat(rights.namespaces(Identity.User.of("root", List.of()), CREATE))
                .isEmpty();
    }

    @Test
    @Tag("V5")
    void labelsAreThoseOfThePodAndOfNoOther() throws Exception {
        var labels = new PodLabels(client);

        assertThat(labels.of(EDGE)).containsExactly(Map.entry("istio", "edge"));
        assertThat(labels.of(new Identity.Workload("shop", "other", Optional.of("edge-0"))))
                .as("another account's Pod")
                .isEmpty();
        assertThat(labels.of(new Identity.Workload("shop", "edge", Optional.empty())))
                .as("a certificate")
                .isEmpty();
    }

    @Test
    @Tag("H69")
    void streamsEndWhenTheServerSaysNo() throws Exception {
        var guard = Guard.following(
                new Authenticator(
                        null,
                        IdentitySettings.NONE.names(),
                        List.of(new TokenReviews(client, "sallyport", Duration.ZERO))),
                new AccessReviews(client, Duration.ZERO),
                Duration.ofMillis(50));
        try (guard;
                var server = GrpcServer.inProcess("streams-end")
                        .with(guard)
                        .serve(new ConfigServiceGrpc.ConfigServiceImplBase() {
                            @Override
                            public void watch(WatchRequest request, StreamObserver<WatchResponse> images) {
                                images.onNext(WatchResponse.getDefaultInstance());
                            }
                        })
                        .start("streams-end")) {
            var channel = Channels.inProcess("streams-end");
            try {
                var token = new Watching(channel);
                token.first.get(20, TimeUnit.SECONDS);
                // Nobody who can say: it stays.
                isAway = true;
                assertThat(askedInVain.await(20, TimeUnit.SECONDS)).isTrue();
                assertThat(token.ended).isNotDone();
                isAway = false;

                withdrawn.add(ROOT);
                assertThat(token.ended.get(20, TimeUnit.SECONDS)).startsWith("UNAUTHENTICATED: the token is not");
                withdrawn.clear();

                var rights = new Watching(channel);
                rights.first.get(20, TimeUnit.SECONDS);
                withdrawn.add("root's rights");
                assertThat(rights.ended.get(20, TimeUnit.SECONDS))
                        .isEqualTo("PERMISSION_DENIED: user root may not watch *.* in all namespaces");
                assertThat(server.toString()).startsWith("streams-end");
            } finally {
                channel.shutdownNow();
            }
        }
    }

    /// A stream by a token, until it ends.
    private static final class Watching implements StreamObserver<WatchResponse> {

        private final CompletableFuture<WatchResponse> first = new CompletableFuture<>();
        private final CompletableFuture<String> ended = new CompletableFuture<>();

        Watching(Channel channel) {
            ConfigServiceGrpc.newStub(ClientInterceptors.intercept(channel, Channels.bearing(BearerToken.of(ROOT))))
                    .watch(WatchRequest.getDefaultInstance(), this);
        }

        @Override
        public void onNext(WatchResponse image) {
            first.complete(image);
        }

        @Override
        public void onError(Throwable failure) {
            first.completeExceptionally(failure);
            var status = Status.fromThrowable(failure);
            ended.complete(status.getCode() + ": " + status.getDescription());
        }

        @Override
        public void onCompleted() {
            ended.complete("completed");
        }
    }
}
