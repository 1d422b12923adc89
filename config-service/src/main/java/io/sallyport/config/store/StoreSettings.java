package io.sallyport.config.store;

import com.google.common.base.Splitter;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/// Where the revision log is kept.
public sealed interface StoreSettings {

    /// A file of this process alone.
    record Sqlite(Path file) implements StoreSettings {}

    /// A database that replicas share. `user` is empty if the URL says it all.
    record Postgres(String url, String user, String password) implements StoreSettings {

        private static final String START = "jdbc:postgresql:";

        // Others make the driver load classes, write files or ask other servers for the password.
        private static final Set<String> PROPERTIES = Set.of(
                "ApplicationName",
                "connectTimeout",
                "currentSchema",
                "gssEncMode",
                "loginTimeout",
                "password",
                "socketTimeout",
                "ssl",
                "sslcert",
                "sslkey",
                "sslmode",
                "sslrootcert",
                "targetServerType",
                "tcpKeepAlive",
                "user");

        public Postgres {
            if (!url.startsWith(START)) {
                throw new IllegalArgumentException("store url (expected: " + START + "//host/database)");
            }
            int question = url.indexOf('?');
            var properties = question < 0 ? "" : url.substring(question + 1);
            for (var property : Splitter.on('&').omitEmptyStrings().split(properties)) {
                var name = Splitter.on('=').splitToStream(property).findFirst().orElse("");
                if (!PROPERTIES.contains(name)) {
                    throw new IllegalArgumentException("store url: property \"%s\" (expected: one of %s)"
                            .formatted(name, new TreeSet<>(PROPERTIES)));
                }
            }
        }

        @Override
        public String toString() {
            return "Postgres[user=" + user + ", password=[redacted]]";
        }
    }
}
