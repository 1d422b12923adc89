package io.sallyport.cli.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/// A file that is there whole or not at all: its bytes go into another one beside it, which takes its name at the
/// end. What fails midway leaves the file as it was.
final class WholeFile {

    /// Gives the bytes.
    interface Writing {
        void to(OutputStream out) throws IOException;
    }

    private final Path file;

    WholeFile(Path file) {
        this.file = file;
    }

    /// Why it cannot be written, as far as can be told before.
    Optional<String> obstacle() {
        var folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            return Optional.of("it is a folder (expected: a file)");
        }
        return folder == null || Files.isDirectory(folder)
                ? Optional.empty()
                : Optional.of("there is no folder \"" + folder + "\" (expected: one that exists)");
    }

    void write(Writing writing) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            // A pipe or a terminal has no other name.
            try (var out = Files.newOutputStream(file)) {
                writing.to(out);
            }
            return;
        }
        var target = Files.exists(file) ? file.toRealPath() : file;
        var part = target.resolveSibling(
                "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (var out = Files.newOutputStream(part)) {
                writing.to(out);
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /// What failed: the message of some exceptions is nothing but the name of the file.
    static String reason(IOException failure) {
        return switch (failure) {
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException of when of.getReason() != null -> of.getReason();
            default -> String.valueOf(failure.getMessage());
        };
    }
}
