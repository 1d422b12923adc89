package io.sallyport.kubernetes.inject;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.kubernetes.inject.Outcome.Injected;
import io.sallyport.kubernetes.inject.Outcome.Left;
import io.sallyport.kubernetes.inject.Outcome.Refused;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Decides whether a pod gets a client proxy, and what is added to it then. The same pod, settings and authority give
/// the same additions, so that the command and the webhook never differ. Whose labels and annotations count is as in
/// Istio's `injectRequired`; which namespaces are asked for is said by the webhook's selectors.
public final class Injector {

    static final String PROXY = "sallyport-proxy";
    static final String REDIRECT = "sallyport-redirect";
    private static final String INJECT = "sidecar.istio.io/inject";
    private static final String STATUS = "sallyport.io/injected";
    private static final String ISTIO_STATUS = "sidecar.istio.io/status";
    private static final Set<String> SYSTEM =
            Set.of("kube-system", "kube-public", "kube-node-lease", "local-path-storage");
    private static final int UID = 1_337;
    private static final Set<Integer> PORTS = Set.of(15_001, 15_021, 15_090);
    private static final Set<String> TO_AN_END = Set.of("Never", "OnFailure");
    private static final JsonNodeFactory json = JsonNodeFactory.instance;

    private final InjectionSettings settings;
    private final String authority;

    /// `authority` is PEM: who signs for the platform's services.
    public Injector(InjectionSettings settings, String authority) {
        this.settings = settings;
        this.authority = authority.strip() + "\n";
        if (!this.authority.startsWith("-----BEGIN CERTIFICATE-----")) {
            throw new IllegalArgumentException("the authority is no certificate (expected: PEM)");
        }
    }

    /// What becomes of a pod or of a pod's template.
    ///
    /// @param namespace where it will run
    /// @param owner the object that the template is of; empty: the pod itself says whose it is
    public Outcome of(JsonNode pod, String namespace, Optional<String> owner) {
        var annotations = texts(pod.at("/metadata/annotations"));
        var left = leftAsItIs(pod, namespace, annotations);
        if (left.isPresent()) {
            return new Left(left.get());
        }
        var reasons = new ArrayList<String>();
        var remarks = new ArrayList<String>();
        objections(pod, reasons);
        var redirection = Redirection.of(annotations, settings, reasons, remarks);
        var resources = ProxyResources.of(annotations, settings, reasons);
        if (!reasons.isEmpty()) {
            return new Refused(reasons);
        }
        var workload = owner.orElseGet(() -> Workload.of(pod));
        return new Injected(additions(pod, namespace, workload, redirection, resources), remarks);
    }

    private static Optional<String> leftAsItIs(JsonNode pod, String namespace, Map<String, String> annotations) {
        var labels = texts(pod.at("/metadata/labels"));
        var spec = pod.path("spec");
        if (annotations.containsKey(STATUS) || has(spec, PROXY)) {
            return Optional.of("it has Sallyport's proxy already");
        }
        if (annotations.containsKey(ISTIO_STATUS) || has(spec, "istio-proxy")) {
            return Optional.of("it has Istio's proxy");
        }
        // Istio's order: the label first, then the annotation.
        var wish = labels.containsKey(INJECT) ? labels.get(INJECT) : annotations.get(INJECT);
        if ("false".equals(wish)) {
            return Optional.of("it says " + INJECT + ": \"false\"");
        }
        if (SYSTEM.contains(namespace)) {
            return Optional.of("namespace \"" + namespace + "\" is the cluster's own");
        }
        if (spec.path("hostNetwork").asBoolean(false)) {
            return Optional.of(
                    "hostNetwork: its connections are its node's, and redirecting them would be everybody's");
        }
        if ("windows".equals(spec.at("/os/name").asText(""))) {
            return Optional.of("os: windows");
        }
        return Optional.empty();
    }

    private static boolean has(JsonNode spec, String container) {
        for (var list : List.of("containers", "initContainers")) {
            for (var each : spec.path(list)) {
                if (container.equals(each.path("name").asText())) {
                    return true;
                }
            }
        }
        return false;
    }

    // What would make the proxy fail, or let the workload pass it by.
    private void objections(JsonNode pod, List<String> reasons) {
        var spec = pod.path("spec");
        if (!spec.path("containers").isArray() || spec.path("containers").isEmpty()) {
            reasons.add("spec.containers is missing (expected: at least one container)");
        }
        if (spec.at("/securityContext/runAsUser").asInt(-1) == UID) {
            reasons.add("spec.securityContext.runAsUser: " + UID
                    + " is the proxy's user, whose connections are not redirected (expected: another)");
        }
        for (var list : List.of("containers", "initContainers")) {
            int index = 0;
            for (var container : spec.path(list)) {
                objections("spec." + list + "[" + index++ + "]", container, reasons);
            }
        }
        for (var volume : spec.path("volumes")) {
            if (volume.path("name").asText("").startsWith("sallyport-")) {
                reasons.add("volume \"" + volume.path("name").asText()
                        + "\" (expected: no volume whose name starts with sallyport-)");
            }
        }
        if (!isNative() && TO_AN_END.contains(spec.path("restartPolicy").asText(""))) {
            reasons.add("restartPolicy: " + spec.path("restartPolicy").asText()
                    + ": it would never end beside a proxy (expected: nativeSidecars: true, Kubernetes 1.29 or newer)");
        }
    }

    private static void objections(String place, JsonNode container, List<String> reasons) {
        if (container.at("/securityContext/runAsUser").asInt(-1) == UID) {
            reasons.add(place + ".securityContext.runAsUser: " + UID
                    + " is the proxy's user, whose connections are not redirected (expected: another)");
        }
        for (var port : container.path("ports")) {
            int number = port.path("containerPort").asInt();
            if (PORTS.contains(number)) {
                reasons.add(place + ": containerPort " + number + " is the proxy's own (expected: another)");
            }
        }
    }

    private boolean isNative() {
        return Boolean.TRUE.equals(settings.nativeSidecars());
    }

    private List<Addition> additions(
            JsonNode pod, String namespace, String workload, Redirection redirection, JsonNode resources) {
        var additions = new ArrayList<Addition>();
        var annotations = json.objectNode()
                .put(STATUS, isNative() ? "native" : "container")
                .put("sallyport.io/bootstrap", SidecarBootstrap.of(settings, namespace, workload))
                .put("sallyport.io/token", SidecarBootstrap.text("token.yaml"))
                .put("sallyport.io/authority", authority)
                .put("sallyport.io/redirect", SidecarBootstrap.text("redirect.sh"));
        set(pod, "metadata", "annotations", annotations, additions);
        var spec = pod.path("spec");
        var containers = new Containers(settings, isNative());
        var redirect = containers.redirect(redirection);
        var proxy = containers.proxy(resources);
        if (isNative()) {
            // Both before the pod's own, which find a network that works.
            insertFirst(spec, "initContainers", List.of(redirect, proxy), additions);
        } else {
            // Last, since nothing answers redirected connections until all of these have ended.
            append(spec, "initContainers", List.of(redirect), additions);
            insertFirst(spec, "containers", List.of(proxy), additions);
        }
        append(spec, "volumes", containers.volumes(), additions);
        return additions;
    }

    private static void set(JsonNode pod, String parent, String name, ObjectNode values, List<Addition> additions) {
        if (!pod.path(parent).isObject()) {
            additions.add(new Addition(List.of(parent), json.objectNode()));
        }
        if (pod.path(parent).path(name).isObject()) {
            values.properties()
                    .forEach(
                            each -> additions.add(new Addition(List.of(parent, name, each.getKey()), each.getValue())));
        } else {
            additions.add(new Addition(List.of(parent, name), values));
        }
    }

    private static void insertFirst(
            JsonNode spec, String name, List<? extends JsonNode> values, List<Addition> additions) {
        if (isAbsent(spec, name)) {
            additions.add(new Addition(List.of("spec", name), list(values)));
            return;
        }
        for (int i = 0; i < values.size(); i++) {
            additions.add(new Addition(List.of("spec", name, String.valueOf(i)), values.get(i)));
        }
    }

    private static void append(JsonNode spec, String name, List<? extends JsonNode> values, List<Addition> additions) {
        if (isAbsent(spec, name)) {
            additions.add(new Addition(List.of("spec", name), list(values)));
            return;
        }
        values.forEach(each -> additions.add(new Addition(List.of("spec", name, "-"), each)));
    }

    private static boolean isAbsent(JsonNode spec, String name) {
        return !spec.path(name).isArray();
    }

    private static ArrayNode list(List<? extends JsonNode> values) {
        return json.arrayNode().addAll(List.copyOf(values));
    }

    private static Map<String, String> texts(JsonNode object) {
        var texts = new TreeMap<String, String>();
        object.properties()
                .forEach(each -> texts.put(each.getKey(), each.getValue().asText("")));
        return texts;
    }
}
