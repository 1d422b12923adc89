package io.sallyport.config.store;

import com.google.common.collect.ImmutableSet;
import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import io.sallyport.analysis.Analyzer;
import io.sallyport.model.ConfigObject;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Remembers beside an SQLite file in which texts this build found nothing by themselves, so that its next
/// start need not inspect them again (decision 60). A text with a finding is not in it: its findings are made
/// anew.
///
/// A file of another build, a damaged one and a missing one are all the same: everything is inspected. The
/// file `config.db.sound` holds a line for the build, one digest a line, and a line that guards those before.
final class SoundTexts {

    private static final Logger log = LoggerFactory.getLogger(SoundTexts.class);

    private final Path file;
    private final String build;

    SoundTexts(Path file, String build) {
        this.file = file;
        this.build = build;
    }

    /// Those of an SQLite file; none where this build cannot be told from another.
    static Optional<SoundTexts> beside(Path store) {
        return build(List.of(Analyzer.class, ConfigObject.class))
                .map(build -> new SoundTexts(store.resolveSibling(store.getFileName() + ".sound"), build));
    }

    /// A name for what inspects: the jars of rules, reader and records by their content, the other jars by
    /// their names, which have versions in them, and the JDK. None where classes come from folders, whose
    /// content changes under one name.
    static Optional<String> build(List<Class<?>> ours) {
        var digest = new DigestWriter()
                .add(System.getProperty("java.runtime.version", ""))
                .add(System.getProperty("java.class.path", ""));
        try {
            for (var type : ours) {
                var source = type.getProtectionDomain().getCodeSource();
                var jar = source == null ? null : Path.of(source.getLocation().toURI());
                if (jar == null || !Files.isRegularFile(jar)) {
                    return Optional.empty();
                }
                digest.add(MoreFiles.asByteSource(jar).hash(Hashing.sha256()).toString());
            }
        } catch (IOException | URISyntaxException e) {
            log.atWarn().setCause(e).log("The build cannot be named; each start inspects all objects");
            return Optional.empty();
        }
        return Optional.of(digest.finish().toString());
    }

    /// Their digests, see [io.sallyport.model.SourceDocument#digest].
    Set<String> read() {
        try {
            if (!Files.exists(file)) {
                return Set.of();
            }
            var lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
            if (lines.size() < 2 || !lines.getFirst().equals(build)) {
                return Set.of();
            }
            var digests = lines.subList(1, lines.size() - 1);
            return lines.getLast().equals(guard(digests)) ? ImmutableSet.copyOf(digests) : Set.of();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("What was inspected before cannot be read; all objects are inspected");
            return Set.of();
        }
    }

    /// Replaces what is remembered.
    void write(Collection<String> digests) {
        var sorted = List.copyOf(new TreeSet<>(digests));
        var lines = new ArrayList<String>();
        lines.add(build);
        lines.addAll(sorted);
        lines.add(guard(sorted));
        var part = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.write(part, lines, StandardCharsets.ISO_8859_1);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            log.atWarn().setCause(e).log("What was inspected cannot be written down; the next start inspects more");
        }
    }

    private String guard(List<String> digests) {
        var guard = new DigestWriter().add(build);
        digests.forEach(guard::add);
        return guard.finish().toString();
    }
}
