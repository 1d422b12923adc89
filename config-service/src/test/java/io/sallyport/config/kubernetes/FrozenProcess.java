package io.sallyport.config.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.sallyport.analysis.Inspections;
import io.sallyport.cluster.TestCluster;
import io.sallyport.config.YamlDocuments;
import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.Owner;
import io.sallyport.model.Kind;
import io.sallyport.model.SourceDocument;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The process that writes status is stopped as a whole, another one takes over, and the first goes on where it was.
class FrozenProcess {

    private static final int SECONDS = 60;
    // More changes than the test makes.
    private static final int AHEAD = 8;

    @TempDir
    Path folder;

    private final TestCluster cluster = TestCluster.start();
    private final String shop = cluster.namespace("shop");
    private final LinkedBlockingQueue<String> said = new LinkedBlockingQueue<>();

    @AfterEach
    void stop() {
        cluster.close();
    }

    private void apply(String host) {
        cluster.apply("""
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: cart, namespace: %s}
                spec: {hosts: [%s], http: [{route: [{destination: {host: cart}}]}]}
                """.formatted(shop, host));
    }

    private static String status(GenericKubernetesResource object) {
        return String.valueOf(object.<Object>get("status", "conditions"));
    }

    private String status() {
        return cluster.find("networking.istio.io/v1", "VirtualService", shop, "cart")
                .map(FrozenProcess::status)
                .orElse("absent");
    }

    private String holder() {
        var lease = cluster.client()
                .leases()
                .inNamespace(shop)
                .withName("sallyport-config")
                .get();
        return lease == null ? "nobody" : String.valueOf(lease.getSpec().getHolderIdentity());
    }

    private Process start() throws IOException {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FrozenWriter.class.getName(),
                        cluster.kubeconfig().toString(),
                        shop,
                        folder.resolve("frozen").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread.ofVirtual().start(() -> listen(process.inputReader(StandardCharsets.UTF_8)));
        return process;
    }

    private void listen(BufferedReader output) {
        output.lines().forEach(said::add);
    }

    private void awaitSaid(String line) throws InterruptedException {
        for (var next = said.poll(SECONDS, TimeUnit.SECONDS); !line.equals(next); ) {
            assertThat(next).as("what the other process says before %s", line).isNotNull();
            next = said.poll(SECONDS, TimeUnit.SECONDS);
        }
    }

    private static void signal(Process process, String signal) throws Exception {
        var kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
        assertThat(kill.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(kill.exitValue()).isZero();
    }

    // So that what each of the two says of one change differs.
    private void ahead(Followed ours) throws Exception {
        var reader = new YamlDocuments(new Inspections());
        for (int i = 0; i < AHEAD; i++) {
            var text = """
                    apiVersion: networking.istio.io/v1
                    kind: VirtualService
                    metadata: {name: own, namespace: %s}
                    spec: {hosts: [own-%d.test], http: [{route: [{destination: {host: cart}}]}]}
                    """.formatted(shop, i);
            var document = reader.read(new SourceDocument("own.yaml", 1, 0, text, "digest-" + i));
            ours.log()
                    .submit(ChangeRequest.of(
                            Owner.API, "api", "", List.of(document.object().orElseThrow()), List.of()));
        }
    }

    @Test
    @Tag("F16")
    void writerThatThawsDoesNotWriteWhatItKnew() throws Exception {
        cluster.install(Kind.VIRTUAL_SERVICE);
        apply("cart.test");
        var frozen = start();
        try (var ours = Followed.start(cluster, folder, shop).ready()) {
            var first = said.poll(SECONDS, TimeUnit.SECONDS);
            assertThat(first).as("the other's revision").isNotNull();
            long theirs = Long.parseLong(first.substring(1));
            ahead(ours);
            long base = ours.revision();
            assertThat(base).isGreaterThan(theirs + 4);
            Followed.await("the other to write", () -> status().contains("accepted as r"), this::status);
            assertThat(holder()).isEqualTo(FrozenWriter.IDENTITY);
            ours.write("one", Optional.empty());

            signal(frozen, "STOP");
            apply("second.test");
            Followed.await("us to take over", () -> holder().equals("one"), this::holder);
            var second = "accepted as r" + (base + 1);
            Followed.await(second, () -> status().contains(second), this::status);

            var seen = new CopyOnWriteArrayList<String>();
            try (var _ = cluster.client()
                    .genericKubernetesResources("networking.istio.io/v1", "VirtualService")
                    .inNamespace(shop)
                    .inform(new ResourceEventHandler<>() {
                        @Override
                        public void onAdd(GenericKubernetesResource object) {
                            seen.add(status(object));
                        }

                        @Override
                        public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource object) {
                            seen.add(status(object));
                        }

                        @Override
                        public void onDelete(GenericKubernetesResource object, boolean unknown) {}
                    })) {
                signal(frozen, "CONT");
                for (int change = 2; change <= 4; change++) {
                    apply("change-" + change + ".test");
                    awaitSaid("change-" + change + ".test");
                    var text = "accepted as r" + (base + change);
                    Followed.await(text, () -> status().contains(text), this::status);
                }
            }
            assertThat(holder()).isEqualTo("one");
            assertThat(seen).isNotEmpty().allMatch(status -> revision(status) > base);
        } finally {
            frozen.destroyForcibly();
            assertThat(frozen.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
        }
    }

    // As the condition says it: `accepted as r7, `.
    private static long revision(String status) {
        var rest = status.substring(status.indexOf("accepted as r") + "accepted as r".length());
        return Long.parseLong(rest.substring(0, rest.indexOf(',')));
    }
}
