package io.sallyport.config.store;

import java.util.List;

/// One line of the history: a revision and what it did, without the texts.
public record HistoryEntry(RevisionHeader header, List<Change> changes) {

    public HistoryEntry {
        changes = List.copyOf(changes);
    }
}
