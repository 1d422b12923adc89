package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfigurationBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.sallyport.analysis.Inspections;
import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.cluster.ChartAccounts;
import io.sallyport.cluster.TestCluster;
import io.sallyport.config.YamlDocuments;
import io.sallyport.kubernetes.Kubeconfig;
import io.sallyport.kubernetes.ServedKind;
import io.sallyport.kubernetes.identity.AccessReviews;
import io.sallyport.kubernetes.identity.PodLabels;
import io.sallyport.kubernetes.identity.TokenReviews;
import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.model.Kind;
import io.sallyport.runtime.identity.Access;
import io.sallyport.runtime.identity.Authorizer.UnavailableException;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.TokenCheck.NotAcceptedException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// What only a real API server can show: roles, tokens, and webhooks that it calls itself. Part of
/// `./sallyport test --kubernetes`.
@EnabledIfSystemProperty(named = "sallyport.kubernetes", matches = "true")
class ApiServerTest {

    private static final String AUDIENCE = "sallyport";

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final String platform = cluster.namespace("platform");
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (var each : open.reversed()) {
            each.close();
        }
        cluster.close();
    }

    private KubernetesClient as(ChartAccounts accounts, String account) throws Exception {
        var client = TestCluster.settings(accounts.kubeconfig(account)).connect("test");
        open.add(client);
        return client;
    }

    private static void forbidden(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        e -> assertThat(e.getCode()).isEqualTo(403));
    }

    private void apply(String name, String host) {
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s, namespace: %s}
                spec: {hosts: ["%s"], http: [{route: [{destination: {host: cart}}]}]}
                """.formatted(name, platform, host));
    }

    private String status(String apiVersion, String kind, String name) {
        return cluster.find(apiVersion, kind, platform, name)
                .map(object -> String.valueOf(object.<Object>get("status")))
                .orElse("absent");
    }

    @Test
    @Tag("V27")
    void chartsAccountOfConfigServiceMayDoAllThatItDoesAndNoMore() throws Exception {
        for (var kind : Kind.values()) {
            if (kind.group().endsWith(".istio.io")
                    || kind.group().equals("gateway.networking.k8s.io")
                    || (kind.group().equals("sallyport.io") && kind != Kind.PLATFORM)) {
                cluster.install(kind);
            }
        }
        apply("cart", "cart.test");
        cluster.apply("""
                apiVersion: gateway.networking.k8s.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: %1$s}
                spec:
                  gatewayClassName: sallyport
                  listeners: [{name: http, port: 80, protocol: HTTP}]
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: HTTPRoute
                metadata: {name: cart, namespace: %1$s}
                spec:
                  parentRefs: [{name: edge}]
                  rules: [{backendRefs: [{name: cart, port: 80}]}]
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: roots, namespace: %1$s}
                data: {ca.crt: believed}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: BackendTLSPolicy
                metadata: {name: cart, namespace: %1$s}
                spec:
                  targetRefs: [{group: "", kind: Service, name: cart}]
                  validation: {hostname: cart.test, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}]}
                """.formatted(platform));
        cluster.client()
                .resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withNamespace(platform)
                        .withName("istio")
                        .endMetadata()
                        .addToData("mesh", "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n")
                        .build())
                .create();
        var accounts = ChartAccounts.install(cluster, platform);
        var everywhere = TestCluster.settings(accounts.kubeconfig("sallyport-config"));

        var followed = Followed.start(KubernetesSettings.source(everywhere, platform), folder);
        open.add(followed);
        followed.ready().write("one", Optional.empty());

        assertThat(followed.source().watch().problems()).isEmpty();
        followed.awaitText(Kind.CONFIG_MAP, platform, "istio", "REGISTRY_ONLY");
        followed.awaitText(Kind.CONFIG_MAP, platform, "roots", "believed");
        followed.awaitText(Kind.NAMESPACE, "default", platform, "name: " + platform);
        for (var object : Map.of(
                        "networking.istio.io/v1", "VirtualService",
                        "gateway.networking.k8s.io/v1", "HTTPRoute")
                .entrySet()) {
            Followed.await(
                    "the status of the " + object.getValue(),
                    () -> status(object.getKey(), object.getValue(), "cart").contains("Accepted"),
                    () -> status(object.getKey(), object.getValue(), "cart"));
        }

        var config = as(accounts, "sallyport-config");
        assertThat(statusResources(followed))
                .hasSizeGreaterThan(20)
                .allSatisfy(resource ->
                        assertThat(may(config, "update", resource)).as(resource).isTrue());
        forbidden(() -> config.secrets().inNamespace(platform).list());
        forbidden(() -> config.secrets().inNamespace("default").list());
        forbidden(() ->
                config.configMaps().inNamespace(platform).withName("sallyport").get());
        forbidden(() -> config.pods().inNamespace(platform).withName("edge").delete());
        forbidden(() -> config.genericKubernetesResources("networking.istio.io/v1", "VirtualService")
                .inNamespace(platform)
                .withName("cart")
                .delete());
        for (var other : List.of("sallyport-xds", "sallyport-egress", "sallyport-accesslog")) {
            var client = as(accounts, other);
            forbidden(() -> client.secrets().inNamespace(platform).list());
            forbidden(() -> client.services().inNamespace(platform).list());
        }
    }

    // Those that StatusWriter writes, `networking.istio.io/gateways`.
    private static List<String> statusResources(Followed followed) {
        var watch = followed.source().watch();
        return followed.source().kinds().documents().entrySet().stream()
                .filter(entry -> GatewayApi.KINDS.contains(entry.getKey())
                        || entry.getKey().group().endsWith("istio.io")
                        || entry.getKey().group().equals("sallyport.io"))
                .flatMap(entry -> watch.served(entry.getValue()).stream())
                .filter(ServedKind::hasStatus)
                .map(served -> served.kind().group() + "/" + served.plural())
                .toList();
    }

    private boolean may(KubernetesClient client, String verb, String resource) {
        int slash = resource.indexOf('/');
        return client.authorization()
                .v1()
                .selfSubjectAccessReview()
                .create(new SelfSubjectAccessReviewBuilder()
                        .withNewSpec()
                        .withNewResourceAttributes()
                        .withNamespace(platform)
                        .withGroup(resource.substring(0, slash))
                        .withResource(resource.substring(slash + 1))
                        .withSubresource("status")
                        .withVerb(verb)
                        .endResourceAttributes()
                        .endSpec()
                        .build())
                .getStatus()
                .getAllowed();
    }

    @Test
    @Tag("H51")
    @Tag("M23")
    void tokensAndRolesAreJudgedByTheApiServer() throws Exception {
        var accounts = ChartAccounts.install(cluster, platform);
        cluster.client()
                .resource(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace(platform)
                        .withName("ada")
                        .endMetadata()
                        .build())
                .create();
        cluster.apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: reader, namespace: %1$s}
                rules: [{apiGroups: [networking.istio.io], resources: [virtualservices], verbs: [get, list]}]
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: reader, namespace: %1$s}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
                subjects: [{kind: ServiceAccount, name: ada, namespace: %1$s}]
                """.formatted(platform));
        for (var service : List.of("config", "xds", "secret", "egress", "accesslog")) {
            var client = as(accounts, "sallyport-" + service);
            var tokens = new TokenReviews(client, AUDIENCE);

            var ada = tokens.identify(ChartAccounts.token(cluster.client(), platform, "ada", AUDIENCE))
                    .orElseThrow();
            assertThat(ada).isEqualTo(new Identity.Workload(platform, "ada", Optional.empty()));
            assertThatThrownBy(() -> tokens.identify(ChartAccounts.token(cluster.client(), platform, "ada", "vault")))
                    .isInstanceOf(NotAcceptedException.class);
            assertThatThrownBy(() -> tokens.identify("not.a.token")).isInstanceOf(NotAcceptedException.class);

            var reviews = new AccessReviews(client);
            var read = new Access(Access.Verb.GET, "networking.istio.io", "virtualservices", platform);
            assertThat(reviews.may(ada, read)).isTrue();
            assertThat(reviews.may(ada, read.in("default"))).isFalse();
            assertThat(reviews.may(
                            ada, new Access(Access.Verb.CREATE, "networking.istio.io", "virtualservices", platform)))
                    .isFalse();
            assertThat(reviews.namespaces(ada, read))
                    .hasValueSatisfying(all -> assertThat(all).containsExactly(platform));
        }
    }

    /// Of a proxy's pod the API server says whose it is, to those that serve proxies.
    @Test
    @Tag("M11")
    void labelsOfAPodAreReadByThoseThatServeProxies() throws Exception {
        var accounts = ChartAccounts.install(cluster, platform);
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: edge-1, namespace: %s, labels: {istio: ingressgateway}}
                spec: {containers: [{name: proxy, image: "envoy:1"}]}
                """.formatted(platform));
        var proxy = new Identity.Workload(platform, "default", Optional.of("edge-1"));

        for (var service : List.of("xds", "secret", "accesslog")) {
            assertThat(new PodLabels(as(accounts, "sallyport-" + service)).of(proxy))
                    .containsExactly(Map.entry("istio", "ingressgateway"));
        }
        var other = new Identity.Workload("default", "default", Optional.of("edge-1"));
        assertThatThrownBy(() -> new PodLabels(as(accounts, "sallyport-xds")).of(other))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("does not let this service ask: 403");
    }

    @Test
    @Tag("V3")
    void apiServerAsksTheWebhookAndShowsItsWords() throws Exception {
        var kubeconfig = Kubeconfig.only(System.getenv("KUBECONFIG"));
        var host = URI.create(Kubeconfig.read(kubeconfig).getMasterUrl()).getHost();
        assumeTrue(InetAddress.getByName(host).isLoopbackAddress(), "the API server cannot call this machine");
        cluster.install(Kind.VIRTUAL_SERVICE);
        var accounts = ChartAccounts.install(cluster, platform);
        var name = "sallyport-" + platform;
        // Of a certificate that is due now.
        var clock = new AtomicReference<>(
                Instant.now().minus(AdmissionCertificate.LIFE.multipliedBy(2).dividedBy(3)));
        // As `test/cluster/api-server` makes it; elsewhere the API server may have no certificate for us.
        var authority = Optional.of(kubeconfig.resolveSibling("webhook-ca.crt")).filter(Files::exists);
        var server = AdmissionServer.start(
                new AdmissionSettings(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        List.of("127.0.0.1"),
                        Optional.of(name),
                        authority),
                as(accounts, "sallyport-config"),
                new Review(new YamlDocuments(new Inspections()), _ -> List.of()),
                clock::get,
                new SecureRandom());
        open.add(server);
        var configuration = new ValidatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .addNewWebhook()
                .withName("check.sallyport.io")
                .withAdmissionReviewVersions("v1")
                .withSideEffects("None")
                .withFailurePolicy("Fail")
                .withNewNamespaceSelector()
                .addToMatchLabels("kubernetes.io/metadata.name", platform)
                .endNamespaceSelector()
                .withNewClientConfig()
                .withUrl("https://127.0.0.1:" + server.port() + "/validate")
                .endClientConfig()
                .addNewRule()
                .withOperations("CREATE", "UPDATE")
                .withApiGroups("networking.istio.io")
                .withApiVersions("*")
                .withResources("virtualservices")
                .endRule()
                .endWebhook()
                .build();
        cluster.client().resource(configuration).create();
        open.add(() -> cluster.client().resource(configuration).delete());
        server.renewIfDue();

        // Until the API server has read the authority it refuses everything, as `Fail` says.
        Followed.await("a good object to be let in", () -> isLetIn("cart", "cart.test"), () -> "it is refused");
        assertThatThrownBy(() -> apply("broken", "broken..test"))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("admission webhook \"check.sallyport.io\" denied the request")
                .hasMessageContaining("SP1201 spec.hosts[0]: host \"broken..test\"");
        assertThat(cluster.find("networking.istio.io/v1", "VirtualService", platform, "broken"))
                .isEmpty();

        var first = server.authority();
        clock.set(Instant.now());
        server.renewIfDue();
        assertThat(server.authority()).as("until everyone has heard").isEqualTo(first);
        apply("cart", "cart-told.test");
        clock.set(Instant.now().plus(AdmissionServer.HEARD));
        server.renewIfDue();
        assertThat(server.authority()).isNotEqualTo(first);
        for (int i = 0; i < 20; i++) {
            apply("cart", "cart-" + i + ".test");
        }
    }

    /// What the chart's webhook would do to a pod of a labelled namespace is what the API server stores: its own
    /// defaults and checks have come after it.
    @Test
    @Tag("V3")
    void apiServerStoresPodsOfALabelledNamespaceWithTheirProxy() throws Exception {
        var kubeconfig = Kubeconfig.only(System.getenv("KUBECONFIG"));
        var host = URI.create(Kubeconfig.read(kubeconfig).getMasterUrl()).getHost();
        assumeTrue(InetAddress.getByName(host).isLoopbackAddress(), "the API server cannot call this machine");
        cluster.client()
                .namespaces()
                .withName(platform)
                .edit(namespace -> new NamespaceBuilder(namespace)
                        .editMetadata()
                        .addToLabels("istio-injection", "enabled")
                        .endMetadata()
                        .build());
        var accounts = ChartAccounts.install(cluster, "sidecars", platform);
        var name = "sallyport-injector-" + platform;
        var ca =
                Files.writeString(folder.resolve("ca.crt"), "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
        var settings = new InjectionSettings(
                platform,
                null,
                new InjectionSettings.Authority(ca, null),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
        var server = AdmissionServer.start(
                new AdmissionSettings(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        List.of("127.0.0.1"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new AdmissionSettings.Injection(settings, Optional.of(name)))),
                as(accounts, "sallyport-config"),
                new Review(new YamlDocuments(new Inspections()), _ -> List.of()),
                InstantSource.system(),
                new SecureRandom());
        open.add(server);
        cluster.put(new MutatingWebhookConfigurationBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .addNewWebhook()
                .withName("namespace.injector.sallyport.io")
                .withAdmissionReviewVersions("v1")
                .withSideEffects("None")
                .withFailurePolicy("Fail")
                .withReinvocationPolicy("IfNeeded")
                .withNewNamespaceSelector()
                .addToMatchLabels("istio-injection", "enabled")
                .addToMatchLabels("kubernetes.io/metadata.name", platform)
                .endNamespaceSelector()
                .withNewClientConfig()
                .withUrl("https://127.0.0.1:" + server.port() + "/inject")
                .endClientConfig()
                .addNewRule()
                .withOperations("CREATE")
                .withApiGroups("")
                .withApiVersions("v1")
                .withResources("pods")
                .endRule()
                .endWebhook()
                .build());
        server.renewIfDue();

        // Until the API server has read the authority it refuses everything, as `Fail` says.
        Followed.await("a pod to be let in", () -> isMade("cart", "{}"), () -> "it is refused");
        var pod = cluster.client().pods().inNamespace(platform).withName("cart").get();
        assertThat(pod.getSpec().getInitContainers())
                .extracting(each -> each.getName() + " " + each.getRestartPolicy())
                .containsExactly("sallyport-redirect null", "sallyport-proxy Always");
        assertThat(pod.getSpec().getVolumes())
                .extracting(Volume::getName)
                .containsAll(pod.getSpec().getInitContainers().stream()
                        .flatMap(each -> each.getVolumeMounts().stream())
                        .map(VolumeMount::getName)
                        .toList());
        assertThat(pod.getSpec().getContainers()).extracting(Container::getName).containsExactly("cart");
        assertThat(pod.getMetadata().getAnnotations().get("sallyport.io/bootstrap"))
                .contains("sallyport-xds." + platform);

        assertThat(isMade("bare", "{annotations: {sidecar.istio.io/inject: \"false\"}}"))
                .isTrue();
        assertThat(cluster.client()
                        .pods()
                        .inNamespace(platform)
                        .withName("bare")
                        .get()
                        .getSpec()
                        .getInitContainers())
                .isEmpty();
    }

    private boolean isMade(String name, String metadata) {
        try {
            var pod = Serialization.unmarshal("""
                    apiVersion: v1
                    kind: Pod
                    metadata: %s
                    spec: {containers: [{name: cart, image: "cart:1"}]}
                    """.formatted(metadata), Pod.class);
            pod.getMetadata().setNamespace(platform);
            pod.getMetadata().setName(name);
            cluster.client().resource(pod).create();
            return true;
        } catch (KubernetesClientException refused) {
            return false;
        }
    }

    private boolean isLetIn(String name, String host) {
        try {
            apply(name, host);
            return true;
        } catch (KubernetesClientException refused) {
            return false;
        }
    }
}
