package io.sallyport.config.store;

import com.google.common.hash.HashCode;
import java.time.Instant;
import java.util.List;

/// A revision without what it changed: its number, when, who and why, and its place in the chain.
/// `previous` is the digest of the revision before it, so that nobody edits the history unseen.
public record RevisionHeader(
        long number, Instant time, String author, String message, String previous, String state, String digest) {

    /// Before the first revision.
    static final RevisionHeader NONE =
            new RevisionHeader(0, Instant.EPOCH, "", "", "", StateDigest.EMPTY.toString(), "");

    static RevisionHeader of(
            long number,
            Instant time,
            String author,
            String message,
            RevisionHeader previous,
            StateDigest state,
            List<RecordedChange> changes) {
        var unsigned = new RevisionHeader(number, time, author, message, previous.digest(), state.toString(), "");
        return new RevisionHeader(
                number,
                time,
                author,
                message,
                previous.digest(),
                state.toString(),
                unsigned.digestOver(changes.stream()
                        .map(RecordedChange::checksum)
                        .map(HashCode::toString)
                        .toList()));
    }

    /// The digest that this revision has to have with rows of these checksums.
    String digestOver(List<String> checksums) {
        var writer = new DigestWriter()
                .add(number)
                .add(time.toEpochMilli())
                .add(author)
                .add(message)
                .add(previous)
                .add(state);
        checksums.forEach(writer::add);
        return writer.finish().toString();
    }
}
