package io.sallyport.accesslog.storage;

import java.time.Duration;
import java.time.InstantSource;

/// Where rows are kept: in this process, or by a server that several collectors share.
public sealed interface StoreSettings permits DuckSettings, ClickHouseSettings {

    /// How long a row is kept.
    Duration maxAge();

    /// Opens the store, or makes it.
    ///
    /// @param home the topic that rows are of which an older Sallyport stored, when a store had one only
    default LogStore open(InstantSource clock, String home) throws StoreException {
        return switch (this) {
            case DuckSettings duck -> DuckStore.open(duck, clock, home);
            case ClickHouseSettings clickHouse -> ClickHouseStore.open(clickHouse, clock, home);
        };
    }
}
