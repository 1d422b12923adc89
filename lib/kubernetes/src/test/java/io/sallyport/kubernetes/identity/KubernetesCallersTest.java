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
import io.sallyport.runtime.identity.Access;
import io.sallyport.runtime.identity.Access.Verb;
import io.sallyport.runtime.identity.Authorizer.UnavailableException;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.TokenCheck.NotAcceptedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// An API server that knows a few tokens, roles and Pods, and what is made of its answers.
@Tag("M23")
@Tag("H51")
class KubernetesCallersTest {

    private static final Access CREATE = new Access(Verb.CREATE, "networking.istio.io", "virtualservices", "shop");
    private static final Identity.Workload EDGE = new Identity.Workload("shop", "edge", Optional.of("edge-0"));

    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer server;
    private KubernetesClient client;
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

    private static String review(TokenReview review) {
        assertThat(review.getSpec().getAudiences()).containsExactly("sallyport");
        var status = switch (review.getSpec().getToken()) {
            case "edge" -> """
                "authenticated":true,"audiences":["sallyport"],"user":{"username":"system:serviceaccount:shop:edge",
                "groups":["system:serviceaccounts"],"extra":{"authentication.kubernetes.io/pod-name":["edge-0"]}}""";
            case "ada" -> """
                "authenticated":true,"audiences":["sallyport"],"user":{"username":"ada","groups":["shop-team"]}""";
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

    private static String access(SubjectAccessReview review) {
        var spec = review.getSpec();
        var wanted = spec.getResourceAttributes();
        var isAllowed = Map.of(
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
}
