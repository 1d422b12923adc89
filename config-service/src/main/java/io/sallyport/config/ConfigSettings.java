package io.sallyport.config;

import io.sallyport.config.api.WatchBounds;
import io.sallyport.config.kubernetes.KubernetesSettings;
import io.sallyport.config.store.StoreSettings;
import java.nio.file.Path;
import java.util.Optional;

/// How config-service runs: where its log is, which directory and which cluster it watches, and how many watchers it
/// takes.
public record ConfigSettings(
        StoreSettings store, Optional<Path> directory, Optional<KubernetesSettings> kubernetes, WatchBounds watches) {

    /// On one machine: a file below `data`, and a watched directory.
    public static ConfigSettings local(Path data, Path directory) {
        return new ConfigSettings(
                new StoreSettings.Sqlite(data.resolve("config.db")),
                Optional.of(directory),
                Optional.empty(),
                WatchBounds.DEFAULT);
    }
}
