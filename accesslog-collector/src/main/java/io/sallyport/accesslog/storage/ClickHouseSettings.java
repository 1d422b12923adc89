package io.sallyport.accesslog.storage;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/// How to reach ClickHouse, and what it may cost there.
///
/// @param url of its HTTP interface: `https://clickhouse.example.com:8443`
/// @param database of our own; made if it is missing
/// @param authority a file with the certificates that its server's may come from; absent: those of this machine
/// @param maxAge rows are deleted when they were stored this long ago
/// @param memoryMegabytes for one question, on the server
public record ClickHouseSettings(
        URI url,
        String user,
        String password,
        String database,
        Optional<Path> authority,
        Duration maxAge,
        int memoryMegabytes)
        implements StoreSettings {

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

    public ClickHouseSettings {
        var scheme = url.getScheme();
        var isPlain = url.getHost() != null
                && url.getUserInfo() == null
                && url.getQuery() == null
                && (url.getPath() == null
                        || url.getPath().isEmpty()
                        || url.getPath().equals("/"));
        if (!("http".equals(scheme) || "https".equals(scheme)) || !isPlain) {
            // Not quoted: what does not belong there is most likely a password.
            throw new IllegalArgumentException("url of ClickHouse (expected: https://HOST:PORT alone; "
                    + "user, password and database are settings of their own)");
        }
        if (!NAME.matcher(database).matches()) {
            throw new IllegalArgumentException(
                    "database \"" + database + "\" of ClickHouse (expected: letters, digits and \"_\")");
        }
        if (maxAge.compareTo(Duration.ofMinutes(1)) < 0 || memoryMegabytes < 64) {
            throw new IllegalArgumentException(
                    "settings of ClickHouse (expected: an age of a minute or more, at least 64 MB)");
        }
    }

    /// A week, 2 GB a question.
    public ClickHouseSettings(URI url, String user, String password, String database) {
        this(url, user, password, database, Optional.empty(), Duration.ofDays(7), 2_048);
    }

    @Override
    public String toString() {
        return "ClickHouseSettings[url=" + url + ", user=" + user + ", password=[redacted], database=" + database + "]";
    }
}
