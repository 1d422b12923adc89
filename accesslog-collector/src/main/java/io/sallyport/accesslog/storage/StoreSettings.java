package io.sallyport.accesslog.storage;

import java.time.Duration;
import java.time.InstantSource;

/// Where rows are kept: in this process, or by a server that several collectors share.
public sealed interface StoreSettings permits DuckSettings, ClickHouseSettings {

    /// How long a row is kept.
    Duration maxAge();

    /// Opens the store, or makes it.
    default LogStore open(InstantSource clock) throws StoreException {
        return switch (this) {
            case DuckSettings duck -> DuckStore.open(duck, clock);
            case ClickHouseSettings clickHouse -> ClickHouseStore.open(clickHouse, clock);
        };
    }
}
