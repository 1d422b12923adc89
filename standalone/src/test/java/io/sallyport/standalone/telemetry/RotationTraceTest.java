package io.sallyport.standalone.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.rpc.Code;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc;
import io.grpc.Channel;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TraceSettings;
import io.sallyport.runtime.telemetry.Tracing;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.secret.SecretServer;
import io.sallyport.secret.SecretSettings;
import io.sallyport.standalone.telemetry.TraceReceiver.Seen;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// One rotation is one trace, from the file that changes to the answer of each proxy, and what metrics say of it.
@Timeout(120)
class RotationTraceTest {

    private static final String TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

    @TempDir
    Path folder;

    private final Lifecycle lifecycle = new Lifecycle();
    private final Metrics metrics = new Metrics();
    private final TestAuthority authority = new TestAuthority("root");
    private TraceReceiver receiver;
    private Path configuration;
    private Channel discovery;

    @BeforeEach
    void start() throws Exception {
        receiver = lifecycle.started("receiver", new TraceReceiver());
        var settings = new TraceSettings(Optional.of(receiver.endpoint()), 1, Optional.empty());
        var tracing = lifecycle.started("traces", Tracing.start(settings, metrics.registry()));
        configuration = Files.createDirectory(folder.resolve("configuration"));
        offer(authority.issue("one.test"));
        var secrets = lifecycle.started(
                "secrets",
                SecretServer.start(
                        SecretSettings.local(folder, configuration, Optional.empty(), Optional.of(List.of())),
                        Optional.empty(),
                        ProxyLabels.NONE,
                        InstantSource.system(),
                        new SecureRandom(),
                        new Telemetry(metrics.registry(), tracing.of("sallyport-secret"))));
        secrets.measure(metrics.registry());
        var name = InProcessServerBuilder.generateName();
        lifecycle.started(
                "door", GrpcServer.inProcess(name).serve(secrets.discovery()).start("sds"));
        var channel = Channels.inProcess(name);
        lifecycle.started("channel", channel::shutdownNow);
        discovery = channel;
    }

    @AfterEach
    void stop() {
        lifecycle.close();
        metrics.close();
    }

    private void offer(TestAuthority.Issued issued) throws IOException {
        offer(issued.certificate(), issued.key());
    }

    private void offer(String certificate, String key) throws IOException {
        var fresh = Files.writeString(folder.resolve("fresh"), """
                apiVersion: v1
                kind: Secret
                metadata: {namespace: shop, name: cart}
                type: kubernetes.io/tls
                data: {tls.crt: %s, tls.key: %s}
                """.formatted(base64(certificate), base64(key)));
        Files.move(fresh, configuration.resolve("cart.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /// A gateway that follows one secret and answers what it gets.
    private static final class Follower implements StreamObserver<DeltaDiscoveryResponse> {

        private final AtomicInteger answers = new AtomicInteger();
        private final StreamObserver<DeltaDiscoveryRequest> requests;
        private volatile boolean isRefusing;

        Follower(Channel channel, String name) {
            requests = SecretDiscoveryServiceGrpc.newStub(channel).deltaSecrets(this);
            requests.onNext(DeltaDiscoveryRequest.newBuilder()
                    .setNode(Node.newBuilder()
                            .setId("router~127.0.0.1~" + name + ".shop~shop.svc.cluster.local")
                            .setMetadata(Struct.newBuilder()
                                    .putFields(
                                            "NAMESPACE",
                                            Value.newBuilder()
                                                    .setStringValue("shop")
                                                    .build())))
                    .setTypeUrl(TYPE)
                    .addResourceNamesSubscribe("kubernetes://cart")
                    .build());
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            var answer = DeltaDiscoveryRequest.newBuilder().setTypeUrl(TYPE).setResponseNonce(response.getNonce());
            if (isRefusing) {
                answer.setErrorDetail(Status.newBuilder()
                        .setCode(Code.INTERNAL_VALUE)
                        .setMessage("no such curve\n{\"level\":\"FORGED\"}"));
            }
            requests.onNext(answer.build());
            answers.incrementAndGet();
        }

        @Override
        public void onError(Throwable error) {}

        @Override
        public void onCompleted() {}

        void leave() {
            requests.onCompleted();
        }
    }

    private static void awaitAnswers(Follower follower, int count) {
        await("answer " + count)
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(follower.answers).hasValue(count));
    }

    private void awaitMetrics(String... lines) {
        await("metrics")
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(metrics.scrape()).contains(lines));
    }

    @Test
    void aTraceGoesFromTheFileToTheAnswerOfEachProxyAndSoDoTheLogs() throws Exception {
        var one = new Follower(discovery, "one");
        var two = new Follower(discovery, "two");
        awaitAnswers(one, 1);
        awaitAnswers(two, 1);
        two.isRefusing = true;
        try (var lines = new CapturedLines()) {
            offer(authority.issue("two.test"));

            var taken = receiver.await1(
                    "an acknowledged push", span -> span.name().equals("secret.push") && !span.failed());
            var refused = receiver.await1("a refused push", span -> span.name().equals("secret.push") && span.failed());
            var change = receiver.await1("the change", span -> span.id().equals(taken.parent()));

            assertThat(change)
                    .extracting(Seen::service, Seen::name, Seen::parent)
                    .containsExactly("sallyport-secret", "secret.change", "");
            assertThat(change.attributes())
                    .containsEntry("sallyport.secret", "shop/cart")
                    .containsEntry("sallyport.source", "directory")
                    .containsEntry("sallyport.outcome", "served");
            assertThat(taken.attributes())
                    .containsEntry("sallyport.result", "acknowledged")
                    .containsEntry("sallyport.proxy", "router~127.0.0.1~one.shop~shop.svc.cluster.local");
            assertThat(refused.parent()).isEqualTo(change.id());
            assertThat(refused.trace()).isEqualTo(change.trace());
            assertThat(refused.message()).startsWith("no such curve").doesNotContain("\n");
            assertThat(refused.attributes()).containsEntry("sallyport.result", "refused");
            assertThat(lines.ofTrace(change.trace()))
                    .extracting(line -> line.path("message").asText())
                    .contains("Secret is served", "Proxy refused a secret");
        }
        awaitMetrics(
                "sallyport_sds_streams 2.0\n",
                "sallyport_sds_responses_total 4.0\n",
                "sallyport_sds_refusals_total 1.0\n");
        two.leave();
        awaitMetrics("sallyport_sds_streams 1.0\n");
    }

    @Test
    void whatCannotBeServedIsAnErrorAndCountsAsDegraded() throws Exception {
        awaitMetrics(
                "sallyport_secrets 1.0\n", "sallyport_secrets_degraded 0.0\n", "sallyport_secret_certificates 1.0\n");

        offer(
                authority.issue("two.test").certificate(),
                authority.issue("three.test").key());

        var change = receiver.await1("the change", span -> span.name().equals("secret.change") && span.failed());
        assertThat(change.attributes()).containsEntry("sallyport.outcome", "last good");
        assertThat(change.message()).isNotBlank();
        awaitMetrics(
                "sallyport_secrets 1.0\n", "sallyport_secrets_degraded 1.0\n", "sallyport_secret_certificates 1.0\n");
    }
}
