package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc;
import io.sallyport.proto.egress.v1.ExternalService;
import io.sallyport.proto.egress.v1.ListExternalServicesRequest;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.stack.SeparateServices.Name;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Services that run out of files or of heap. Whoever is served stays served and newcomers wait; a process whose
/// heap is full ends, and comes back with what it had acknowledged.
@Tag("F28")
class ResourceFaultsTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    // Room for a service that has little to do, and for nothing that LARGE objects are.
    private static final int HEAP = 48;
    private static final int LARGE = 14;
    private static final int CHANGES = 10;
    private static final int LARGE_BYTES = 3 << 20;

    private SeparateServices services;
    private Path scratch;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        scratch = folder;
        services = SeparateServices.start(folder);
        apply(service("shop", "first"));
        awaitServed("first");
    }

    @AfterEach
    void stop() {
        services.close();
    }

    @Test
    void withoutAFreeFileAConnectedProxyStillHearsOfChangesAndNewcomersWait() throws Exception {
        services.kill(Name.XDS);
        services.startWithOpenFiles(Name.XDS, AllFilesInUse.LIMIT);
        // Twice: a class that is needed then for the first time would need a file itself.
        changeTwice();
        try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
            try (var full = AllFilesInUse.of(services, Name.XDS, services.xdsPort())) {
                apply(service("shop", "without files"));
                awaitServed("without files");
                assertThat(full.isSo()).as("still").isTrue();
            }
            await("newcomers are let in again")
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(
                                    services.shell().run("proxy-status").out())
                            .contains(SeparateServices.proxy()));
            assertThat(client.failures()).isEmpty();
        }
    }

    @Test
    void withoutAFreeFileNoChangeIsTakenByHalvesAndRequestsGoOn() throws Exception {
        services.kill(Name.CONFIG);
        services.startWithOpenFiles(Name.CONFIG, AllFilesInUse.LIMIT);
        changeTwice();
        try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
            try (var _ = AllFilesInUse.of(services, Name.CONFIG, services.configPort())) {
                client.awaitAnswers(1);
            }
            await("changes are taken again").atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
                apply(service("shop", "with files"));
            });
            awaitServed("with files");
            assertThat(client.failures()).isEmpty();
        }
    }

    @Test
    void aConfigServiceWhoseHeapIsFullEndsAndComesBackWithWhatItAcknowledged() throws Exception {
        services.kill(Name.CONFIG);
        services.startWithHeap(Name.CONFIG, HEAP);
        apply(service("shop", "acknowledged"));
        awaitServed("acknowledged");
        var process = services.process(Name.CONFIG);
        try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
            var refused = services.shell().run("apply", "-f", write(large()));

            assertThat(refused.exitCode()).as(refused.out()).isNotZero();
            process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            services.kill(Name.CONFIG);
            services.startWithHeap(Name.CONFIG, HEAP);
            var stored = services.shell().run("get", "virtualservices", "-A", "-o", "yaml");
            assertThat(stored.out()).contains("acknowledged").doesNotContain("large-");
            apply(service("shop", "after"));
            awaitServed("after");
            assertThat(client.failures()).isEmpty();
        }
    }

    @Test
    void anXdsServiceWhoseHeapIsFullEndsAndItsProxiesServeOn() throws Exception {
        services.kill(Name.XDS);
        services.startWithHeap(Name.XDS, HEAP);
        apply(service("shop", "known"));
        awaitServed("known");
        var process = services.process(Name.XDS);
        try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
            apply(large());

            process.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            client.awaitAnswers(1);
            assertThat(served()).isEqualTo("known");
            services.kill(Name.XDS);
            services.start(Name.XDS);
            apply(service("shop", "with room"));
            awaitServed("with room");
            assertThat(client.failures()).isEmpty();
        }
    }

    @Test
    void withoutAFreeThreadAConnectedProxyStillHearsOfChanges() throws Exception {
        withoutThreads(Name.XDS);
    }

    @Test
    void withoutAFreeThreadChangesAreTakenAndStored() throws Exception {
        withoutThreads(Name.CONFIG);

        services.kill(Name.CONFIG);
        services.start(Name.CONFIG);
        var stored = services.shell().run("get", "virtualservices", "-A", "-o", "yaml");
        assertThat(stored.out()).contains("with threads");
    }

    private void withoutThreads(Name name) throws Exception {
        NetworkNamespace.require("setpriv", "prlimit");
        services.kill(name);
        services.startAsUser(name);
        changeTwice();
        try (var client = new SteadyClient(services.port(), "shop.test", "/")) {
            services.refuseThreads(name);
            var threads = services.threads(name);
            for (var n = 0; n < CHANGES; n++) {
                apply(service("shop", "without threads " + n));
                awaitServed("without threads " + n);
            }
            assertThat(services.threads(name)).as("threads").isLessThanOrEqualTo(threads);
            services.allowThreads(name);
            apply(service("shop", "with threads"));
            awaitServed("with threads");
            assertThat(client.failures()).isEmpty();
        }
    }

    @Test
    void withoutAFreeFileEgressPolicyServiceAnswersWhomItKnowsAndNewcomersWait() throws Exception {
        services.startWithOpenFiles(Name.EGRESS, AllFilesInUse.LIMIT);
        var known = egress();
        var newcomer = egress();
        try {
            declare("first");
            awaitDeclared(known, "first");
            declare("second");
            awaitDeclared(known, "second");
            try (var full = AllFilesInUse.of(services, Name.EGRESS, services.egressPort())) {
                declare("without-files");
                awaitDeclared(known, "without-files");
                assertThat(full.isSo()).as("still").isTrue();
            }
            awaitDeclared(newcomer, "without-files");
        } finally {
            known.shutdownNow();
            newcomer.shutdownNow();
        }
    }

    @Test
    void withoutAFreeThreadEgressPolicyServiceAnswersOn() throws Exception {
        NetworkNamespace.require("setpriv", "prlimit");
        services.startAsUser(Name.EGRESS);
        var channel = egress();
        var newcomer = egress();
        try {
            declare("first");
            awaitDeclared(channel, "first");
            services.refuseThreads(Name.EGRESS);
            for (var n = 0; n < CHANGES; n++) {
                declare("without-threads-" + n);
                awaitDeclared(channel, "without-threads-" + n);
            }
            awaitDeclared(newcomer, "first");
            services.allowThreads(Name.EGRESS);
            declare("with-threads");
            awaitDeclared(channel, "with-threads");
        } finally {
            channel.shutdownNow();
            newcomer.shutdownNow();
        }
    }

    private ManagedChannel egress() {
        return Channels.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), services.egressPort()));
    }

    private void declare(String name) throws IOException {
        apply("""
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: %1$s, namespace: shop}
                spec:
                  hosts: [%1$s.test]
                  ports: [{number: 443, name: tls, protocol: TLS}]
                  resolution: DNS
                """.formatted(name));
    }

    private void awaitDeclared(ManagedChannel channel, String name) throws IOException {
        var token = BearerToken.readOrCreate(scratch.resolve("data/token"), new SecureRandom());
        var stub = EgressPolicyServiceGrpc.newBlockingStub(channel).withInterceptors(Channels.bearing(token));
        await(name + " is declared")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(stub.withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                                .listExternalServices(ListExternalServicesRequest.getDefaultInstance())
                                .getServicesList())
                        .extracting(ExternalService::getHost)
                        .contains(name + ".test"));
    }

    private void changeTwice() throws IOException {
        for (var body : List.of("limited", "limited still")) {
            apply(service("shop", body));
            awaitServed(body);
        }
    }

    private void awaitServed(String body) {
        await("\"" + body + "\" to be served")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(this::served, body::equals);
    }

    private String served() throws IOException {
        try (var client = new HttpClient()) {
            return client.send(
                            services.port(),
                            HttpClient.Version.HTTP_1_1,
                            new HttpClient.Call("GET", "shop.test", "/", Map.of(), ""))
                    .body();
        }
    }

    private void apply(String objects) throws IOException {
        var answer = services.shell().run("apply", "-f", write("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                ---
                """ + objects));
        assertThat(answer.exitCode()).as(answer.err()).isZero();
    }

    private String write(String text) throws IOException {
        return Files.writeString(scratch.resolve("objects.yaml"), text).toString();
    }

    private static String large() {
        var text = new StringBuilder();
        var comment = "# " + "x".repeat(LARGE_BYTES) + "\n";
        for (var n = 0; n < LARGE; n++) {
            text.append(service("large-" + n, "large")).append(comment).append("---\n");
        }
        return text.toString();
    }

    private static String service(String name, String body) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %s, namespace: shop}
                spec:
                  hosts: [%s.test]
                  gateways: [edge]
                  http: [{directResponse: {status: 200, body: {string: "%s"}}}]
                """.formatted(name, name, body);
    }
}
