package io.sallyport.config.store;

import java.nio.file.Path;

/// Where the revision log is kept.
public sealed interface StoreSettings {

    /// A file of this process alone.
    record Sqlite(Path file) implements StoreSettings {}

    /// A database that replicas share. `user` is empty if the URL says it all.
    record Postgres(String url, String user, String password) implements StoreSettings {

        @Override
        public String toString() {
            return "Postgres[user=" + user + ", password=[redacted]]";
        }
    }
}
