package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.Channel;
import io.sallyport.analysis.Inspections;
import io.sallyport.cluster.TestCluster;
import io.sallyport.config.YamlDocuments;
import io.sallyport.config.api.Wire;
import io.sallyport.config.store.HistoryEntry;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoredObject;
import io.sallyport.config.testing.Stores;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.runtime.SteadyClock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A revision log that follows a cluster, and waits with a bound for what a test expects of it.
final class Followed implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final Duration EVERY = Duration.ofMillis(100);

    private final Path folder;
    private final KubernetesSettings settings;
    private final YamlDocuments reader = new YamlDocuments(new Inspections());
    private final RevisionLog log;
    private final KubernetesClient client;
    private final KubernetesSource source;
    private @Nullable StatusWriter writer;

    private Followed(Path folder, KubernetesSettings settings) throws Exception {
        this.folder = folder;
        this.settings = settings;
        this.log = RevisionLog.open(Stores.sqlite(folder), reader, Wire::answer, InstantSource.system());
        this.client = settings.cluster().connect("test");
        this.source = KubernetesSource.start(client, settings, log, reader);
    }

    /// Follows some namespaces, the first of which is the root namespace too.
    static Followed start(TestCluster cluster, Path folder, String... namespaces) throws Exception {
        return new Followed(folder, KubernetesSettings.source(cluster.settings(namespaces), namespaces[0]));
    }

    static Followed start(KubernetesSettings settings, Path folder) throws Exception {
        return new Followed(folder, settings);
    }

    /// The same service after a restart.
    Followed restart() throws Exception {
        close();
        return new Followed(folder, settings);
    }

    /// The same, once the first picture is in the log.
    Followed ready() {
        await(
                "the first picture",
                source::isReady,
                () -> String.valueOf(source.watch().problems()));
        return this;
    }

    /// Writes status, as `identity` among those that may.
    StatusWriter write(String identity, Optional<Channel> proxies) {
        return write(identity, proxies, Optional.empty());
    }

    /// The same; `secrets` leads to who knows what becomes of Secrets.
    StatusWriter write(String identity, Optional<Channel> proxies, Optional<Channel> secrets) {
        var namespace = settings.rootNamespace();
        var clock = InstantSource.system();
        var leadership = new Leadership(client, namespace, "sallyport-config", identity, clock, new SteadyClock());
        var started = StatusWriter.start(client, source, log, proxies, new KeyPairs(secrets), leadership, EVERY, clock);
        writer = started;
        return started;
    }

    KubernetesSource source() {
        return source;
    }

    RevisionLog log() {
        return log;
    }

    long revision() {
        return log.published().state().revision();
    }

    Optional<StoredObject> find(Kind kind, String namespace, String name) {
        return log.published().state().find(new ObjectRef(kind, namespace, name));
    }

    String text(Kind kind, String namespace, String name) {
        return find(kind, namespace, name).map(object -> object.source().text()).orElse("absent");
    }

    void awaitText(Kind kind, String namespace, String name, String part) {
        await(
                kind + " " + name + " with " + part,
                () -> text(kind, namespace, name).contains(part),
                () -> text(kind, namespace, name) + "; refused: " + source.current());
    }

    List<HistoryEntry> history() throws Exception {
        return log.history(Optional.empty(), Long.MAX_VALUE, 100);
    }

    static void await(String what, BooleanSupplier fact, Supplier<String> seen) {
        var until = Instant.now().plus(PATIENCE);
        while (!fact.getAsBoolean()) {
            if (Instant.now().isAfter(until)) {
                throw new AssertionError("Waited for " + what + "; seen: " + seen.get());
            }
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Override
    public void close() {
        if (writer != null) {
            writer.close();
        }
        source.close();
        client.close();
        log.close();
    }
}
