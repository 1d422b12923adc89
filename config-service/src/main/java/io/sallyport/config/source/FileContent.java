package io.sallyport.config.source;

import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import io.sallyport.analysis.Analyzer;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What came of reading one file.
sealed interface FileContent {

    int MAX_BYTES = 64 << 20;

    /// Nothing is there.
    record Missing() implements FileContent {}

    /// It changed while it was read.
    record Unstable() implements FileContent {}

    /// The same bytes as before.
    record Same(DirectoryScan.Stat stat, HashCode digest) implements FileContent {}

    /// It can be read. `findings` are about the file as a whole.
    record Read(DirectoryScan.Stat stat, HashCode digest, DocumentReader.File file) implements FileContent {}

    /// It cannot be read, or must not be.
    record Unreadable(DirectoryScan.@Nullable Stat stat, List<Finding> findings) implements FileContent {}

    /// Reads and parses a file, unless its bytes are those of `known`.
    static FileContent of(Path root, String relative, @Nullable HashCode known, Memory memory, DocumentReader reader) {
        var before = DirectoryScan.stat(root, relative);
        if (before.isEmpty()) {
            return new Missing();
        }
        var stat = before.get();
        if (!stat.regular()) {
            return unreadable(stat, relative, "not a regular file (expected: a text file)");
        }
        if (stat.size() > MAX_BYTES) {
            return unreadable(stat, relative, stat.size() + " bytes (expected: at most " + MAX_BYTES + ")");
        }
        byte[] bytes;
        try (InputStream in = Files.newInputStream(stat.real(), LinkOption.NOFOLLOW_LINKS)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            return DirectoryScan.stat(root, relative).isEmpty()
                    ? new Missing()
                    : unreadable(stat, relative, "cannot be read: " + e.getMessage());
        }
        if (!DirectoryScan.stat(root, relative).equals(before) || bytes.length != stat.size()) {
            return new Unstable();
        }
        var digest = Hashing.sha256().hashBytes(bytes);
        if (digest.equals(known)) {
            return new Same(stat, digest);
        }
        var remembered = memory.recall(relative, digest);
        return new Read(stat, digest, remembered.orElseGet(() -> inspected(reader, reader.readFile(relative, bytes))));
    }

    private static FileContent unreadable(DirectoryScan.Stat stat, String relative, String message) {
        return new Unreadable(stat, List.of(SourceRule.file(relative, message)));
    }

    // Secrets are secret-service's alone: neither their data nor a message about it may go any further.
    private static DocumentReader.File inspected(DocumentReader reader, DocumentReader.File file) {
        // A new one: an analyzer belongs to one thread.
        var analyzer = new Analyzer(reader.inspections());
        return new DocumentReader.File(
                file.documents().stream()
                        .filter(document -> !isSecret(document))
                        .map(document -> document.object().isPresent()
                                ? document.with(
                                        analyzer.inspect(document.object().get()))
                                : document)
                        .toList(),
                file.findings());
    }

    private static boolean isSecret(Document document) {
        return document.ref().map(ref -> ref.kind() == Kind.SECRET).orElse(false);
    }

    /// Knows what files hold that were read before, by their digest.
    interface Memory {
        Optional<DocumentReader.File> recall(String relative, HashCode digest);
    }

    /// What is known of a file between two looks. `digest` is absent for a file that could not be read.
    record Known(Optional<DirectoryScan.Stat> stat, Optional<HashCode> digest) {}
}
