package io.sallyport.secret;

import io.grpc.BindableService;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.secret.api.SecretApi;
import io.sallyport.secret.sds.Audience;
import io.sallyport.secret.sds.SecretDiscovery;
import io.sallyport.secret.source.SecretDirectory;
import io.sallyport.secret.store.MasterKey;
import io.sallyport.secret.store.SealedFiles;
import io.sallyport.secret.store.SecretKeeper;
import io.sallyport.secret.store.SecretRegistry;
import io.sallyport.secret.store.SecretState;
import io.sallyport.secret.store.SecretStoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The wiring of secret-service: follows a directory, keeps what was good, serves proxies. It opens no door itself:
/// [#discovery] goes where proxies alone can reach it, [#api] on the API port.
public final class SecretServer implements AutoCloseable {

    private final SecretRegistry registry;
    private final SecretDiscovery discovery;
    private final SecretApi api;
    private final @Nullable SecretDirectory directory;

    private SecretServer(
            SecretRegistry registry, Audience audience, @Nullable SecretDirectory directory, InstantSource clock) {
        this.registry = registry;
        this.directory = directory;
        this.discovery = new SecretDiscovery(registry::secrets, audience);
        this.api = new SecretApi(registry, audience, clock);
    }

    /// Starts it; returns when every secret that there is can be served, so that no proxy hears "there is none" of one
    /// that was not read yet.
    public static SecretServer start(SecretSettings settings, InstantSource clock, SecureRandom random)
            throws SecretStoreException, IOException {
        Files.createDirectories(
                settings.store(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var key = settings.masterKey().isPresent()
                ? MasterKey.ofBase64(settings.masterKey().get())
                : MasterKey.inFile(settings.masterKeyFile(), random);
        var keeper = new SecretKeeper(new SealedFiles(settings.store().resolve("kept"), key, random), clock);
        var audience = new Audience();
        var registry = new SecretRegistry(
                keeper, new SealedFiles(settings.store().resolve("put"), key, random), clock, audience::changed);
        registry.restore();
        SecretDirectory directory = null;
        if (settings.directory().isPresent()) {
            directory = SecretDirectory.follow(settings.directory().get(), registry, clock);
        }
        registry.heardAll();
        return new SecretServer(registry, audience, directory, clock);
    }

    /// For the proxies: secret discovery.
    public List<BindableService> discovery() {
        return List.of(discovery);
    }

    /// For people and tools: `SecretService`.
    public List<BindableService> api() {
        return List.of(api);
    }

    /// Ends the streams of all proxies, so that the server that carries them need not wait for them.
    public void hangUp() {
        discovery.close();
    }

    /// Registers what there is to measure.
    public void measure(MeterRegistry meters) {
        Gauge.builder("sallyport_sds_streams", discovery, SecretDiscovery::streams)
                .register(meters);
        Gauge.builder("sallyport_secrets", registry, each -> each.secrets().size())
                .register(meters);
        Gauge.builder(
                        "sallyport_secrets_degraded",
                        registry,
                        each -> degraded(each.secrets().values()))
                .register(meters);
    }

    private static long degraded(Iterable<SecretState> states) {
        var count = 0L;
        for (var state : states) {
            if (isBad(state.certificate()) || isBad(state.trust())) {
                count++;
            }
        }
        return count;
    }

    private static boolean isBad(SecretState.Half<?> half) {
        return switch (half) {
            case SecretState.Half.LastGood<?> _, SecretState.Half.Closed<?> _ -> true;
            case SecretState.Half.Served<?> _, SecretState.Half.Absent<?> _ -> false;
        };
    }

    @Override
    public void close() {
        if (directory != null) {
            directory.close();
        }
        discovery.close();
        registry.close();
    }
}
