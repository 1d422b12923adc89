package io.sallyport.config.store;

import io.sallyport.analysis.Inspections;
import io.sallyport.model.Finding;
import io.sallyport.model.SourceDocument;
import java.util.List;

/// Turns text into documents, the same way wherever the text came from. Any thread may call it.
public interface DocumentReader {

    /// The documents of one file. If it cannot be split into documents at all, `findings` says why and there are none.
    File readFile(String name, byte[] content);

    /// One document, as it was stored or sent.
    Document read(SourceDocument source);

    /// What is known of single objects in this process: whoever judges what was read here shares it.
    Inspections inspections();

    /// What a file holds.
    record File(List<Document> documents, List<Finding> findings) {

        public File {
            documents = List.copyOf(documents);
            findings = List.copyOf(findings);
        }

        /// Whether the file as a whole cannot be read, so that nothing can be said about its objects.
        public boolean isBroken() {
            return findings.stream().anyMatch(Finding::isError);
        }
    }
}
