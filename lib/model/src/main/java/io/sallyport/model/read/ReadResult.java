package io.sallyport.model.read;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// What came of one file: its documents in order, and what is wrong with the file as a whole.
public record ReadResult(String sourceName, List<DocumentResult> documents, List<Finding> fileFindings) {

    public ReadResult {
        documents = List.copyOf(documents);
        fileFindings = List.copyOf(fileFindings);
    }

    /// Everything that was found, the file's first.
    public List<Finding> findings() {
        var all = new ArrayList<>(fileFindings);
        documents.forEach(document -> all.addAll(document.findings()));
        return all;
    }

    /// The objects that can be used.
    public Stream<ConfigObject<?>> objects() {
        return documents.stream().<ConfigObject<?>>map(DocumentResult::object).filter(Objects::nonNull);
    }

    public boolean hasErrors() {
        return findings().stream().anyMatch(Finding::isError);
    }
}
