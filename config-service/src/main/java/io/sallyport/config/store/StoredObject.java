package io.sallyport.config.store;

import com.google.common.hash.HashCode;
import io.sallyport.model.Age;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;

/// One object as the log keeps it: the text that its author wrote, and what was fixed when it was accepted.
/// `revision` is the one that last changed the text; moving it to another line or file keeps it.
public record StoredObject(ObjectRef ref, SourceDocument source, Owner owner, Age age, long revision) {

    /// Guards every field; the text by its own digest, so that checking a move does not hash the text again.
    HashCode checksum() {
        return new DigestWriter()
                .add(ref)
                .add(owner.text())
                .add(revision)
                .add(age.created().getEpochSecond())
                .add(age.revision())
                .add(age.path())
                .add(age.index())
                .add(source.name())
                .add(source.firstLine())
                .add(source.index())
                .add(source.digest())
                .finish();
    }
}
