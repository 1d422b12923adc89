package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.sallyport.analysis.Inspections;
import io.sallyport.cluster.TestCluster;
import io.sallyport.config.YamlDocuments;
import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.kubernetes.inject.Injector;
import io.sallyport.kubernetes.inject.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the webhook answers when a pod is made.
@Tag("V3")
class InjectionReviewTest {

    private static final ObjectMapper mapper = JsonMapper.builder().build();
    private static final String AUTHORITY = "-----BEGIN CERTIFICATE-----\n(made)\n-----END CERTIFICATE-----\n";
    private static final String POD = """
            {"apiVersion":"v1","kind":"Pod",
             "metadata":{"generateName":"cart-5d9c-","labels":{"pod-template-hash":"5d9c"},
              "ownerReferences":[{"kind":"ReplicaSet","name":"cart-5d9c","controller":true}]},
             "spec":{"containers":[{"name":"cart","image":"cart:1"}],
              "volumes":[{"name":"kube-api-access-x","projected":{}}]}}""";

    @TempDir
    Path folder;

    private Path authority;
    private InjectionReview reviewer;

    @BeforeEach
    void start() throws IOException {
        authority = Files.writeString(folder.resolve("ca.crt"), AUTHORITY);
        reviewer = new InjectionReview(settings());
    }

    private InjectionSettings settings() {
        return new InjectionSettings(
                "istio-system",
                null,
                new InjectionSettings.Authority(authority, null),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }

    private static String review(String operation, String kind, String pod, String more) {
        return """
                {"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1",%s
                 "kind":{"group":"","version":"v1","kind":"%s"},"operation":"%s","namespace":"shop","object":%s}}""".formatted(more, kind, operation, pod);
    }

    private JsonNode response(String review) throws Exception {
        var answer = mapper.readTree(reviewer.answer(review.getBytes(StandardCharsets.UTF_8)));
        assertThat(answer.path("apiVersion").asText()).isEqualTo("admission.k8s.io/v1");
        assertThat(answer.path("kind").asText()).isEqualTo("AdmissionReview");
        assertThat(answer.at("/response/uid").asText()).isEqualTo("u1");
        return answer.path("response");
    }

    private static JsonNode patch(JsonNode response) throws IOException {
        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.path("patchType").asText()).isEqualTo("JSONPatch");
        return mapper.readTree(Base64.getDecoder().decode(response.path("patch").asText()));
    }

    @Test
    void aNewPodGetsWhatTheCommandWouldAdd() throws Exception {
        var patch = patch(response(review("CREATE", "Pod", POD, "")));

        var outcome = new Injector(settings(), AUTHORITY).of(mapper.readTree(POD), "shop", Optional.empty());
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Injected.class, injected -> {
            var expected = mapper.createArrayNode();
            injected.additions().forEach(each -> expected.add(each.operation()));
            assertThat(patch.toPrettyString()).isEqualTo(expected.toPrettyString());
        });
        assertThat(patch).extracting(each -> each.path("op").asText()).containsOnly("add");
        assertThat(patch)
                .extracting(each -> each.path("path").asText())
                .containsExactly(
                        "/metadata/annotations",
                        "/spec/initContainers",
                        "/spec/volumes/-",
                        "/spec/volumes/-",
                        "/spec/volumes/-");
        assertThat(patch.get(0).path("value").path("sallyport.io/bootstrap").asText())
                .contains("\"WORKLOAD_NAME\":\"cart\"")
                .contains("sallyport-xds.istio-system.svc.cluster.local");
    }

    @Test
    void aDryRunIsAnsweredAlike() throws Exception {
        assertThat(response(review("CREATE", "Pod", POD, "\"dryRun\":true,")))
                .isEqualTo(response(review("CREATE", "Pod", POD, "\"dryRun\":false,")));
    }

    @Test
    void whatIsNoNewPodPassesUntouched() throws Exception {
        for (var review : List.of(
                review("UPDATE", "Pod", POD, ""),
                review("DELETE", "Pod", "null", ""),
                review("CREATE", "Deployment", POD, ""),
                review("CREATE", "Pod", POD, "\"subResource\":\"ephemeralcontainers\","))) {
            var response = response(review);
            assertThat(response.path("allowed").asBoolean()).isTrue();
            assertThat(response.has("patch")).as(review).isFalse();
        }
    }

    @Test
    void whoSaysNoIsLeftAloneAndTold() throws Exception {
        var pod = POD.replace(
                "\"generateName\"", "\"annotations\":{\"sidecar.istio.io/inject\":\"false\"},\"generateName\"");
        var response = response(review("CREATE", "Pod", pod, ""));

        assertThat(response.path("allowed").asBoolean()).isTrue();
        assertThat(response.has("patch")).isFalse();
        assertThat(response.path("warnings").get(0).asText())
                .isEqualTo("no client proxy is added: it says sidecar.istio.io/inject: \"false\"");
    }

    @Test
    void aPodThatWouldPassItsProxyByIsRefused() throws Exception {
        var pod = POD.replace("\"containers\"", "\"securityContext\":{\"runAsUser\":1337},\"containers\"");
        var response = response(review("CREATE", "Pod", pod, ""));

        assertThat(response.path("allowed").asBoolean()).isFalse();
        assertThat(response.at("/status/code").asInt()).isEqualTo(422);
        assertThat(response.at("/status/message").asText())
                .startsWith("no client proxy can be added: spec.securityContext.runAsUser: 1337 is the proxy's user");
    }

    @Test
    void withoutItsAuthorityAPodIsNotMadeAndNobodyLearnsWhere() throws Exception {
        Files.delete(authority);
        var response = response(review("CREATE", "Pod", POD, ""));

        assertThat(response.path("allowed").asBoolean()).isFalse();
        assertThat(response.at("/status/code").asInt()).isEqualTo(500);
        assertThat(response.at("/status/message").asText()).doesNotContain(folder.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{\"kind\":\"AdmissionReview\"}",
                "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\",\"request\":{\"uid\":\"u1\"}}",
                "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"request\":{\"uid\":\"u1\"",
                "\u0000\u0001"
            })
    void whatIsNoReviewIsMalformed(String body) {
        assertThatThrownBy(() -> reviewer.answer(body.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(AdmissionAnswer.MalformedException.class);
    }

    @Test
    void deepAndOddPodsCostNothing() throws Exception {
        var deep = "{\"spec\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        assertThatThrownBy(() -> response(review("CREATE", "Pod", deep, "")))
                .isInstanceOf(AdmissionAnswer.MalformedException.class);
        for (var odd : List.of(
                "{}",
                "7",
                "{\"spec\":7}",
                "{\"spec\":{\"containers\":{}}}",
                "{\"spec\":{\"containers\":[7,null]},\"metadata\":[]}",
                "{\"spec\":{\"containers\":[{\"name\":[]}],\"initContainers\":{},\"volumes\":\"x\"},\"metadata\":7}")) {
            assertThat(response(review("CREATE", "Pod", odd, "")).has("allowed"))
                    .isTrue();
        }
    }

    @Test
    void itIsServedBesideCheckWithinTheSameBounds() throws Exception {
        var name = "sallyport-injector-" + UUID.randomUUID().toString().substring(0, 8);
        try (var cluster = TestCluster.start()) {
            // It has no rules: nobody is asked for a Pod of that cluster.
            cluster.put(new MutatingWebhookConfigurationBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .endMetadata()
                    .addNewWebhook()
                    .withName("one.sallyport.io")
                    .withNewClientConfig()
                    .withUrl("https://127.0.0.1/inject")
                    .endClientConfig()
                    .withSideEffects("None")
                    .withAdmissionReviewVersions("v1")
                    .endWebhook()
                    .build());
            var server = AdmissionServer.start(
                    new AdmissionSettings(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            List.of("127.0.0.1"),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.of(new AdmissionSettings.Injection(settings(), Optional.of(name)))),
                    cluster.client(),
                    new Review(new YamlDocuments(new Inspections()), _ -> List.of()),
                    InstantSource.system(),
                    new SecureRandom(),
                    AdmissionServerTest.DEADLINE);
            try (server;
                    var client = client(server)) {
                assertThat(post(client, server, "/inject", review("CREATE", "Pod", POD, "")))
                        .startsWith("200 ")
                        .contains("JSONPatch");
                assertThat(post(client, server, "/inject", "{")).startsWith("400 ");
                assertThat(post(client, server, "/inject", " ".repeat((3 << 20) + 1)))
                        .startsWith("413 ");
                assertThat(post(client, server, "/injec", "{}"))
                        .isEqualTo("404 no such page (expected: one of [/inject, /validate])");
                server.renewIfDue();
                var told = cluster.client()
                        .admissionRegistration()
                        .v1()
                        .mutatingWebhookConfigurations()
                        .withName(name)
                        .get();
                assertThat(new String(
                                Base64.getDecoder()
                                        .decode(told.getWebhooks()
                                                .getFirst()
                                                .getClientConfig()
                                                .getCaBundle()),
                                StandardCharsets.US_ASCII))
                        .contains(AdmissionCertificate.pem(server.authority()));
            }
        }
    }

    private static HttpClient client(AdmissionServer server) throws Exception {
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", server.authority());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(tls).build();
    }

    private static String post(HttpClient client, AdmissionServer server, String path, String body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + server.port() + path))
                .timeout(Duration.ofSeconds(30))
                // What is too large is answered unread, and who writes on meanwhile may not hear the answer.
                .expectContinue(body.length() > 1 << 20)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        var response = client.send(request, BodyHandlers.ofString());
        // On a busy machine two seconds are little, and 503 is what the API server would ask again after.
        for (int more = 0; response.statusCode() == 503 && more < 20; more++) {
            response = client.send(request, BodyHandlers.ofString());
        }
        return response.statusCode() + " " + response.body();
    }
}
