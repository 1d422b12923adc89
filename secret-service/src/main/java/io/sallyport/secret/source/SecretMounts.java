package io.sallyport.secret.source;

import io.sallyport.secret.store.FilePlace;
import io.sallyport.secret.store.SecretName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Reads `secrets/<namespace>/<name>/{tls.crt,tls.key,ca.crt,…}`, the form in which certificates are mounted: each file
/// is one entry. Kubernetes swaps such a directory by a symlink (`..data`), so files are read through it, and only
/// while they stay below the root.
public final class SecretMounts {

    private static final int MAX_SECRETS = 100_000;
    private static final int MAX_ENTRIES = 100;
    private static final long MAX_BYTES = 1024 * 1024;

    private SecretMounts() {}

    /// All secrets below the root, by name. Directories whose name is no DNS name, and files that vanish meanwhile, are
    /// passed over. A root that is not there has no secrets.
    public static Map<SecretName, Map<String, byte[]>> below(Path root) throws IOException {
        var secrets = new TreeMap<SecretName, Map<String, byte[]>>();
        if (!Files.isDirectory(root)) {
            return secrets;
        }
        var realRoot = root.toRealPath();
        for (var namespace : list(root)) {
            if (!SecretName.isNamespace(fileName(namespace))
                    || fileName(namespace).equals(FilePlace.NAMESPACE)) {
                continue;
            }
            for (var secret : list(namespace)) {
                if (SecretName.isName(fileName(secret)) && secrets.size() < MAX_SECRETS && Files.isDirectory(secret)) {
                    secrets.put(new SecretName(fileName(namespace), fileName(secret)), entries(secret, realRoot));
                }
            }
        }
        return secrets;
    }

    /// One secret below the root; empty if it is not there.
    public static Optional<Map<String, byte[]>> one(Path root, SecretName name) throws IOException {
        var directory = root.resolve(name.namespace()).resolve(name.name());
        return Files.isDirectory(directory) ? Optional.of(entries(directory, root.toRealPath())) : Optional.empty();
    }

    private static Map<String, byte[]> entries(Path directory, Path realRoot) throws IOException {
        var entries = new TreeMap<String, byte[]>();
        for (var file : list(directory)) {
            if (fileName(file).startsWith(".") || entries.size() >= MAX_ENTRIES) {
                continue;
            }
            try {
                var real = file.toRealPath();
                if (real.startsWith(realRoot) && Files.isRegularFile(real) && Files.size(real) <= MAX_BYTES) {
                    entries.put(fileName(file), Files.readAllBytes(real));
                }
            } catch (NoSuchFileException vanished) {
                // A swap is under way: the next look sees the new files.
            }
        }
        return entries;
    }

    private static List<Path> list(Path directory) throws IOException {
        var paths = new ArrayList<Path>();
        try (var stream = Files.newDirectoryStream(directory)) {
            stream.forEach(paths::add);
        } catch (NoSuchFileException | NotDirectoryException vanished) {
            return List.of();
        }
        paths.sort(null);
        return paths;
    }

    private static String fileName(Path path) {
        return String.valueOf(path.getFileName());
    }
}
