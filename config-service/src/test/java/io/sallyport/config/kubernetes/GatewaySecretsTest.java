package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.sallyport.cluster.TestCluster;
import io.sallyport.model.Kind;
import io.sallyport.proto.secret.v1.CheckSecretsRequest;
import io.sallyport.proto.secret.v1.CheckSecretsResponse;
import io.sallyport.proto.secret.v1.KeyPairStatus;
import io.sallyport.proto.secret.v1.SecretServiceGrpc;
import io.sallyport.proto.secret.v1.SecretStatus.State;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.proto.xds.v1.ListProxiesResponse;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What Gateways say of the Secrets that they name, as secret-service has it.
@Tag("S15")
class GatewaySecretsTest {

    private static final String GOOD = "";

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final String shop = cluster.namespace("shop");
    private final List<AutoCloseable> open = new ArrayList<>();
    private final FakeSecrets secrets = new FakeSecrets();

    @AfterEach
    void stop() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
        cluster.close();
    }

    /// Knows by name what is wrong with key pairs, and of no others.
    private static final class FakeSecrets extends SecretServiceGrpc.SecretServiceImplBase {

        private final Map<String, KeyPairStatus> known = new ConcurrentHashMap<>();
        private volatile boolean away;

        void put(String name, State state, String reason) {
            known.put(
                    name,
                    KeyPairStatus.newBuilder().setState(state).setReason(reason).build());
        }

        @Override
        public void checkSecrets(CheckSecretsRequest request, StreamObserver<CheckSecretsResponse> answer) {
            if (away) {
                answer.onError(Status.UNAVAILABLE.asRuntimeException());
                return;
            }
            var missing = KeyPairStatus.newBuilder()
                    .setState(State.MISSING)
                    .setReason("does not exist")
                    .build();
            var all = CheckSecretsResponse.newBuilder();
            for (var name : request.getNamesList()) {
                var state = known.getOrDefault(name.getName(), missing);
                all.addKeyPairs(state.toBuilder().setName(name));
            }
            answer.onNext(all.build());
            answer.onCompleted();
        }
    }

    private final class OneProxy extends ProxyServiceGrpc.ProxyServiceImplBase {

        @Override
        public void listProxies(ListProxiesRequest request, StreamObserver<ListProxiesResponse> answer) {
            answer.onNext(ListProxiesResponse.newBuilder()
                    .addProxies(Proxy.newBuilder()
                            .setName("edge")
                            .setNamespace(shop)
                            .setKind(Proxy.Kind.ROUTER)
                            .putLabels("app", "edge")
                            .setAcknowledgedRevision(Long.MAX_VALUE))
                    .build());
            answer.onCompleted();
        }
    }

    private Channel services() throws Exception {
        var name = "services-" + shop;
        var server = InProcessServerBuilder.forName(name)
                .addService(secrets)
                .addService(new OneProxy())
                .build()
                .start();
        open.add(server::shutdownNow);
        var channel = InProcessChannelBuilder.forName(name).build();
        open.add(channel::shutdownNow);
        return channel;
    }

    private Followed write(Channel channel) throws Exception {
        var followed = Followed.start(cluster, folder, shop);
        open.add(followed);
        followed.ready().write("one", Optional.of(channel), Optional.of(channel));
        return followed;
    }

    private void gateway(String name, String... references) {
        cluster.install(Kind.KUBERNETES_GATEWAY);
        cluster.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: edge, namespace: %1$s}
                spec: {selector: {app: edge}, ports: [{name: http, port: 80}]}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: %2$s, namespace: %1$s}
                spec:
                  gatewayClassName: sallyport
                  addresses: [{type: Hostname, value: edge}]
                  listeners:
                  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [%3$s]}}
                """.formatted(shop, name, String.join(", ", references)));
    }

    private void istio(String credential) {
        cluster.install(Kind.GATEWAY);
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: old, namespace: %s}
                spec:
                  selector: {app: edge}
                  servers:
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: [old.test]
                    tls: {mode: SIMPLE, credentialName: %s}
                """.formatted(shop, credential));
    }

    // `False InvalidCertificateRef: Secret …`, by type.
    private Map<String, String> shown(String apiVersion, String name, Object... path) {
        var said = new LinkedHashMap<String, String>();
        var found = cluster.find(apiVersion, "Gateway", shop, name).orElseThrow();
        @Nullable Object conditions = found.get(path);
        for (var each : conditions instanceof List<?> list ? list : List.of()) {
            var condition = (Map<?, ?>) each;
            said.put(
                    String.valueOf(condition.get("type")),
                    "%s %s: %s".formatted(condition.get("status"), condition.get("reason"), condition.get("message")));
        }
        return said;
    }

    private Map<String, String> listener(String name) {
        return shown("gateway.networking.k8s.io/v1", name, "status", "listeners", 0, "conditions");
    }

    private void awaitListener(String name, String type, String part) {
        Followed.await(
                type + " " + part,
                () -> listener(name).getOrDefault(type, "").startsWith(part),
                () -> listener(name) + "");
    }

    private Map<String, String> istio() {
        return shown("networking.istio.io/v1", "old", "status", "conditions");
    }

    private void awaitIstio(String part) {
        Followed.await(part, () -> istio().getOrDefault("Resolved", "").startsWith(part), () -> istio() + "");
    }

    @Test
    void aSecretThatIsMissingClosesItsListenerUntilItComes() throws Exception {
        gateway("edge", "{name: cert}");
        write(services());

        awaitListener(
                "edge", "ResolvedRefs", "False InvalidCertificateRef: Secret \"%s/cert\" does not".formatted(shop));
        assertThat(listener("edge"))
                .containsEntry("Accepted", "True Accepted: ")
                .containsEntry("Programmed", "False Invalid: none of its certificates can be served");
        assertThat(shown("gateway.networking.k8s.io/v1", "edge", "status", "conditions"))
                .containsEntry("Accepted", "True Accepted: ")
                .hasEntrySatisfying("Programmed", said -> assertThat(said).startsWith("False Invalid: none of its"));

        secrets.put("cert", State.OK, GOOD);
        awaitListener("edge", "ResolvedRefs", "True ResolvedRefs");
        awaitListener("edge", "Programmed", "True Programmed");
        assertThat(shown("gateway.networking.k8s.io/v1", "edge", "status", "conditions")
                        .get("Programmed"))
                .startsWith("True Programmed");

        secrets.put("cert", State.UNUSABLE, "tls.crt: no certificate");
        awaitListener(
                "edge",
                "ResolvedRefs",
                "False InvalidCertificateRef: Secret \"%s/cert\" cannot be served: tls.crt: no certificate"
                        .formatted(shop));
    }

    @Test
    void oneBadSecretOfSeveralIsSaidAndTheListenerGoesOn() throws Exception {
        secrets.put("good", State.OK, GOOD);
        secrets.put("old", State.LAST_GOOD_KEPT, "key does not belong to certificate");
        gateway("edge", "{name: good}", "{name: lost}");
        gateway("last", "{name: old}");
        gateway("vault", "{name: good}", "{name: x, group: example.com, kind: Vault}");
        write(services());

        awaitListener("edge", "ResolvedRefs", "False InvalidCertificateRef: Secret \"%s/lost\" does".formatted(shop));
        awaitListener("last", "ResolvedRefs", "False InvalidCertificateRef: Secret \"%s/old\" cannot".formatted(shop));
        awaitListener("vault", "ResolvedRefs", "False InvalidCertificateRef: kind \"Vault\"");
        assertThat(listener("last").get("ResolvedRefs")).endsWith("its last good version stays");
        assertThat(List.of("edge", "last", "vault"))
                .allSatisfy(name -> assertThat(listener(name).get("Programmed")).startsWith("True Programmed"));
    }

    @Test
    @Tag("F25")
    void whatWasSaidStaysWhileSecretServiceIsAway() throws Exception {
        gateway("edge", "{name: cert}");
        istio("cert");
        var channel = services();
        var writer = write(channel);
        awaitListener("edge", "ResolvedRefs", "False InvalidCertificateRef");
        awaitIstio("False InvalidCertificateRef: Secret \"%s/cert\" does not exist".formatted(shop));
        var before = listener("edge");

        secrets.away = true;
        gateway("first", "{name: cert}");
        gateway("more", "{name: other}");
        awaitListener("first", "ResolvedRefs", "False InvalidCertificateRef");
        awaitListener("more", "ResolvedRefs", "True ResolvedRefs");
        assertThat(listener("edge")).isEqualTo(before);

        // A leader that never heard of them.
        open.remove(writer);
        writer.close();
        write(channel);
        gateway("again", "{name: cert}");
        awaitListener("again", "ResolvedRefs", "True ResolvedRefs");
        assertThat(listener("edge")).isEqualTo(before);
        assertThat(istio().get("Resolved")).startsWith("False InvalidCertificateRef");

        secrets.put("cert", State.OK, GOOD);
        secrets.away = false;
        awaitListener("edge", "ResolvedRefs", "True ResolvedRefs");
        awaitIstio("True Resolved");
    }
}
