package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.sallyport.analysis.Inspections;
import io.sallyport.cluster.TestCluster;
import io.sallyport.config.YamlDocuments;
import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.Owner;
import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class KubernetesSourceTest {

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final String shop = cluster.namespace("shop");
    private final List<Followed> following = new ArrayList<>();

    @AfterEach
    void stop() {
        following.forEach(Followed::close);
        cluster.close();
    }

    private Followed follow() throws Exception {
        var followed = Followed.start(cluster, folder, shop);
        following.add(followed);
        return followed.ready();
    }

    private String service(String name, String host) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s, namespace: %s}
                spec:
                  hosts: [%s]
                  http:
                  - route:
                    - destination: {host: cart}
                """.formatted(name, shop, host);
    }

    private ObjectRef virtualService(String name) {
        return new ObjectRef(Kind.VIRTUAL_SERVICE, shop, name);
    }

    @Test
    void everythingThatIsThereBecomesOneRevisionForEachFieldManager() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE, Kind.GATEWAY);
        cluster.apply("argocd", service("cart", "cart.test"));
        cluster.apply("argocd", service("list", "list.test"));
        cluster.apply("ada", service("pay", "pay.test"));

        var followed = follow();

        var history = followed.history().stream()
                .filter(entry -> entry.header().message().startsWith("VirtualService"))
                .toList();
        assertThat(history.stream().map(entry -> entry.header().author()))
                .containsExactlyInAnyOrder("kubernetes argocd", "kubernetes ada");
        assertThat(history.stream().map(entry -> entry.header().message()))
                .contains("VirtualService " + shop + "/cart, VirtualService " + shop + "/list");
        assertThat(followed.find(Kind.VIRTUAL_SERVICE, shop, "pay")
                        .orElseThrow()
                        .owner())
                .isEqualTo(Owner.KUBERNETES);
    }

    /// Who may write a BackendTLSPolicy may name what config-service may not read, and would fill its log.
    @Test
    void whatMayNotBeReadIsSaidOnceInOneLine() throws Exception {
        cluster.refuse(path -> path.contains("/configmaps"), 403, Map.of(), 1_000);
        var root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        var said = new ListAppender<ILoggingEvent>();
        said.start();
        root.addAppender(said);

        following.add(Followed.start(cluster, folder, shop));
        Followed.await("three attempts", () -> attempts().size() >= 3, () -> String.valueOf(attempts()));
        root.detachAppender(said);

        var warnings = List.copyOf(said.list).stream()
                .filter(line -> line.getLevel().isGreaterOrEqual(Level.WARN))
                .toList();
        assertThat(warnings)
                .extracting(line -> line.getFormattedMessage() + line.getKeyValuePairs())
                .containsExactly("Cannot be listed; it is tried again"
                        + "[kind=\"ConfigMap\", reason=\"the API server answers 403\"]");
        assertThat(warnings).allMatch(line -> line.getThrowableProxy() == null);
    }

    /// Otherwise its status would say for a moment that it is accepted as what it no longer is.
    @Test
    void whatIsSaidOfAnObjectIsNotSaidOfTheNextOneOfItsName() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        cluster.apply(service("cart", "cart.test"));
        var followed = follow();
        var name = new ClusterObject(Kind.VIRTUAL_SERVICE, new ObjectKey(shop, "cart"));
        var object = cluster.find("networking.istio.io/v1", "VirtualService", shop, "cart")
                .orElseThrow();
        Followed.await(
                "a judgement", () -> followed.source().judged().isAbout(name, object), () -> "none of " + object);

        var again = Serialization.clone(object);
        again.getMetadata().setUid("d9b2d63d-a233-4123-847a-7090d8d1f5b5");

        assertThat(followed.source().judged().isAbout(name, again)).isFalse();
    }

    private List<String> attempts() {
        return cluster.requests().stream()
                .filter(path -> path.contains("/configmaps"))
                .toList();
    }

    @Test
    void documentIsWhatKubectlShowsWithoutBookkeeping() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        cluster.apply(service("cart", "cart.test"));

        var followed = follow();

        var source =
                followed.find(Kind.VIRTUAL_SERVICE, shop, "cart").orElseThrow().source();
        assertThat(source.name()).isEqualTo("kubernetes:networking.istio.io/v1/VirtualService/" + shop + "/cart");
        assertThat(source.text().lines().filter(line -> !line.contains("creationTimestamp")))
                .containsExactly(
                        "apiVersion: networking.istio.io/v1",
                        "kind: VirtualService",
                        "metadata:",
                        "  name: cart",
                        "  namespace: " + shop,
                        "spec:",
                        "  hosts:",
                        "  - cart.test",
                        "  http:",
                        "  - route:",
                        "    - destination:",
                        "        host: cart");
    }

    @Test
    void changeBecomesRevisionAndStatusOfSomebodyDoesNot() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        cluster.apply(service("cart", "cart.test"));
        var followed = follow();
        var before = followed.revision();

        var object = cluster.find("networking.istio.io/v1", "VirtualService", shop, "cart")
                .orElseThrow();
        object.setAdditionalProperty("status", Map.of("observedGeneration", 1));
        cluster.client().resource(object).updateStatus();
        cluster.apply("ada", service("cart", "basket.test"));
        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "cart", "basket.test");

        assertThat(followed.revision()).isEqualTo(before + 1);
        assertThat(followed.history().getFirst().header().author()).isEqualTo("kubernetes ada");
        assertThat(followed.text(Kind.VIRTUAL_SERVICE, shop, "cart")).doesNotContain("observedGeneration");
    }

    @Test
    void deletedObjectGoesAndThatOfAnotherSourceStays() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        cluster.apply(service("cart", "cart.test"));
        var followed = follow();
        var text = followed.text(Kind.VIRTUAL_SERVICE, shop, "cart").replace("cart", "mine");
        var reader = new YamlDocuments(new Inspections());
        var mine = reader.read(new SourceDocument("mine.yaml", 1, 0, text, "digest"));
        followed.log()
                .submit(ChangeRequest.of(
                        Owner.API, "api", "", List.of(mine.object().orElseThrow()), List.of()));
        cluster.apply(service("mine", "other.test"));
        Followed.await(
                "a refusal",
                () -> !followed.source().current().isEmpty(),
                () -> followed.text(Kind.VIRTUAL_SERVICE, shop, "mine"));

        cluster.delete("networking.istio.io/v1", "VirtualService", shop, "cart");
        Followed.await(
                "cart to go",
                () -> followed.find(Kind.VIRTUAL_SERVICE, shop, "cart").isEmpty(),
                () -> followed.text(Kind.VIRTUAL_SERVICE, shop, "cart"));

        assertThat(followed.text(Kind.VIRTUAL_SERVICE, shop, "mine")).contains("mine.test");
        assertThat(followed.source().current().getFirst().findings().getFirst().message())
                .startsWith("belongs to api");

        followed.log().submit(ChangeRequest.of(Owner.API, "api", "", List.of(), List.of(virtualService("mine"))));
        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "mine", "other.test");
        // It is forgotten after the revision is made.
        Followed.await(
                "no refusal",
                () -> followed.source().current().isEmpty(),
                () -> followed.source().current().toString());
    }

    @Test
    void refusedObjectKeepsItsLastGoodVersion() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        cluster.apply(service("cart", "cart.test"));
        var followed = follow();

        cluster.apply(service("cart", "basket..test"));
        cluster.apply(service("list", "list.test"));
        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "list", "list.test");
        Followed.await("a refusal", () -> !followed.source().current().isEmpty(), () -> "none");

        assertThat(followed.text(Kind.VIRTUAL_SERVICE, shop, "cart")).contains("cart.test");
        var refusal = followed.source().current().getFirst();
        assertThat(refusal.ref()).contains(virtualService("cart"));
        assertThat(refusal.findings().getFirst().message()).contains("basket..test");
    }

    @Test
    void kindIsPickedUpWhenItsCrdIsInstalled() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        var followed = follow();
        assumeFalse(cluster.isReal(), "a real cluster has all CRDs by now");

        cluster.install(Kind.GATEWAY);
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: %s}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - port: {number: 80, name: http, protocol: HTTP}
                    hosts: ["*"]
                """.formatted(shop));

        followed.awaitText(Kind.GATEWAY, shop, "edge", "number: 80");
    }

    @Test
    void olderVersionIsReadWhereItIsAllThatIsServed() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE, "v1beta1");
        cluster.apply(service("cart", "cart.test").replace("io/v1\n", "io/v1beta1\n"));

        var followed = follow();

        followed.awaitText(Kind.VIRTUAL_SERVICE, shop, "cart", "cart.test");
    }

    @Test
    void addressesHaveTheLabelsOfTheirPods() throws Exception {
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: cart-1, namespace: %1$s, labels: {app: cart, version: v2}}
                spec: {containers: [{name: cart, image: cart}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: cart-abc, namespace: %1$s, labels: {kubernetes.io/service-name: cart}}
                addressType: IPv4
                endpoints:
                - addresses: [10.0.0.1]
                  targetRef: {kind: Pod, name: cart-1, namespace: %1$s}
                ports: [{name: http, port: 8080, protocol: TCP}]
                """.formatted(shop));
        var followed = follow();

        followed.awaitText(
                Kind.ENDPOINT_SLICE,
                shop,
                "cart-abc",
                "sallyport.io/endpoints: \"10.0.0.1 labels=app=cart,version=v2\"");

        cluster.client().pods().inNamespace(shop).withName("cart-1").edit(pod -> {
            pod.getMetadata().getLabels().put("version", "v3");
            return pod;
        });
        followed.awaitText(Kind.ENDPOINT_SLICE, shop, "cart-abc", "version=v3");
    }

    @Test
    void meshSettingsAreTheOneConfigMapThatIsRead() throws Exception {
        for (var name : List.of("istio", "other")) {
            cluster.client()
                    .resource(new ConfigMapBuilder()
                            .withNewMetadata()
                            .withNamespace(shop)
                            .withName(name)
                            .endMetadata()
                            .addToData("mesh", "outboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n")
                            .build())
                    .create();
        }
        var followed = follow();

        followed.awaitText(Kind.CONFIG_MAP, shop, "istio", "REGISTRY_ONLY");
        assertThat(followed.find(Kind.CONFIG_MAP, shop, "other")).isEmpty();
    }

    private void authority(String name, String text) {
        cluster.apply("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: %s, namespace: %s, labels: {team: pay}}
                data: {ca.crt: %s, password: hunter2}
                """.formatted(name, shop, text));
    }

    private void policy(String authority) {
        cluster.apply("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {name: cart, namespace: %s}
                spec:
                  targetRefs: [{group: "", kind: Service, name: cart}]
                  validation: {hostname: cart.test, caCertificateRefs: [{group: "", kind: ConfigMap, name: %s}]}
                """.formatted(shop, authority));
    }

    @Test
    @Tag("S15")
    void authoritiesOfPoliciesAreReadAndNothingElseOfConfigMaps() throws Exception {
        cluster.install(Kind.BACKEND_TLS_POLICY);
        authority("root", "first");
        authority("other", "first");
        policy("root");
        var followed = follow();

        // In one picture with the policy: without, the way to the Service would be closed for a moment.
        assertThat(followed.text(Kind.CONFIG_MAP, shop, "root"))
                .contains("ca.crt: first")
                .doesNotContain("hunter2", "team");
        assertThat(followed.find(Kind.CONFIG_MAP, shop, "other")).isEmpty();

        authority("root", "second");
        followed.awaitText(Kind.CONFIG_MAP, shop, "root", "ca.crt: second");

        policy("other");
        followed.awaitText(Kind.CONFIG_MAP, shop, "other", "ca.crt: first");
        awaitGone(followed, "root");

        var again = followed.restart();
        following.add(again);
        again.ready();
        assertThat(again.text(Kind.CONFIG_MAP, shop, "other")).contains("ca.crt: first");

        cluster.delete("v1", "ConfigMap", shop, "other");
        awaitGone(again, "other");
    }

    private void awaitGone(Followed followed, String name) {
        Followed.await(
                "ConfigMap " + name + " to go",
                () -> followed.find(Kind.CONFIG_MAP, shop, name).isEmpty(),
                () -> followed.text(Kind.CONFIG_MAP, shop, name));
    }

    @Test
    void objectWithoutNamespaceStaysWhenAllIsListedAnew() throws Exception {
        var followed = follow();
        followed.awaitText(Kind.NAMESPACE, "default", shop, "name: " + shop);
        var before = followed.revision();

        var again = followed.restart();
        following.add(again);
        again.ready();

        again.awaitText(Kind.NAMESPACE, "default", shop, "name: " + shop);
        assertThat(again.revision()).isEqualTo(before);
    }

    @Test
    void secretsAreNeverAskedFor() throws Exception {
        follow();
        assertThat(cluster.requests()).noneMatch(request -> request.contains("secrets"));
    }
}
