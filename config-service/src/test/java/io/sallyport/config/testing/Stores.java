package io.sallyport.config.testing;

import io.sallyport.config.store.StoreSettings;
import java.nio.file.Path;

/// Where tests keep their logs.
public final class Stores {

    private Stores() {}

    public static StoreSettings sqlite(Path folder) {
        return new StoreSettings.Sqlite(folder.resolve("config.db"));
    }
}
