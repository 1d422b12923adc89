package io.sallyport.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/// The lines that a gateway printed since the last look.
final class PrintedRows {

    private static final Duration HANG = Duration.ofSeconds(20);

    private final Path file;
    private int seen;

    PrintedRows(Path data, String namespace, String proxy) {
        this.file = data.resolve("proxies").resolve(namespace).resolve(proxy).resolve("stdout.log");
    }

    /// Forgets what was printed so far.
    void skip() {
        seen = all().size();
    }

    List<String> fresh() {
        var rows = all();
        return rows.subList(Math.min(seen, rows.size()), rows.size());
    }

    /// The first fresh row with this text in it. Envoy writes its files some times a second.
    String await(String text) {
        try {
            return Awaitility.await().atMost(HANG).until(() -> first(text), row -> !row.isEmpty());
        } catch (ConditionTimeoutException e) {
            throw new AssertionError("no row with \"" + text + "\" in " + file + ", only " + fresh(), e);
        }
    }

    private String first(String text) {
        return fresh().stream().filter(row -> row.contains(text)).findFirst().orElse("");
    }

    // A line that is not ended is not written yet.
    private List<String> all() {
        try {
            var text = Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
