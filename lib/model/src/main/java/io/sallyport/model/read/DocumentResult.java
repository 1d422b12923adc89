package io.sallyport.model.read;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of one document. `object` is there when nothing was wrong; `ref` whenever the document says what it is,
/// so that an object that cannot be read any more is not taken for a deleted one.
public record DocumentResult(
        int index,
        @Nullable ObjectRef ref,
        @Nullable ConfigObject<?> object,
        List<Finding> findings,
        SourceDocument source) {

    public DocumentResult {
        findings = List.copyOf(findings);
    }

    /// Whether an error keeps the object out.
    public boolean isRefused() {
        return findings.stream().anyMatch(Finding::isError);
    }
}
