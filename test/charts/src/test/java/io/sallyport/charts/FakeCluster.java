package io.sallyport.charts;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/// As much of an API server as Helm's `lookup` asks: which kinds there are, and single Secrets and ConfigMaps. The
/// build sets KUBECONFIG to the file that this writes, so that no test ever asks a cluster that somebody uses.
final class FakeCluster {

    private static final String RESOURCES = """
            {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[
             {"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["get"]},
             {"name":"secrets","singularName":"secret","namespaced":true,"kind":"Secret","verbs":["get"]}]}
            """;
    private static final String WEBHOOKS = """
            {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"admissionregistration.k8s.io/v1","resources":[
             {"name":"validatingwebhookconfigurations","singularName":"validatingwebhookconfiguration",
              "namespaced":false,"kind":"ValidatingWebhookConfiguration","verbs":["get"]},
             {"name":"mutatingwebhookconfigurations","singularName":"mutatingwebhookconfiguration",
              "namespaced":false,"kind":"MutatingWebhookConfiguration","verbs":["get"]}]}
            """;
    private static final String NOT_FOUND = """
            {"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}
            """;

    private final Map<String, String> objects = new ConcurrentHashMap<>();

    /// Starts one, empty, and writes where it is.
    static FakeCluster start() {
        try {
            var cluster = new FakeCluster();
            var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.createContext("/", cluster::answer);
            server.start();
            var config = System.getenv("KUBECONFIG");
            if (config == null) {
                throw new IllegalStateException("KUBECONFIG is not set (expected: a file below target)");
            }
            Files.writeString(Path.of(config), """
                    apiVersion: v1
                    kind: Config
                    current-context: fake
                    contexts: [{name: fake, context: {cluster: fake, user: fake}}]
                    clusters: [{name: fake, cluster: {server: "http://127.0.0.1:%d"}}]
                    users: [{name: fake, user: {}}]
                    """.formatted(server.getAddress().getPort()));
            return cluster;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Holds a Secret or ConfigMap from now on, as JSON: `put("istio-system/secrets/sallyport-ca", "{…}")`.
    void put(String place, String json) {
        var parts = place.split("/", -1);
        objects.put("/api/v1/namespaces/" + parts[0] + "/" + parts[1] + "/" + parts[2], json);
    }

    /// The same for an object of no namespace, by its path.
    void putAt(String path, String json) {
        objects.put(path, json);
    }

    void clear() {
        objects.clear();
    }

    private void answer(HttpExchange exchange) throws IOException {
        var path = exchange.getRequestURI().getPath();
        var found = switch (path) {
            case "/api/v1" -> RESOURCES;
            case "/apis/admissionregistration.k8s.io/v1" -> WEBHOOKS;
            default -> objects.get(path);
        };
        var bytes = (found == null ? NOT_FOUND : found).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("content-type", "application/json");
        exchange.sendResponseHeaders(found == null ? 404 : 200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
