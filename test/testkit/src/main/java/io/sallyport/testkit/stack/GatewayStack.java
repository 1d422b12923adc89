package io.sallyport.testkit.stack;

import io.sallyport.model.Kind;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.testkit.cases.Case;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// `sallyport up` with gateways whose ports were free: configurations are put into it one after the other, by the API.
public final class GatewayStack implements AutoCloseable {

    /// The gateway ports that cases may use.
    private static final List<Integer> PORTS = List.of(80, 443, 8081, 9090, 31400, 31401, 31402);

    /// Stands for the port of client proxies that takes requests for any host.
    private static final int DOOR = 0;

    private static final String ONE_GATEWAY = """
            proxies:
            - {name: istio-ingressgateway, namespace: istio-system, labels: {istio: ingressgateway}}
            """;

    private final Path directory;
    private final Path data;
    private final Sallyport sallyport;
    private final Map<String, Map<Integer, Integer>> ports;
    private Set<ResourceRef> present = Set.of();

    private GatewayStack(Path directory, Path data, Map<String, Map<Integer, Integer>> ports) throws IOException {
        this.directory = directory;
        this.data = data;
        this.sallyport = Sallyport.up(directory, data);
        this.ports = ports;
    }

    /// Starts it. `proxies` is the text of `sallyport.yaml` without ports, one proxy a line; empty for one ingress
    /// gateway.
    public static GatewayStack start(Path scratch, String proxies) throws IOException {
        var directory = Files.createDirectories(scratch.resolve("config"));
        var ports = new LinkedHashMap<String, Map<Integer, Integer>>();
        var text = new StringBuilder();
        for (var line : (proxies.isEmpty() ? ONE_GATEWAY : proxies).lines().toList()) {
            if (line.startsWith("- {")) {
                var listen = mapped(FreePorts.take(PORTS.size() + 1));
                if (!line.contains("kind: sidecar")) {
                    listen.remove(DOOR);
                }
                ports.put(line.replaceAll(".*\\{name: ([^,]+),.*", "$1"), listen);
                text.append(line, 0, line.length() - 1)
                        .append(", listen: ")
                        .append(yaml(listen))
                        .append("}\n");
            } else {
                text.append(line).append('\n');
            }
        }
        Files.writeString(directory.resolve("sallyport.yaml"), text);
        return new GatewayStack(directory, scratch.resolve("data"), ports);
    }

    /// Ends it and starts another at the same ports, which remembers what is in `data`.
    public GatewayStack next(Path data) throws IOException {
        close();
        return new GatewayStack(directory, data, ports);
    }

    /// Ends it as a power cut would and starts another, which finds its Envoys at work.
    public GatewayStack afterPowerCut() throws IOException {
        sallyport.kill();
        var next = new GatewayStack(directory, data, ports);
        next.present = present;
        return next;
    }

    private static Map<Integer, Integer> mapped(List<Integer> free) {
        var listen = new LinkedHashMap<Integer, Integer>();
        for (var n = 0; n < PORTS.size(); n++) {
            listen.put(PORTS.get(n), free.get(n));
        }
        listen.put(DOOR, free.get(PORTS.size()));
        return listen;
    }

    private static String yaml(Map<Integer, Integer> listen) {
        return listen.toString().replace("=", ": ").replace(" " + DOOR + ":", " http-proxy:");
    }

    public Sallyport sallyport() {
        return sallyport;
    }

    /// The local port that a gateway binds for a server's port. An empty name is the only gateway.
    public int port(String gateway, int serverPort) {
        var listen = gateway.isEmpty() ? ports.values().iterator().next() : ports.get(gateway);
        if (listen == null || !listen.containsKey(serverPort)) {
            throw new IllegalArgumentException(
                    "port %d of gateway \"%s\" (expected: one of %s)".formatted(serverPort, gateway, PORTS));
        }
        return listen.get(serverPort);
    }

    /// The local port at which a client proxy takes requests for any host.
    public int door(String proxy) {
        return port(proxy, DOOR);
    }

    /// Makes this the whole configuration, in one revision, waits until every gateway runs it, and says how long that
    /// was.
    public Duration become(String configuration) {
        var request = ApplyRequest.newBuilder();
        var refs = new LinkedHashSet<ResourceRef>();
        for (var document : Case.documents(configuration)) {
            var ref = ref(document);
            refs.add(ref);
            request.addUpserts(Resource.newBuilder()
                    .setRef(ref)
                    .setSourceText(document)
                    .setSourceName("in.yaml")
                    .setFirstLine(1));
        }
        present.stream().filter(ref -> !refs.contains(ref)).forEach(request::addDeletes);
        var revision = sallyport.apply(request.build()).getRevision();
        present = refs;
        var live = sallyport.awaitLive(revision);
        if (live.getLive() < live.getTotal()) {
            throw new AssertionError("not live everywhere: " + reasons(live));
        }
        return Duration.ofSeconds(
                live.getElapsed().getSeconds(), live.getElapsed().getNanos());
    }

    private static List<String> reasons(AwaitLiveResponse live) {
        var reasons = new ArrayList<String>();
        live.getWaitingList()
                .forEach(waiting -> reasons.add(
                        waiting.getProxy() + ": " + waiting.getReason() + " " + waiting.getRejectionsList()));
        return reasons;
    }

    private static ResourceRef ref(String document) {
        var object = (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(document);
        if (!(object.get("metadata") instanceof Map<?, ?> metadata)) {
            throw new IllegalArgumentException("a document without metadata: " + document);
        }
        var namespace = metadata.get("namespace");
        return ResourceRef.newBuilder()
                .setKind(kind(object))
                .setNamespace(namespace == null ? "default" : namespace.toString())
                .setName(String.valueOf(metadata.get("name")))
                .build();
    }

    private static String kind(Map<?, ?> object) {
        var version = String.valueOf(object.get("apiVersion"));
        return Kind.of(version.substring(0, Math.max(version.indexOf('/'), 0)), String.valueOf(object.get("kind")))
                .map(Kind::text)
                .orElse(String.valueOf(object.get("kind")));
    }

    @Override
    public void close() {
        sallyport.close();
    }
}
