package io.sallyport.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The folder in which `sallyport up` keeps its state, as other processes see it: the token that calls need, and the
/// ports of the running `up`, which may have been chosen by the system.
///
/// ```
/// DATA/token            one line, 0600
/// DATA/endpoints.json   {"api":"127.0.0.1:15016","xds":"127.0.0.1:15010","http":"127.0.0.1:15080"}
/// ```
public record DataDirectory(Path root) {

    private static final int MAX_FILE_BYTES = 64 * 1024;

    /// Where the doors of a running `up` are: `host:port` each.
    public record Endpoints(String api, String xds, String http) {}

    /// The folder that `--data` names; without it `$SALLYPORT_DATA`, else `.sallyport` in the current folder.
    public static DataDirectory of(@Nullable Path option, Map<String, String> environment) {
        if (option != null) {
            return new DataDirectory(option);
        }
        var variable = environment.getOrDefault("SALLYPORT_DATA", "");
        return new DataDirectory(Path.of(variable.isEmpty() ? ".sallyport" : variable));
    }

    public Path tokenFile() {
        return root.resolve("token");
    }

    public Path endpointsFile() {
        return root.resolve("endpoints.json");
    }

    /// The token; absent where no `up` has ever run.
    public Optional<String> token() throws IOException {
        return token(tokenFile());
    }

    /// The token in a file of its own.
    public static Optional<String> token(Path file) throws IOException {
        return read(file).map(String::strip);
    }

    /// The doors of the `up` that runs here, or ran last; absent where none ever did.
    public Optional<Endpoints> endpoints() throws IOException {
        var text = read(endpointsFile());
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            var json = JsonParser.parseString(text.get()).getAsJsonObject();
            return Optional.of(new Endpoints(member(json, "api"), member(json, "xds"), member(json, "http")));
        } catch (JsonParseException | IllegalStateException malformed) {
            throw new IOException(endpointsFile() + ": not a record of endpoints", malformed);
        }
    }

    /// Records the doors, whole or not at all. Called by `up` once its ports are open.
    public void publish(Endpoints endpoints) throws IOException {
        var json = new JsonObject();
        json.addProperty("api", endpoints.api());
        json.addProperty("xds", endpoints.xds());
        json.addProperty("http", endpoints.http());
        var fresh = Files.createTempFile(
                root,
                ".endpoints",
                ".part",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, json + "\n");
        Files.move(fresh, endpointsFile(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String member(JsonObject json, String name) {
        var value = json.get(name);
        return value == null ? "" : value.getAsString();
    }

    private static Optional<String> read(Path file) throws IOException {
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.exists(file)) {
                throw new IOException(file + ": not a regular file");
            }
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new IOException(file + ": larger than " + MAX_FILE_BYTES + " bytes");
            }
            return Optional.of(Files.readString(file));
        } catch (NoSuchFileException absent) {
            return Optional.empty();
        }
    }
}
