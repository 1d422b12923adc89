package io.sallyport.config.store;

import io.sallyport.model.ObjectRef;
import java.util.List;

/// One numbered, immutable change set of the log. Each object occurs at most once in it.
public record Revision(RevisionHeader header, List<RecordedChange> changes) {

    public Revision {
        changes = List.copyOf(changes);
    }

    public long number() {
        return header.number();
    }

    List<ObjectRef> refs() {
        return changes.stream().map(RecordedChange::ref).toList();
    }
}
