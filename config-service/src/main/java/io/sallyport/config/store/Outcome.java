package io.sallyport.config.store;

import com.google.protobuf.ByteString;
import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import java.util.List;

/// What became of a [ChangeRequest]. Everything but [Accepted] left the log as it was.
public sealed interface Outcome {

    /// `revision` is the new head, or the old one if nothing had to change. `findings` are about what was touched, or
    /// came up because of it.
    record Accepted(long revision, List<Change> changes, List<Finding> findings, boolean dryRun) implements Outcome {

        public Accepted {
            changes = List.copyOf(changes);
            findings = List.copyOf(findings);
        }
    }

    /// The request was accepted before, under the same id: `response` is what it was answered then.
    record Repeated(long revision, ByteString response) implements Outcome {}

    /// The caller has seen another head.
    record OtherHead(long expected, long head) implements Outcome {}

    /// An object belongs to another source.
    record Foreign(ObjectRef ref, Owner owner) implements Outcome {}

    /// The id was used for another request.
    record IdReused(String id, long revision) implements Outcome {}

    /// The request contradicts itself: an object occurs in it twice.
    record Twice(ObjectRef ref) implements Outcome {}

    /// The namespace is full.
    record TooMany(String namespace, int bound) implements Outcome {}

    /// More requests are waiting than the log takes: come back.
    record Busy(long head) implements Outcome {}
}
