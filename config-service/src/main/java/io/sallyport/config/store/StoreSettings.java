package io.sallyport.config.store;

import com.google.common.base.Splitter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

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

        private static final Pattern HERE = Pattern.compile("(localhost|127\\.[0-9.]+|\\[::1])(:\\d+)?");

        public Postgres {
            if (!url.startsWith(START)) {
                throw new IllegalArgumentException("store url (expected: " + START + "//host/database)");
            }
            for (var name : named(url)) {
                if (!PROPERTIES.contains(name)) {
                    throw new IllegalArgumentException("store url: property \"%s\" (expected: one of %s)"
                            .formatted(name, new TreeSet<>(PROPERTIES)));
                }
            }
        }

        /// The URL as the driver is to have it. Where it says nothing of TLS, a database elsewhere has to show a
        /// certificate for its name that this JVM trusts: the driver would take any, or none.
        String verified() {
            int question = url.indexOf('?');
            var names = named(url);
            if (names.contains("sslmode")
                    || names.contains("ssl")
                    || isHere(question < 0 ? url : url.substring(0, question))) {
                return url;
            }
            var added = names.contains("sslrootcert")
                    ? "sslmode=verify-full"
                    : "sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory";
            return url + (question < 0 ? "?" : "&") + added;
        }

        // The names of the properties behind the place, in their order.
        private static List<String> named(String url) {
            int question = url.indexOf('?');
            return Splitter.on('&')
                    .omitEmptyStrings()
                    .splitToStream(question < 0 ? "" : url.substring(question + 1))
                    .map(property -> Splitter.on('=').splitToList(property).getFirst())
                    .toList();
        }

        // "//a:5432,b/database": each of them; no "//" is this machine.
        private static boolean isHere(String place) {
            var rest = place.substring(START.length());
            if (!rest.startsWith("//")) {
                return true;
            }
            var end = rest.indexOf('/', 2);
            return Splitter.on(',')
                    .splitToStream(end < 0 ? rest.substring(2) : rest.substring(2, end))
                    .allMatch(host -> host.isEmpty() || HERE.matcher(host).matches());
        }

        @Override
        public String toString() {
            return "Postgres[user=" + user + ", password=[redacted]]";
        }
    }
}
