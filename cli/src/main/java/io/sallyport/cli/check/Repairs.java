package io.sallyport.cli.check;

import io.sallyport.cli.finding.Place;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.cli.finding.SourceText;
import io.sallyport.model.Finding;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// The repairs that are certain, as a diff that `patch -p0` applies: a slip of the keyboard in a field's or a
/// kind's name, quotes that are missing or too many, a gateway's name in the old form. What one file's
/// repairs do not mend as a whole is not offered at all, and lines of Secrets are never printed.
final class Repairs {

    private static final String SECRET = "Secret";
    private static final String MEANT = "did you mean \"";
    private static final String EXPECTED = "(expected: \"";
    private static final String QUOTE_IT = "quote it: \"";
    private static final String UNQUOTED = "without quotes: ";
    private static final int WIDEST = 1_000;

    private final SourceText sources;

    Repairs(SourceText sources) {
        this.sources = sources;
    }

    /// One word of a line, and what should stand there.
    private record Edit(int line, int column, int length, String replacement) {}

    /// A changed file: its diff, and how many findings it mends.
    record Change(String diff, int mended) {}

    /// The changes file by file, in the order of the findings.
    List<Change> of(Collection<ReportedFinding> findings) {
        var edits = new TreeMap<String, List<Edit>>();
        for (var finding : findings) {
            var file = finding.place().file();
            if (file != null) {
                edit(finding)
                        .ifPresent(edit -> edits.computeIfAbsent(file, _ -> new ArrayList<>())
                                .add(edit));
            }
        }
        var changes = new ArrayList<Change>();
        edits.forEach((file, list) -> change(file, list).ifPresent(changes::add));
        return List.copyOf(changes);
    }

    private Optional<Change> change(String file, List<Edit> edits) {
        var text = sources.text(file);
        if (text.isEmpty() || text.get().indexOf('\r') >= 0) {
            return Optional.empty();
        }
        var lines = new ArrayList<>(List.of(text.get().split("\n", -1)));
        var byLine = new TreeMap<Integer, String>();
        // From the right, so that a word's column holds while those before it change.
        edits.stream()
                .distinct()
                .sorted(Comparator.comparingInt(Edit::line).thenComparing(Edit::column, Comparator.reverseOrder()))
                .forEach(edit -> {
                    var line = lines.get(edit.line() - 1);
                    byLine.putIfAbsent(edit.line(), line);
                    lines.set(
                            edit.line() - 1,
                            line.substring(0, edit.column() - 1)
                                    + edit.replacement()
                                    + line.substring(edit.column() - 1 + edit.length()));
                });
        var before = errors(file, text.get());
        var after = errors(file, String.join("\n", lines));
        // Warnings, and references between files, are not the reader's: those repairs stand by themselves.
        if (before > 0 && after >= before) {
            return Optional.empty();
        }
        var diff = new StringBuilder("--- %s\n+++ %s\n".formatted(file, file));
        byLine.forEach((line, old) ->
                diff.append("@@ -%d +%d @@\n-%s\n+%s\n".formatted(line, line, old, lines.get(line - 1))));
        return Optional.of(new Change(diff.toString(), edits.size()));
    }

    private static long errors(String file, String text) {
        return new YamlReader()
                .read(file, text.getBytes(StandardCharsets.UTF_8)).findings().stream()
                        .filter(Finding::isError)
                        .count();
    }

    private Optional<Edit> edit(ReportedFinding finding) {
        return word(finding.place())
                .flatMap(word -> replacement(finding, word.replacement())
                        .filter(replacement -> !replacement.equals(word.replacement()))
                        .map(replacement -> new Edit(word.line(), word.column(), word.length(), replacement)));
    }

    private static Optional<String> replacement(ReportedFinding finding, String word) {
        var message = finding.message();
        return switch (finding.code()) {
            // A name further down is no slip of the keyboard.
            case "SP1001", "SP1003", "SP1022" -> between(message, MEANT).filter(name -> name.indexOf('.') < 0);
            case "SP1004" -> message.contains(UNQUOTED) ? Optional.of(bare(word)) : Optional.empty();
            case "SP1010" -> message.contains(QUOTE_IT) ? Optional.of('"' + word + '"') : Optional.empty();
            case "SP2101", "SP4203" -> between(message, EXPECTED);
            default -> Optional.empty();
        };
    }

    private static Optional<String> between(String message, String start) {
        int from = message.indexOf(start);
        int to = from < 0 ? -1 : message.indexOf('"', from + start.length());
        return to < 0 ? Optional.empty() : Optional.of(message.substring(from + start.length(), to));
    }

    private static String bare(String word) {
        return word.length() > 1 ? word.substring(1, word.length() - 1) : word;
    }

    // The word that the finding points at, as its own replacement.
    private Optional<Edit> word(Place place) {
        var file = place.file();
        var line = place.line();
        var column = place.column();
        if (file == null || line == null || column == null || SECRET.equals(place.kind())) {
            return Optional.empty();
        }
        var source = sources.line(file, line).filter(text -> text.length() >= column && text.length() <= WIDEST);
        return source.map(text -> {
            int end = end(text, column - 1);
            return new Edit(line, column, end - column + 1, text.substring(column - 1, end));
        });
    }

    private static int end(String line, int start) {
        char first = line.charAt(start);
        if (first == '"' || first == '\'') {
            int close = line.indexOf(first, start + 1);
            return close < 0 ? line.length() : close + 1;
        }
        int end = start;
        while (end < line.length() && isWord(line, end)) {
            end++;
        }
        return end;
    }

    private static boolean isWord(String line, int at) {
        char c = line.charAt(at);
        if (c == ':') {
            return at + 1 < line.length() && line.charAt(at + 1) != ' ' && line.charAt(at + 1) != '\t';
        }
        return c != ' ' && c != '\t' && ",[]{}".indexOf(c) < 0;
    }
}
