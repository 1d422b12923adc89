package io.sallyport.standalone;

import io.grpc.BindableService;
import io.sallyport.config.ConfigServer;
import io.sallyport.config.ConfigSettings;
import io.sallyport.config.api.WatchBounds;
import io.sallyport.config.source.DirectoryListener;
import io.sallyport.config.store.StoreSettings;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.metric.Metrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// config-service as `up` and `service config` start it.
final class ConfigPart {

    private final ConfigServer server;

    private ConfigPart(ConfigServer server) {
        this.server = server;
    }

    static ConfigPart start(
            Lifecycle lifecycle, StoreSettings store, Optional<Path> directory, InstantSource clock, Metrics metrics)
            throws IOException {
        try {
            var settings = new ConfigSettings(store, directory, WatchBounds.DEFAULT);
            var server =
                    lifecycle.started("config-service", ConfigServer.start(settings, DirectoryListener.SILENT, clock));
            server.measure(metrics.registry());
            return new ConfigPart(server);
        } catch (StoreUnavailableException e) {
            throw new IOException("config-service: " + e.getMessage(), e);
        }
    }

    List<BindableService> api() {
        return server.services();
    }

    /// Why it cannot do its work yet; empty when it can.
    Optional<String> missing() {
        return server.missing();
    }
}
