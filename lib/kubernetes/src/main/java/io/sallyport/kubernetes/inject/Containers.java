package io.sallyport.kubernetes.inject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.kubernetes.inject.InjectionSettings.Part;
import java.util.List;
import java.util.Objects;

/// The containers and volumes that are added. Everything that they read is in annotations of the pod, which Kubernetes
/// shows them as files: so no namespace needs a ConfigMap, and nobody a right to write one there.
final class Containers {

    private static final long USER = 1_337;
    private static final String OUTBOUND = "15001";
    private static final String FOLDER = "/etc/sallyport";
    // Envoy's image has bash and no curl.
    private static final String WAIT = """
            for _ in {1..600}; do
              if exec 3<>/dev/tcp/127.0.0.1/15021; then
                printf 'GET /healthz/ready HTTP/1.1\\r\\nHost: ready\\r\\nConnection: close\\r\\n\\r\\n' >&3
                read -r _ status _ <&3
                [ "$status" = 200 ] && exit 0
              fi 2>/dev/null
              sleep 0.5
            done
            exit 1
            """;
    private static final JsonNodeFactory json = JsonNodeFactory.instance;

    private final InjectionSettings settings;
    private final boolean isNative;

    Containers(InjectionSettings settings, boolean isNative) {
        this.settings = settings;
        this.isNative = isNative;
    }

    /// Loads the rules once, before anything of the pod runs. The one container with a capability: no other
    /// way leads to the pod's own packet filter, short of a plug-in of the node.
    ObjectNode redirect(Redirection redirection) {
        var container = container("sallyport-redirect", Objects.requireNonNull(settings.redirect()));
        container.putArray("command").add("/bin/sh").add(FOLDER + "/redirect.sh");
        var words = container.putArray("args").add("up").add("--proxy-user").add(String.valueOf(USER));
        words.add("--port").add(OUTBOUND);
        redirection.words().forEach(words::add);
        container.set(
                "resources",
                ProxyResources.json(Objects.requireNonNull(settings.redirect()).resources()));
        var security = container.putObject("securityContext");
        security.put("runAsUser", 0).put("runAsGroup", 0).put("runAsNonRoot", false);
        security.put("allowPrivilegeEscalation", false).put("readOnlyRootFilesystem", true);
        security.putObject("capabilities")
                .<ObjectNode>set("drop", json.arrayNode().add("ALL"))
                .set("add", json.arrayNode().add("NET_ADMIN").add("NET_RAW"));
        security.putObject("seccompProfile").put("type", "RuntimeDefault");
        var mounts = container.putArray("volumeMounts");
        mounts.add(mount("sallyport-config", FOLDER, true));
        // Where iptables has its lock.
        mounts.add(mount("sallyport-run", "/run", false));
        return container;
    }

    /// Stock Envoy. As a native sidecar it starts before the pod's own containers and ends after them; as a container
    /// among them it is the first, and the next one starts when it is ready.
    ObjectNode proxy(JsonNode resources) {
        var part = Objects.requireNonNull(settings.proxy());
        var container = container("sallyport-proxy", part);
        if (isNative) {
            container.put("restartPolicy", "Always");
        }
        container.putArray("command").add("/usr/local/bin/envoy");
        var words = container.putArray("args");
        words.add("--config-path").add(FOLDER + "/envoy.json").add("--service-node");
        words.add("sidecar~$(POD_IP)~$(POD_NAME).$(POD_NAMESPACE)~$(POD_NAMESPACE).svc." + settings.clusterDomain());
        words.add("--disable-hot-restart").add("--log-level").add(part.logLevel());
        // It warns of every deprecated field of every route.
        words.add("--component-log-level").add("misc:error");
        if (part.concurrency() != null && part.concurrency() > 0) {
            words.add("--concurrency").add(String.valueOf(part.concurrency()));
        }
        var environment = container.putArray("env");
        environment.add(fact("POD_NAME", "metadata.name"));
        environment.add(fact("POD_NAMESPACE", "metadata.namespace"));
        environment.add(fact("POD_IP", "status.podIP"));
        container
                .putArray("ports")
                .add(json.objectNode()
                        .put("name", "sallyport-prom")
                        .put("containerPort", 15_090)
                        .put("protocol", "TCP"));
        probe(container.putObject("startupProbe"), 1, 600);
        probe(container.putObject("readinessProbe"), 5, 3);
        if (!isNative) {
            var lifecycle = container.putObject("lifecycle");
            command(lifecycle, "postStart", WAIT);
            // The others have as long to say goodbye; a native sidecar outlives them anyway.
            command(lifecycle, "preStop", "sleep 5");
        }
        container.set("resources", resources);
        var security = container.putObject("securityContext");
        security.put("runAsUser", USER).put("runAsGroup", USER).put("runAsNonRoot", true);
        security.put("allowPrivilegeEscalation", false).put("readOnlyRootFilesystem", true);
        security.putObject("capabilities").putArray("drop").add("ALL");
        security.putObject("seccompProfile").put("type", "RuntimeDefault");
        var mounts = container.putArray("volumeMounts");
        mounts.add(mount("sallyport-config", FOLDER, true));
        mounts.add(mount("sallyport-run", "/var/run/sallyport", false));
        mounts.add(mount("sallyport-token", "/var/run/secrets/sallyport", true));
        return container;
    }

    private static ObjectNode container(String name, Part part) {
        return json.objectNode().put("name", name).put("image", part.image()).put("imagePullPolicy", part.pullPolicy());
    }

    private static ObjectNode fact(String name, String path) {
        var fact = json.objectNode().put("name", name);
        fact.putObject("valueFrom").putObject("fieldRef").put("fieldPath", path);
        return fact;
    }

    private static void probe(ObjectNode probe, int periodSeconds, int failures) {
        probe.putObject("httpGet").put("path", "/healthz/ready").put("port", 15_021);
        probe.put("periodSeconds", periodSeconds).put("failureThreshold", failures);
    }

    private static void command(ObjectNode lifecycle, String when, String script) {
        lifecycle
                .putObject(when)
                .putObject("exec")
                .putArray("command")
                .add("/bin/bash")
                .add("-c")
                .add(script);
    }

    private static ObjectNode mount(String volume, String path, boolean isReadOnly) {
        var mount = json.objectNode().put("name", volume).put("mountPath", path);
        return isReadOnly ? mount.put("readOnly", true) : mount;
    }

    List<ObjectNode> volumes() {
        var config = json.objectNode().put("name", "sallyport-config");
        var files = config.putObject("downwardAPI").putArray("items");
        files.add(file("envoy.json", "bootstrap"));
        files.add(file("token.yaml", "token"));
        files.add(file("ca.crt", "authority"));
        files.add(file("redirect.sh", "redirect"));
        var run = json.objectNode().put("name", "sallyport-run");
        run.putObject("emptyDir").put("medium", "Memory").put("sizeLimit", "1Mi");
        var token = json.objectNode().put("name", "sallyport-token");
        token.putObject("projected")
                .putArray("sources")
                .addObject()
                .putObject("serviceAccountToken")
                .put("path", "token")
                .put("audience", settings.audience())
                .put("expirationSeconds", settings.tokenSeconds());
        return List.of(config, run, token);
    }

    private static ObjectNode file(String path, String annotation) {
        var file = json.objectNode().put("path", path);
        file.putObject("fieldRef").put("fieldPath", "metadata.annotations['sallyport.io/" + annotation + "']");
        return file;
    }
}
