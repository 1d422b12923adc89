package io.sallyport.config.source;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Looks at a whole directory tree: which configuration files there are, and which directories hold them.
///
/// Dot-files, `*.part`, `*~` and everything that is not YAML or JSON by name is skipped, and so is `secrets/`: its
/// content is secret-service's. Symbolic links are followed as long as they stay inside the root.
final class DirectoryScan {

    static final int MAX_FILES = 200_000;
    static final int MAX_DEPTH = 32;
    private static final String SECRETS = "secrets";

    private final Path root;
    private final Path realRoot;
    private final SortedMap<String, Stat> files = new TreeMap<>();
    private final FolderListener listener;
    private final SortedMap<String, String> problems = new TreeMap<>();

    /// What tells one content of a file from another without reading it.
    record Stat(
            Path real,
            long size,
            FileTime modified,
            @Nullable Object key,
            boolean regular,
            boolean linked) {}

    /// Hears of each directory before its entries are listed: who watches from then on misses nothing.
    interface FolderListener {
        void entering(Path folder, String relative);
    }

    private DirectoryScan(Path root, Path realRoot, FolderListener listener) {
        this.root = root;
        this.realRoot = realRoot;
        this.listener = listener;
    }

    static DirectoryScan of(Path root, FolderListener listener) throws IOException {
        var scan = new DirectoryScan(root, root.toRealPath(), listener);
        scan.walk(root, "", new HashSet<>(), 0);
        return scan;
    }

    /// By path relative to the root, with slashes.
    SortedMap<String, Stat> files() {
        return files;
    }

    /// Why something that looks like configuration was left out, by path.
    SortedMap<String, String> problems() {
        return problems;
    }

    /// Whether a file of this name is configuration.
    static boolean isWanted(String name) {
        return !name.startsWith(".")
                && (name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json"))
                && !name.endsWith("~");
    }

    /// Looks at one file. Empty if it is not there; a link that leads out of the root is not there either.
    static Optional<Stat> stat(Path root, String relative) {
        try {
            var path = root.resolve(relative);
            var own = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            var real = path.toRealPath();
            var realRoot = root.toRealPath();
            if (!real.startsWith(realRoot) || real.startsWith(realRoot.resolve(SECRETS))) {
                return Optional.empty();
            }
            return Optional.of(stat(real, own.isSymbolicLink() || !real.equals(realRoot.resolve(relative))));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Stat stat(Path real, boolean linked) throws IOException {
        var attributes = Files.readAttributes(real, BasicFileAttributes.class);
        return new Stat(
                real,
                attributes.size(),
                attributes.lastModifiedTime(),
                attributes.fileKey(),
                attributes.isRegularFile(),
                linked);
    }

    private void walk(Path folder, String relative, Set<Path> above, int depth) throws IOException {
        var real = folder.toRealPath();
        if (depth > MAX_DEPTH) {
            problems.put(relative, "deeper than " + MAX_DEPTH + " directories");
            return;
        }
        if (!above.add(real)) {
            problems.put(relative, "a link to a directory above itself");
            return;
        }
        listener.entering(real, relative);
        var names = new ArrayList<String>();
        try (var entries = Files.newDirectoryStream(folder)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        boolean linkedFolder = !real.equals(realRoot.resolve(relative));
        for (var name : names) {
            if (!name.startsWith(".") && !(relative.isEmpty() && name.equals(SECRETS))) {
                visit(
                        folder.resolve(name),
                        relative.isEmpty() ? name : relative + "/" + name,
                        above,
                        depth,
                        linkedFolder);
            }
        }
        above.remove(real);
    }

    private void visit(Path entry, String relative, Set<Path> above, int depth, boolean linkedFolder) {
        try {
            var own = Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            var real = entry;
            var target = own;
            if (own.isSymbolicLink()) {
                real = entry.toRealPath();
                if (!real.startsWith(realRoot)) {
                    if (isWanted(String.valueOf(entry.getFileName()))) {
                        problems.put(relative, "a link that leads out of the directory");
                    }
                    return;
                }
                if (real.startsWith(realRoot.resolve(SECRETS))) {
                    return;
                }
                target = Files.readAttributes(real, BasicFileAttributes.class);
            }
            if (target.isDirectory()) {
                walk(entry, relative, above, depth + 1);
            } else if (isWanted(String.valueOf(entry.getFileName()))) {
                add(relative, real, target, own.isSymbolicLink() || linkedFolder);
            }
        } catch (IOException e) {
            // It vanished, or may not be read, between its listing and this look: then it is not there for us.
            if (Files.exists(entry, LinkOption.NOFOLLOW_LINKS) && isWanted(String.valueOf(entry.getFileName()))) {
                problems.put(relative, "cannot be read: " + e.getMessage());
            }
        }
    }

    private void add(String relative, Path real, BasicFileAttributes target, boolean linked) throws IOException {
        if (files.size() >= MAX_FILES) {
            problems.put(relative, "one file too many (expected: at most " + MAX_FILES + ")");
            return;
        }
        files.put(
                relative,
                new Stat(
                        linked
                                ? real.toRealPath()
                                : realRoot.resolve(root.relativize(real).toString()),
                        target.size(),
                        target.lastModifiedTime(),
                        target.fileKey(),
                        target.isRegularFile(),
                        linked));
    }
}
