package io.sallyport.config.source;

import io.sallyport.config.api.Refusals.Refusal;
import io.sallyport.config.store.Change;
import io.sallyport.model.Finding;
import java.util.List;

/// What became of one look at the directory.
///
/// `files` are those that changed, relative to the root. `changes` are what the new revision did; empty if it made
/// none, and then `revision` is the head that stays. `refusals` are the documents and files among them that were not
/// taken, `findings` what was found about those that were. `first` marks the look at the start.
public record DirectoryEvent(
        long revision,
        List<String> files,
        List<Change> changes,
        List<Refusal> refusals,
        List<Finding> findings,
        boolean first) {

    public DirectoryEvent {
        files = List.copyOf(files);
        changes = List.copyOf(changes);
        refusals = List.copyOf(refusals);
        findings = List.copyOf(findings);
    }
}
