package io.sallyport.kubernetes.inject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// What the Envoy of an injected pod starts with: `bootstrap.json` beside this class, where names are set as values and
/// never pasted into text. Kept like the bootstrap of `deploy/charts/sallyport-gateway`, which a real Envoy is tried
/// with as well.
final class SidecarBootstrap {

    private static final ObjectMapper mapper = JsonMapper.builder().build();
    private static final long MEBIBYTE = 1L << 20;

    private SidecarBootstrap() {}

    static String of(InjectionSettings settings, String namespace, String workload) {
        var bootstrap = resource("bootstrap.json");
        var node = at(bootstrap, "/node");
        // Kubernetes fills in the pod's name, address and namespace on the command line: a template may land anywhere.
        node.put(
                "id",
                "sidecar~0.0.0.0~" + workload + "." + namespace + "~" + namespace + ".svc." + settings.clusterDomain());
        node.put("cluster", workload + "." + namespace);
        at(bootstrap, "/node/metadata").put("WORKLOAD_NAME", workload).put("ADDRESS", settings.address());
        var part = settings.proxy();
        var heap = part == null || part.heapMegabytes() == null ? 400 : part.heapMegabytes();
        at(bootstrap, "/overload_manager/resource_monitors/1/typed_config").put("max_heap_size_bytes", heap * MEBIBYTE);
        var clusters = (ArrayNode) bootstrap.at("/static_resources/clusters");
        clusters.add(cluster(settings, "xds-grpc", "xds", 15_010));
        clusters.add(cluster(settings, "sds-grpc", "secret", 15_014));
        clusters.add(cluster(settings, "als-grpc", "accesslog", 15_011));
        try {
            return mapper.writeValueAsString(bootstrap);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the bootstrap cannot be written", e);
        }
    }

    private static JsonNode cluster(InjectionSettings settings, String name, String service, int port) {
        var cluster = resource("cluster.json");
        var host = "sallyport-" + service + "." + settings.platformNamespace() + ".svc";
        cluster.put("name", name);
        at(cluster, "/load_assignment").put("cluster_name", name);
        at(cluster, "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address")
                .put("address", host + "." + settings.clusterDomain())
                .put("port_value", port);
        at(cluster, "/transport_socket/typed_config").put("sni", host);
        at(
                        cluster,
                        "/transport_socket/typed_config/common_tls_context/validation_context"
                                + "/match_typed_subject_alt_names/0/matcher")
                .put("exact", host);
        return cluster;
    }

    private static ObjectNode at(JsonNode root, String place) {
        if (root.at(place) instanceof ObjectNode found) {
            return found;
        }
        throw new IllegalStateException(place + " is not in the resource");
    }

    private static ObjectNode resource(String name) {
        try {
            return (ObjectNode) mapper.readTree(text(name));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(name + " is no JSON", e);
        }
    }

    /// A file beside this class.
    static String text(String name) {
        try (InputStream in = SidecarBootstrap.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing beside " + SidecarBootstrap.class);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
