package io.sallyport.cli.input;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.model.read.Bounds;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// Reads what `check` and `apply` are given. A file is read whatever it is called. Of a directory, what
/// `sallyport up` would read: `*.yaml`, `*.yml` and `*.json`, without dot-files, `*.part` and `*~`; symbolic
/// links count when they lead to a file inside. Pipes, sockets and devices are refused unopened, since
/// opening one can wait for ever.
public final class InputFiles {

    /// The most that one file, or standard input, may have: 64 MiB.
    private static final int MAX_BYTES = Bounds.FILE_BYTES;

    private static final int MAX_FILES = 100_000;
    private static final int MAX_DEPTH = 64;
    private static final String STDIN = "-";

    private final InputStream stdin;
    private final List<InputFile> files = new ArrayList<>();

    private InputFiles(InputStream stdin) {
        this.stdin = stdin;
    }

    /// All files, in the order of the arguments and by name within a directory.
    public static List<InputFile> read(List<String> arguments, InputStream stdin) throws CommandFailedException {
        var inputs = new InputFiles(stdin);
        for (var argument : arguments) {
            inputs.add(argument);
        }
        return List.copyOf(inputs.files);
    }

    private void add(String argument) throws CommandFailedException {
        if (argument.equals(STDIN)) {
            addStdin();
            return;
        }
        var path = path(argument);
        try {
            // Attributes of what a link leads to: its kind is known without opening it.
            var attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (attributes.isDirectory()) {
                addDirectory(path);
            } else {
                addFile(path, attributes);
            }
        } catch (NoSuchFileException missing) {
            throw CommandFailedException.unable(
                    argument + ": no such file or directory (expected: a YAML or JSON file, a directory, or -)");
        } catch (IOException unreadable) {
            throw CommandFailedException.unable(argument + ": cannot be read: " + reason(unreadable));
        }
    }

    private static Path path(String argument) throws CommandFailedException {
        try {
            return Path.of(argument);
        } catch (java.nio.file.InvalidPathException impossible) {
            throw CommandFailedException.unable(
                    "\"" + argument + "\" is no path (expected: a file, a directory, or -)");
        }
    }

    private void addStdin() throws CommandFailedException {
        try {
            var bytes = stdin.readNBytes(MAX_BYTES + 1);
            add("stdin", bytes);
        } catch (IOException broken) {
            throw CommandFailedException.unable("standard input: cannot be read: " + reason(broken));
        }
    }

    private void addDirectory(Path root) throws IOException, CommandFailedException {
        var found = new Walk(root.toRealPath());
        Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), MAX_DEPTH, found);
        if (found.isTooMuch()) {
            throw CommandFailedException.unable(root + ": more than " + MAX_FILES + " files (expected: fewer)");
        }
        for (var entry : found.chosen.entrySet()) {
            addFile(entry.getKey(), entry.getValue());
        }
    }

    private void addFile(Path path, BasicFileAttributes attributes) throws IOException, CommandFailedException {
        if (!attributes.isRegularFile()) {
            throw CommandFailedException.unable(
                    path + ": not a regular file (expected: a YAML or JSON file, a directory, or -)");
        }
        if (attributes.size() > MAX_BYTES) {
            files.add(InputFile.tooLarge(path.toString()));
            return;
        }
        try (var in = Files.newInputStream(path)) {
            // It may have grown since, and files of /proc say that they are empty.
            var bytes = in.readNBytes(MAX_BYTES + 1);
            add(path.toString(), bytes);
        }
    }

    private void add(String name, byte[] bytes) {
        files.add(bytes.length > MAX_BYTES ? InputFile.tooLarge(name) : new InputFile(name, bytes, false));
    }

    private static String reason(IOException failure) {
        return failure instanceof java.nio.file.AccessDeniedException
                ? "permission denied"
                : String.valueOf(failure.getMessage());
    }

    /// Collects what `up` would read. A directory that cannot be listed ends the walk: an answer about half of the
    /// files would pass for one about all.
    private static final class Walk extends SimpleFileVisitor<Path> {

        private final Path root;
        private final SortedMap<Path, BasicFileAttributes> chosen = new TreeMap<>();

        Walk(Path root) {
            this.root = root;
        }

        boolean isTooMuch() {
            return chosen.size() > MAX_FILES;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) throws IOException {
            var isSkipped = isHidden(directory) || !directory.toRealPath().startsWith(root);
            return isSkipped && !directory.toRealPath().equals(root)
                    ? FileVisitResult.SKIP_SUBTREE
                    : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            // Still a link after links were followed: it leads nowhere, or in a circle. For up it is no file yet.
            if (!attributes.isSymbolicLink()
                    && isChosen(file)
                    // The folder is known to be inside; only a link can still lead out.
                    && (!Files.isSymbolicLink(file) || file.toRealPath().startsWith(root))) {
                chosen.put(file, attributes);
            }
            return isTooMuch() ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
            if (Files.isSymbolicLink(file)) {
                return FileVisitResult.CONTINUE;
            }
            throw failure;
        }

        private static boolean isChosen(Path file) {
            var name = name(file);
            return !isHidden(file) && (name.endsWith(".yaml") || name.endsWith(".yml") || name.endsWith(".json"));
        }

        private static boolean isHidden(Path file) {
            return name(file).startsWith(".");
        }

        private static String name(Path file) {
            var name = file.getFileName();
            return name == null ? "" : name.toString();
        }
    }
}
