package io.sallyport.config.store;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import java.util.List;
import java.util.Optional;

/// One document as it was read: what it names, the object that it makes if it can be read whole, and what is wrong.
/// A document whose `kind` or `name` cannot be read has no `ref`.
public record Document(
        SourceDocument source, Optional<ObjectRef> ref, Optional<ConfigObject<?>> object, List<Finding> findings) {

    public Document {
        findings = List.copyOf(findings);
    }

    /// Whether it must not be stored.
    public boolean isRefused() {
        return object.isEmpty() || findings.stream().anyMatch(Finding::isRefusal);
    }

    /// Whether it is of a kind that Sallyport does not read: nobody's mistake.
    public boolean isForeign() {
        return object.isEmpty() && findings.stream().noneMatch(Finding::isError);
    }

    /// The same document with what else was found about it.
    public Document with(List<Finding> more) {
        if (more.isEmpty()) {
            return this;
        }
        var all = new java.util.ArrayList<>(findings);
        all.addAll(more);
        return new Document(source, ref, object, all);
    }
}
