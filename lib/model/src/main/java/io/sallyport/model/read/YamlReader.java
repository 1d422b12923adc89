package io.sallyport.model.read;

import io.sallyport.model.Finding;
import io.sallyport.model.Location;
import io.sallyport.model.Path;
import io.sallyport.model.SourceDocument;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/// The one reader of configuration: YAML, or JSON where the name ends in `.json`. Strict, and never an exception:
/// whatever is wrong is a finding with line, column and path, and all of them come at once.
///
/// A document that cannot be parsed leaves the other documents of its file readable. `kind: List` is opened. Empty
/// documents are skipped. Stateless, for any thread.
public final class YamlReader {

    private static final Set<String> DIRECTIVES = Set.of("YAML", "TAG");

    /// Reads a file. `sourceName` is what findings call it; a file called `sallyport.yaml` is a
    /// [io.sallyport.model.Platform].
    public ReadResult read(String sourceName, byte[] bytes) {
        if (bytes.length > Bounds.FILE_BYTES) {
            return broken(
                    sourceName,
                    ReadRule.TOO_LARGE,
                    "file of %,d bytes (expected: at most 64 MiB)".formatted(bytes.length));
        }
        var encoding = DocumentSplitter.foreignEncoding(bytes);
        if (encoding != null) {
            return broken(
                    sourceName,
                    ReadRule.ENCODING,
                    "the file is in %s, or has a NUL at byte 0 or 1 (expected: UTF-8)".formatted(encoding));
        }
        var splitter = new DocumentSplitter(bytes, TextTree.isJson(sourceName));
        var chunks = splitter.split();
        if (splitter.isTooMany()) {
            return broken(sourceName, ReadRule.TOO_LARGE, "more than 100,000 documents (expected: at most 100,000)");
        }
        var results = new ArrayList<DocumentResult>();
        for (var chunk : chunks) {
            results.addAll(readChunk(sourceName, bytes, chunk, results.size()));
        }
        return new ReadResult(sourceName, results, List.of());
    }

    /// Reads one stored document again, such as came over gRPC: the same text gives the same object and positions.
    public DocumentResult readDocument(SourceDocument source) {
        var size = source.text().length();
        if (size > Bounds.DOCUMENT_BYTES) {
            return failed(
                    source,
                    new Problem(
                            ReadRule.TOO_LARGE, source.firstLine(), 1, "document of %,d characters".formatted(size)));
        }
        var bytes = source.text().getBytes(StandardCharsets.UTF_8);
        var chunk = new DocumentSplitter.Chunk(0, bytes.length, source.firstLine());
        var results = readChunk(source.name(), bytes, chunk, source.index());
        if (results.size() == 1) {
            return results.getFirst();
        }
        var reason = results.isEmpty() ? "an empty document" : "a List of %d objects".formatted(results.size());
        return failed(
                source, new Problem(ReadRule.NOT_A_MAPPING, source.firstLine(), 1, reason + " (expected: one object)"));
    }

    /// The text of one document as the reader keeps it, with its digest.
    public static SourceDocument source(String name, int firstLine, int index, String text) {
        return new SourceDocument(name, firstLine, index, text, digest(text));
    }

    private List<DocumentResult> readChunk(String name, byte[] bytes, DocumentSplitter.Chunk chunk, int index) {
        try {
            var text = DocumentSplitter.decode(bytes, chunk);
            var source = source(name, chunk.line(), index, text);
            try {
                return readText(source);
            } catch (UnreadableException e) {
                return List.of(failed(source, e.problem()));
            }
        } catch (UnreadableException e) {
            return List.of(failed(source(name, chunk.line(), index, ""), e.problem()));
        }
    }

    private List<DocumentResult> readText(SourceDocument source) throws UnreadableException {
        var tree = TextTree.parse(source.name(), source.text(), source.firstLine());
        var root = tree.root();
        if (root == null) {
            return List.of();
        }
        var items = ListItems.of(source, root);
        if (items != null) {
            return readItems(source, tree, items);
        }
        return List.of(readObject(source, root, tree.problems()));
    }

    private DocumentResult readObject(SourceDocument source, Node root, List<Problem> problems) {
        var kept = ListItems.isSecret(root) ? source(source.name(), source.firstLine(), source.index(), "") : source;
        var reader = new ObjectReader(kept);
        warnOfDirectives(source, reader.report());
        problems.forEach(reader.report()::add);
        return reader.read(root);
    }

    private List<DocumentResult> readItems(SourceDocument list, TextTree tree, List<ListItems.Item> items) {
        var results = new ArrayList<DocumentResult>();
        if (!tree.problems().isEmpty()) {
            var report = new Report(list.name());
            tree.problems().forEach(report::add);
            results.add(new DocumentResult(list.index(), null, null, report.sorted(), list));
            if (report.hasErrors()) {
                return results;
            }
        }
        for (var item : items) {
            var source = source(list.name(), item.line(), list.index() + results.size(), item.text());
            results.add(readObject(source, item.root(), List.of()));
        }
        return results;
    }

    private static void warnOfDirectives(SourceDocument source, Report report) {
        if (!source.text().startsWith("%") && !source.text().contains("\n%")) {
            return;
        }
        var lines =
                source.text().lines().takeWhile(line -> !line.startsWith("---")).toList();
        for (var i = 0; i < lines.size(); i++) {
            var line = lines.get(i);
            if (line.startsWith("%") && !DIRECTIVES.contains(line.substring(1).split("\\s", 2)[0])) {
                report.add(new Problem(
                        ReadRule.UNKNOWN_DIRECTIVE,
                        source.firstLine() + i,
                        1,
                        "directive %s is ignored".formatted(Words.quote(line))));
            }
        }
    }

    private static DocumentResult failed(SourceDocument source, Problem problem) {
        var report = new Report(source.name());
        report.add(problem);
        return new DocumentResult(source.index(), null, null, report.sorted(), source);
    }

    private static ReadResult broken(String name, ReadRule rule, String message) {
        var finding = new Finding(rule.code(), new Location(null, Path.ROOT, name, 1, 1), message);
        return new ReadResult(name, List.of(), List.of(finding));
    }

    private static String digest(String text) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
