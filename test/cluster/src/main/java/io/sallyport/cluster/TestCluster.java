package io.sallyport.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.sallyport.kubernetes.ClusterSettings;
import io.sallyport.kubernetes.Kubeconfig;
import io.sallyport.model.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/// The API server of one test. Objects go into namespaces that only this test has; [#close] takes away what it put.
public final class TestCluster implements AutoCloseable {

    private static final Logger QUIET = Logger.getLogger(MockWebServer.class.getName());
    private static final Duration LOOK_AGAIN = Duration.ofMillis(250);
    private static final Duration LIST_AGAIN = Duration.ofSeconds(3);

    private final @Nullable KubernetesMockServer mock;
    private final @Nullable MockApi api;
    private final KubernetesClient client;
    private final Wire wire;
    private final Path folder;
    private final Path kubeconfig;
    private final String server;
    private final Deque<Path> files = new ConcurrentLinkedDeque<>();
    private final Deque<HasMetadata> made = new ConcurrentLinkedDeque<>();

    private TestCluster(@Nullable KubernetesMockServer mock, @Nullable MockApi api, Config config) throws IOException {
        this.mock = mock;
        this.api = api;
        this.client = new KubernetesClientBuilder()
                .withConfig(config)
                .withHttpClientFactory(new JdkHttpClientFactory())
                .build();
        var url = URI.create(config.getMasterUrl());
        var port = url.getPort() > 0 ? url.getPort() : url.getScheme().equals("https") ? 443 : 80;
        this.wire = new Wire(new InetSocketAddress(url.getHost(), port));
        this.folder = Files.createTempDirectory("sallyport-cluster");
        this.kubeconfig = folder.resolve("kubeconfig");
        // Some are found below a path, as those behind Rancher.
        this.server =
                url.getScheme() + "://127.0.0.1:" + wire.port() + url.getPath().replaceAll("/+$", "");
        var user = new HashMap<String, Object>();
        put(user, "token", config.getOauthToken());
        // What a command or a file of the kubeconfig has given.
        put(user, "token", config.getAutoOAuthToken());
        var tokens = config.getOauthTokenProvider();
        put(user, "token", tokens == null ? null : tokens.getToken());
        put(user, "client-certificate-data", config.getClientCertData());
        put(user, "client-key-data", config.getClientKeyData());
        put(user, "client-certificate", config.getClientCertFile());
        put(user, "client-key", config.getClientKeyFile());
        write(kubeconfig, user);
        files.push(kubeconfig);
    }

    /// The mock, or the cluster that `KUBECONFIG` names.
    public static TestCluster start() {
        try {
            if (Boolean.getBoolean("sallyport.kubernetes")) {
                var file = System.getenv("KUBECONFIG");
                if (file == null) {
                    throw new IllegalStateException("KUBECONFIG is not set (expected: the path of a kubeconfig)");
                }
                return new TestCluster(null, null, Kubeconfig.read(Kubeconfig.only(file)));
            }
            // It tells of every request.
            QUIET.setLevel(Level.WARNING);
            var api = new MockApi();
            var server = new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), api, false);
            server.start();
            return new TestCluster(server, api, server.createClient().getConfiguration());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(Path file, Map<String, Object> user) throws IOException {
        var cluster = new HashMap<String, Object>();
        cluster.put("server", server);
        if (server.startsWith("https")) {
            // The wire is not what the API server's certificate names.
            cluster.put("insecure-skip-tls-verify", true);
        }
        Files.writeString(
                file,
                Serialization.asYaml(Map.of(
                        "apiVersion",
                        "v1",
                        "kind",
                        "Config",
                        "clusters",
                        List.of(Map.of("name", "test", "cluster", cluster)),
                        "users",
                        List.of(Map.of("name", "test", "user", user)),
                        "contexts",
                        List.of(Map.of("name", "test", "context", Map.of("cluster", "test", "user", "test"))),
                        "current-context",
                        "test")));
    }

    private static void put(Map<String, Object> map, String key, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            map.put(key, value);
        }
    }

    /// Whether this is a real API server, which gives fewer ways to disturb it.
    public boolean isReal() {
        return mock == null;
    }

    /// For the test itself: not over the wire.
    public KubernetesClient client() {
        return client;
    }

    /// What connections of the tested service go over.
    public Wire wire() {
        return wire;
    }

    /// Leads to the API server over the wire.
    public Path kubeconfig() {
        return kubeconfig;
    }

    /// Leads there as whoever the token belongs to.
    Path kubeconfig(String name, String token) {
        var file = folder.resolve(name);
        try {
            write(file, Map.of("token", token));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        files.push(file);
        return file;
    }

    /// For a tested service that has a kubeconfig of its own.
    public static ClusterSettings settings(Path kubeconfig, String... namespaces) {
        return new ClusterSettings(Optional.of(kubeconfig), List.of(namespaces), LOOK_AGAIN, LIST_AGAIN);
    }

    /// For the tested service.
    public ClusterSettings settings(String... namespaces) {
        return settings(kubeconfig, namespaces);
    }

    /// Makes a namespace that no other test has.
    public String namespace(String prefix) {
        var name = prefix + "-" + UUID.randomUUID().toString().substring(0, 8);
        create(new NamespaceBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .build());
        // Nobody makes it where the API server runs alone, and Pods need it.
        create(new ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace(name)
                .withName("default")
                .endMetadata()
                .build());
        return name;
    }

    /// Makes an object that goes again with this test, whatever becomes of it.
    public void put(HasMetadata object) {
        made.push(client.resource(object).create());
    }

    private void create(HasMetadata object) {
        try {
            made.push(client.resource(object).create());
        } catch (KubernetesClientException e) {
            // 409: the cluster's controllers were faster; 404: an API server for custom resources alone.
            if (e.getCode() != 409 && e.getCode() != 404) {
                throw e;
            }
        }
    }

    /// Installs the CRDs of some kinds, unless they are there.
    public void install(Kind... kinds) {
        for (var kind : kinds) {
            install(CustomKind.of(kind), kind.versions().getFirst());
        }
    }

    /// The same in one version alone, where the test can say: a real cluster keeps what it has.
    public void install(Kind kind, String version) {
        install(CustomKind.of(kind), version);
    }

    private void install(CustomKind kind, String version) {
        if (api != null) {
            api.install(kind, version);
            return;
        }
        new RealApi(client).install(kind);
    }

    /// Applies documents as `kubectl apply --server-side` would, as the field manager `tests`. Refuses to change what
    /// others have made.
    public void apply(String yaml) {
        apply("tests", yaml);
    }

    /// Applies documents as a field manager.
    public void apply(String manager, String yaml) {
        for (var document : yaml.split("(?m)^---$")) {
            if (!document.isBlank()) {
                apply(manager, Serialization.unmarshal(document, GenericKubernetesResource.class));
            }
        }
    }

    private void apply(String manager, GenericKubernetesResource object) {
        if (mock == null) {
            refuseForeign(object);
            made.push(client.resource(object)
                    .patch(
                            new PatchContext.Builder()
                                    .withPatchType(PatchType.SERVER_SIDE_APPLY)
                                    .withFieldManager(manager)
                                    .withForce(true)
                                    .build(),
                            object));
            return;
        }
        // The mock knows no server-side apply: what it would note is noted here.
        object.getMetadata().setManagedFields(List.of(managed(manager)));
        var there = client.resource(object).get();
        if (there == null) {
            object.getMetadata().setGeneration(1L);
            made.push(client.resource(object).create());
        } else {
            var generation = there.getMetadata().getGeneration();
            object.getMetadata().setGeneration(generation == null ? 1L : generation + 1);
            object.getMetadata().setCreationTimestamp(there.getMetadata().getCreationTimestamp());
            client.resource(object).update();
        }
    }

    // What is applied goes with this test: it has to be new, or this test's already.
    private void refuseForeign(HasMetadata object) {
        if (made.stream().anyMatch(each -> isSame(each, object) || isNamespaceOf(each, object))) {
            return;
        }
        if (client.resource(object).get() != null) {
            throw new IllegalStateException("%s \"%s\" is there already (expected: a name of this test's own)"
                    .formatted(object.getKind(), object.getMetadata().getName()));
        }
    }

    private static boolean isSame(HasMetadata each, HasMetadata object) {
        return each.getApiVersion().equals(object.getApiVersion())
                && each.getKind().equals(object.getKind())
                && each.getMetadata().getName().equals(object.getMetadata().getName())
                && Objects.equals(
                        each.getMetadata().getNamespace(), object.getMetadata().getNamespace());
    }

    private static boolean isNamespaceOf(HasMetadata each, HasMetadata object) {
        return each instanceof Namespace namespace
                && namespace.getMetadata().getName().equals(object.getMetadata().getNamespace());
    }

    private static ManagedFieldsEntry managed(String manager) {
        return new ManagedFieldsEntryBuilder()
                .withManager(manager)
                .withOperation("Apply")
                .withTime("2026-01-01T00:00:00Z")
                .withNewFieldsV1()
                .addToAdditionalProperties("f:spec", Map.of())
                .endFieldsV1()
                .build();
    }

    /// An object as it is now.
    public Optional<GenericKubernetesResource> find(String apiVersion, String kind, String namespace, String name) {
        return Optional.ofNullable(resource(apiVersion, kind, namespace, name).get());
    }

    /// Deletes an object.
    public void delete(String apiVersion, String kind, String namespace, String name) {
        resource(apiVersion, kind, namespace, name).delete();
    }

    private Resource<GenericKubernetesResource> resource(
            String apiVersion, String kind, String namespace, String name) {
        var all = client.genericKubernetesResources(apiVersion, kind);
        return (namespace.isEmpty() ? all : all.inNamespace(namespace)).withName(name);
    }

    /// Makes the mock refuse some requests; `path` sees `GET /api/v1/nodes?limit=500`. Skips the test elsewhere.
    public void refuse(Predicate<String> path, int status, Map<String, String> headers, int times) {
        mock().refuse(path, status, headers, times);
    }

    /// What the mock was asked so far. Skips the test elsewhere.
    public List<String> requests() {
        return mock().requests();
    }

    private MockApi mock() {
        Assumptions.assumeTrue(api != null, "a real API server cannot be disturbed like that");
        if (api == null) {
            throw new IllegalStateException("no mock");
        }
        return api;
    }

    @Override
    public void close() {
        var left = new ArrayDeque<>(made);
        if (mock == null) {
            new RealApi(client).remove(left);
        }
        wire.close();
        client.close();
        if (mock != null) {
            mock.destroy();
        }
        try {
            for (var file : files) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
