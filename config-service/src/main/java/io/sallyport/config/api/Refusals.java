package io.sallyport.config.api;

import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.Optional;

/// What the sources offer and config-service does not take. Each source publishes its own list.
public interface Refusals {

    /// No source, nothing refused.
    Refusals NONE = List::of;

    List<Refusal> current();

    /// A document that is refused, or (without `ref`) a file that cannot be read.
    /// `keptRevision` is the revision whose version stays in force; 0: none.
    record Refusal(Optional<ObjectRef> ref, String sourceName, long keptRevision, List<Finding> findings) {

        public Refusal {
            findings = List.copyOf(findings);
        }
    }
}
