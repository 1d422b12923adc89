package io.sallyport.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

/// A table of results that names machine, date and commit, printed row by row and written at the end.
final class Results {

    private final String title;
    private final List<String> rows = new ArrayList<>();

    Results(String title) {
        this.title = title;
    }

    void row(String work, String measured, String bar) {
        var row = "| %s | %s | %s |".formatted(work, measured, bar);
        rows.add(row);
        System.out.println(row);
    }

    /// Replaces the table that the file begins with. Sections below it, from the first `## ` on, were written
    /// by hand and stay.
    void writeTo(Path file, LocalDate date) throws IOException {
        var text = new StringBuilder("# ").append(title).append("\n\n");
        text.append(
                "%s, %s, commit %s. Made by `./sallyport bench`; wall times on a shared machine are upper bounds.\n\n"
                        .formatted(date, machine(), commit()));
        text.append("| work | measured | bar |\n|---|---|---|\n");
        rows.forEach(row -> text.append(row).append('\n'));
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, text.append(byHand(file)));
    }

    private static String byHand(Path file) throws IOException {
        if (!Files.exists(file)) {
            return "";
        }
        var before = Files.readString(file);
        var heading = before.indexOf("\n## ");
        return heading < 0 ? "" : before.substring(heading);
    }

    private static String machine() throws IOException {
        var model = Files.readString(Path.of("/proc/cpuinfo"))
                .lines()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 2))
                .findFirst()
                .orElse("unknown processor");
        var memory = Files.readString(Path.of("/proc/meminfo"))
                .lines()
                .findFirst()
                .map(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024 / 1024)
                .orElse(0L);
        return "%d x %s, %d GiB, Linux, JDK %s"
                .formatted(Runtime.getRuntime().availableProcessors(), model, memory, Runtime.version());
    }

    private static String commit() throws IOException {
        var git = new ProcessBuilder("git", "describe", "--always", "--dirty").start();
        try (BufferedReader reader = git.inputReader(StandardCharsets.UTF_8)) {
            var line = reader.readLine();
            return line == null ? "unknown" : line;
        }
    }
}
