package io.sallyport.secret;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ServerInterceptors;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.kubernetes.ClusterSettings;
import io.sallyport.runtime.SteadyLoop;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TracedCalls;
import io.sallyport.secret.api.SecretApi;
import io.sallyport.secret.grant.GrantFollower;
import io.sallyport.secret.kubernetes.ClusterSecrets;
import io.sallyport.secret.sds.Audience;
import io.sallyport.secret.sds.Lendings;
import io.sallyport.secret.sds.SecretDiscovery;
import io.sallyport.secret.sds.Shelf;
import io.sallyport.secret.source.MountedFiles;
import io.sallyport.secret.source.SecretDirectory;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.Rotations;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretKeeper;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretStoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The wiring of secret-service: follows a directory, a cluster and mounted files, keeps what was good, serves proxies.
/// It opens no door itself: [#discovery] goes where proxies alone can reach it, [#api] on the API port.
public final class SecretServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SecretServer.class);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final int LISTED_WITHIN_SECONDS = 10;

    private final SecretRegistry registry;
    private final SecretDiscovery discovery;
    private final SecretApi api;
    private final MountedFiles files;
    private final @Nullable SecretDirectory directory;
    private final @Nullable ClusterSecrets cluster;
    private final @Nullable GrantFollower grants;
    private final SecretMeters meters;
    private final Tracer tracer;
    private final SteadyLoop clockwork;

    private SecretServer(
            SecretRegistry registry,
            Audience audience,
            MountedFiles files,
            @Nullable SecretDirectory directory,
            @Nullable ClusterSecrets cluster,
            @Nullable GrantFollower grants,
            ProxyLabels labels,
            Traced traced,
            List<String> namespaces,
            InstantSource clock) {
        this.registry = registry;
        this.files = files;
        this.directory = directory;
        this.cluster = cluster;
        this.grants = grants;
        Supplier<Lendings> lendings = grants == null ? () -> Lendings.NONE : grants::lendings;
        this.discovery = new SecretDiscovery(
                new Shelf(registry::secrets, registry::withdrawn, Optional.of(files), lendings),
                audience,
                labels,
                traced.rotations());
        this.tracer = traced.tracer();
        this.api = new SecretApi(
                registry,
                files::places,
                lendings,
                audience,
                namespaces,
                () -> cluster == null || cluster.isHeard(),
                clock);
        this.meters = new SecretMeters(registry, files::places, clock);
        this.clockwork = SteadyLoop.every("secret-clockwork", LOOK, this::look);
    }

    /// Starts it; returns when every secret that there is can be served, so that no proxy hears "there is none"
    /// of one that was not read yet. `config` leads to config-service, for what is lent; without it nothing is.
    public static SecretServer start(
            SecretSettings settings, Optional<Channel> config, InstantSource clock, SecureRandom random)
            throws SecretStoreException, IOException {
        return start(settings, config, ProxyLabels.NONE, clock, random, Telemetry.none());
    }

    private record Traced(Tracer tracer, Rotations rotations) {}

    /// The same where proxies prove who they are; `labels` are theirs. `telemetry` traces what becomes of a change.
    public static SecretServer start(
            SecretSettings settings,
            Optional<Channel> config,
            ProxyLabels labels,
            InstantSource clock,
            SecureRandom random,
            Telemetry telemetry)
            throws SecretStoreException, IOException {
        Files.createDirectories(
                settings.store(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var key = settings.masterKey().isPresent()
                ? MasterKey.ofBase64(settings.masterKey().get())
                : MasterKey.inFile(settings.masterKeyFile(), random);
        var kept = new SealedFiles(settings.store().resolve("kept"), key, random);
        var put = new SealedFiles(settings.store().resolve("put"), key, random);
        var renewed = kept.renew() + put.renew();
        if (renewed > 0) {
            log.atInfo().addKeyValue("secrets", renewed).log("Sealed anew with the new master key");
        }
        var audience = new Audience();
        var rotations = new Rotations(telemetry.tracer());
        var registry = new SecretRegistry(new SecretKeeper(kept, clock), put, clock, audience::changed, rotations);
        registry.restore();
        SecretDirectory directory = null;
        if (settings.directory().isPresent()) {
            directory = SecretDirectory.follow(settings.directory().get(), registry, clock);
        }
        ClusterSecrets cluster = null;
        if (settings.kubernetes().isPresent()) {
            // What is kept is forgotten when the cluster was heard.
            cluster = ClusterSecrets.follow(settings.kubernetes().get(), registry, LISTED_WITHIN_SECONDS);
        } else {
            registry.heardAll();
        }
        var files = MountedFiles.below(settings.fileRoots(), registry);
        var grants = config.map(channel -> new GrantFollower(channel, random, audience::configurationChanged))
                .orElse(null);
        var namespaces = settings.kubernetes().map(ClusterSettings::namespaces).orElse(List.of());
        var traced = new Traced(telemetry.tracer(), rotations);
        return new SecretServer(
                registry, audience, files, directory, cluster, grants, labels, traced, namespaces, clock);
    }

    private void look(boolean again) throws SecretStoreException {
        registry.lookAgain();
        meters.refresh();
    }

    /// For the proxies: secret discovery.
    public List<BindableService> discovery() {
        return List.of(discovery.service());
    }

    /// For people and tools: `SecretService`.
    public List<BindableService> api() {
        return List.of(
                () -> ServerInterceptors.intercept(api, new TracedCalls(tracer, Set.of("PutSecret", "DeleteSecret"))));
    }

    /// Ends the streams of all proxies, so that the server that carries them need not wait for them.
    public void hangUp() {
        discovery.close();
    }

    /// Registers what there is to measure.
    public void measure(MeterRegistry registry) {
        meters.register(registry, discovery);
        FunctionCounter.builder("sallyport_secret_files_failed_turns_total", this, SecretServer::failedLooks)
                .description("Looks at the directory and at certificates by path that failed and were taken again.")
                .register(registry);
        if (cluster != null) {
            Gauge.builder("sallyport_secret_kubernetes_away", cluster, each -> each.isAway() ? 1 : 0)
                    .description("1 while the API server is not heard: the secrets that were read of it stay.")
                    .register(registry);
            FunctionCounter.builder("sallyport_secret_kubernetes_failed_turns_total", cluster, ClusterSecrets::failures)
                    .description("Rounds of reading Secrets that failed and were tried again.")
                    .register(registry);
        }
    }

    private double failedLooks() {
        return files.failures() + (directory == null ? 0 : directory.failures());
    }

    @Override
    public void close() {
        clockwork.close();
        if (grants != null) {
            grants.close();
        }
        if (directory != null) {
            directory.close();
        }
        if (cluster != null) {
            cluster.close();
        }
        files.close();
        discovery.close();
        registry.close();
    }
}
