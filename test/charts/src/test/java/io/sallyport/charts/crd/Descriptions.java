package io.sallyport.charts.crd;

import io.sallyport.model.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// What `kubectl explain` says of a record: the first paragraph of its comment in the model's source.
final class Descriptions {

    private static final Path SOURCES = Path.of("../../lib/model/src/main/java/io/sallyport/model");
    private static final Pattern RECORD =
            Pattern.compile("(?m)((?:^ *///.*\\n)+)(?:^ *@.*\\n)*^ *(?:public )?record ([A-Za-z]+)\\(");

    private final Map<Class<?>, Map<String, String>> files = new HashMap<>();

    /// The words for a record; `Kind` records are top-level types.
    String of(Class<?> type) {
        var top = type;
        while (top.getDeclaringClass() != null) {
            top = top.getDeclaringClass();
        }
        return files.computeIfAbsent(top, Descriptions::read).getOrDefault(type.getSimpleName(), "");
    }

    private static Map<String, String> read(Class<?> top) {
        try {
            var words = new HashMap<String, String>();
            var source = RECORD.matcher(Files.readString(SOURCES.resolve(top.getSimpleName() + ".java")));
            while (source.find()) {
                words.put(source.group(2), paragraph(source.group(1)));
            }
            return words;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String paragraph(String comment) {
        var text = new StringBuilder();
        for (var line : comment.lines().map(String::strip).toList()) {
            var words = line.substring("///".length()).strip();
            if (words.isEmpty()) {
                break;
            }
            text.append(text.isEmpty() ? "" : " ").append(words);
        }
        return text.toString();
    }

    /// Where the fields of a kind are described one by one.
    static String of(Kind kind) {
        return "Which of its fields take effect: docs/reference/fields.md of Sallyport, " + kind.text() + ".";
    }
}
