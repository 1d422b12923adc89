package io.sallyport.cli.finding;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The lines of the files that findings point into. A file that is not here is shown without its line.
public final class SourceText {

    private final Map<String, String> texts;
    private final Map<String, List<String>> lines = new HashMap<>();

    /// From file name, as findings say it, to its text.
    public SourceText(Map<String, String> texts) {
        this.texts = Map.copyOf(texts);
    }

    /// The whole file.
    public Optional<String> text(String file) {
        return Optional.ofNullable(texts.get(file));
    }

    /// A line, from 1, without its end.
    public Optional<String> line(String file, int number) {
        var text = texts.get(file);
        if (text == null) {
            return Optional.empty();
        }
        var all = lines.computeIfAbsent(file, _ -> text.lines().toList());
        return number >= 1 && number <= all.size() ? Optional.of(all.get(number - 1)) : Optional.empty();
    }
}
