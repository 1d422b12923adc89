package io.sallyport.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.sallyport.config.source.DirectoryEvent;
import io.sallyport.config.store.Change;
import io.sallyport.config.testing.Recorder;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.ConfigServiceGrpc.ConfigServiceBlockingStub;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The whole service with the real reader, over a directory as `up` has it.
class ConfigServerTest {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["shop.test"]}
            """;

    private static final String CART = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: cart}
            spec:
              hosts: [shop.test]
              gateways: [shop/edge]
              http:
              - directResponse: {status: 200}
            """;

    @TempDir
    Path folder;

    private Path directory = Path.of("");
    private Recorder recorder = new Recorder();
    private final List<AutoCloseable> running = new ArrayList<>();

    @BeforeEach
    void makeDirectory() throws IOException {
        directory = Files.createDirectories(folder.resolve("config"));
    }

    @AfterEach
    void stop() throws Exception {
        for (var part : running.reversed()) {
            part.close();
        }
        running.clear();
    }

    private ConfigServiceBlockingStub start() throws Exception {
        recorder = new Recorder();
        var server = ConfigServer.start(ConfigSettings.local(folder, directory), recorder, InstantSource.system());
        running.add(server);
        server.awaitFirstLook();
        var name = UUID.randomUUID().toString();
        running.add(GrpcServer.inProcess(name).serve(server.services()).start("config"));
        ManagedChannel channel = Channels.inProcess(name);
        running.add(channel::shutdownNow);
        assertThat(server.missing()).isEmpty();
        return ConfigServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(directory.resolve(name), text);
    }

    private static List<String> names(ConfigServiceBlockingStub config) {
        return config.list(ListRequest.getDefaultInstance()).getResourcesList().stream()
                .map(Resource::getRef)
                .map(ref -> ref.getKind() + " " + ref.getNamespace() + "/" + ref.getName())
                .toList();
    }

    @Test
    void aDirectoryOfYamlIsServed() throws Exception {
        write("shop.yaml", GATEWAY + "---\n" + CART);
        write("sallyport.yaml", "mesh:\n  outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n");
        write("mesh.yaml", """
                apiVersion: v1
                kind: ConfigMap
                metadata: {namespace: istio-system, name: istio}
                data:
                  mesh: |
                    accessLogFile: /dev/stdout
                """);

        var config = start();

        assertThat(names(config))
                .containsExactly(
                        "Gateway shop/edge",
                        "VirtualService default/cart",
                        "ConfigMap istio-system/istio",
                        "Platform istio-system/sallyport");
        var cart = config.list(
                        ListRequest.newBuilder().setKind("VirtualService").build())
                .getResources(0);
        assertThat(cart.getSourceName()).isEqualTo("shop.yaml");
        assertThat(cart.getFirstLine()).isEqualTo(9);
        assertThat(cart.getOwner()).isEqualTo("directory");
    }

    @Test
    @Tag("V29")
    void aSecretLeavesNoTrace() throws Exception {
        write("all.yaml", GATEWAY + """
                        ---
                        apiVersion: v1
                        kind: Secret
                        metadata: {namespace: shop, name: tls}
                        data: {tls.key: aHVudGVyMg==}
                        stringData: {password: hunter2}
                        surprise: hunter2
                        """);

        var config = start();

        assertThat(names(config)).containsExactly("Gateway shop/edge");
        assertThat(config.status(StatusRequest.getDefaultInstance()).toString())
                .doesNotContain("hunter2")
                .doesNotContain("aHVudGVyMg==");
        for (var file : List.of("config.db", "config.db-wal")) {
            assertThat(new String(Files.readAllBytes(folder.resolve(file)), StandardCharsets.ISO_8859_1))
                    .doesNotContain("hunter2")
                    .doesNotContain("aHVudGVyMg==");
        }
    }

    @Test
    @Tag("F26")
    void aTypoIsNamedAndKeepsTheLastGoodVersion() throws Exception {
        write("gateway.yaml", GATEWAY);
        write("cart.yaml", CART);
        var config = start();

        write("cart.yaml", CART.replace("hosts:", "hsots:"));
        recorder.await(event -> !event.refusals().isEmpty());

        var refusal = config.status(StatusRequest.getDefaultInstance()).getRefusals(0);
        assertThat(refusal.getRef().getName()).isEqualTo("cart");
        assertThat(refusal.getKeptRevision()).isEqualTo(1);
        assertThat(refusal.getFindings(0).getLocation().getFile()).isEqualTo("cart.yaml");
        assertThat(refusal.getFindings(0).getLocation().getLine()).isEqualTo(5);
        assertThat(names(config)).contains("VirtualService default/cart");
    }

    @Test
    void aSecondStartOnTheSameFilesMakesNoRevision() throws Exception {
        write("gateway.yaml", GATEWAY);
        write("both.yaml", CART + "---\n" + CART.replace("cart", "other"));
        start();
        stop();

        start();

        assertThat(recorder.await(DirectoryEvent::first).revision()).isEqualTo(1);
    }

    @Test
    void aLineAboveMovesWhatFollowsAndChangesNothing() throws Exception {
        write("shop.yaml", GATEWAY + "---\n" + CART);
        start();

        write("shop.yaml", "# A comment, and a line.\n" + GATEWAY + "---\n" + CART);
        var event = recorder.await(found -> !found.first());

        assertThat(event.changes()).extracting(Change::verb).containsExactly(Change.Verb.CHANGED, Change.Verb.MOVED);
    }
}
