package io.sallyport.cli.input;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.finding.SourceText;
import io.sallyport.model.Finding;
import io.sallyport.model.Location;
import io.sallyport.model.Path;
import io.sallyport.model.read.DocumentResult;
import io.sallyport.model.read.ReadResult;
import io.sallyport.model.read.ReadRule;
import io.sallyport.model.read.YamlReader;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Everything that a command was given, read: the documents, and the text of the files to show lines of.
public record Documents(List<ReadResult> results, SourceText sources) {

    public Documents {
        results = List.copyOf(results);
    }

    /// Reads files, directories and `-`.
    public static Documents read(List<String> arguments, InputStream stdin) throws CommandFailedException {
        var results = new ArrayList<ReadResult>();
        var texts = new LinkedHashMap<String, String>();
        var reader = new YamlReader();
        for (var file : InputFiles.read(arguments, stdin)) {
            results.add(file.isTooLarge() ? tooLarge(file) : reader.read(file.name(), file.bytes()));
            texts.put(file.name(), file.text());
        }
        return new Documents(results, new SourceText(texts));
    }

    /// One text that was not read from a file here.
    public static Documents of(String name, String text) {
        var read = new YamlReader().read(name, text.getBytes(StandardCharsets.UTF_8));
        return new Documents(List.of(read), new SourceText(Map.of(name, text)));
    }

    // Said here, since the reader would want to see the bytes.
    private static ReadResult tooLarge(InputFile file) {
        var message = file.name() + " is larger than 64 MiB (expected: at most 64 MiB in one file)";
        var place = new Location(null, Path.ROOT, file.name(), 0, 0);
        return new ReadResult(file.name(), List.of(), List.of(new Finding(ReadRule.TOO_LARGE.code(), place, message)));
    }

    public Stream<DocumentResult> documents() {
        return results.stream().flatMap(result -> result.documents().stream());
    }

    /// What reading found, file by file.
    public Stream<Finding> findings() {
        return results.stream().flatMap(result -> result.findings().stream());
    }

    /// How many documents say something.
    public int size() {
        return results.stream().mapToInt(result -> result.documents().size()).sum();
    }
}
