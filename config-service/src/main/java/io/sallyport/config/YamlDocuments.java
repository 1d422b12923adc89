package io.sallyport.config;

import io.sallyport.analysis.Inspections;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.DocumentResult;
import io.sallyport.model.read.YamlReader;
import java.util.Optional;

/// Reads documents with the one reader that everything in Sallyport uses.
public final class YamlDocuments implements DocumentReader {

    private final YamlReader reader = new YamlReader();
    private final Inspections inspections;

    /// Shares what is found in single objects with whoever holds the same `inspections`.
    public YamlDocuments(Inspections inspections) {
        this.inspections = inspections;
    }

    @Override
    public Inspections inspections() {
        return inspections;
    }

    @Override
    public File readFile(String name, byte[] content) {
        var result = reader.read(name, content);
        return new File(result.documents().stream().map(YamlDocuments::document).toList(), result.fileFindings());
    }

    @Override
    public Document read(SourceDocument source) {
        return document(reader.readDocument(source));
    }

    private static Document document(DocumentResult result) {
        return new Document(
                result.source(),
                Optional.ofNullable(result.ref()),
                Optional.ofNullable(result.object()),
                result.findings());
    }
}
