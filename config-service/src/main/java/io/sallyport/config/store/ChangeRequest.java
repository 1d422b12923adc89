package io.sallyport.config.store;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// What somebody wants to change. The objects have been read and inspected; whether they may replace what is there is
/// for the log to say.
///
/// `expected` is the head that the caller has seen; empty: any. `id` makes a repetition harmless.
public record ChangeRequest(
        Owner owner,
        String author,
        String message,
        List<ConfigObject<?>> upserts,
        List<ObjectRef> deletes,
        OptionalLong expected,
        boolean dryRun,
        Optional<Id> id) {

    public ChangeRequest {
        upserts = List.copyOf(upserts);
        deletes = List.copyOf(deletes);
    }

    /// Chosen by the caller. `digest` is of everything else that was asked: one id means one request.
    public record Id(String id, String digest) {}

    /// A change that a source makes: whatever the head is, and with no need to be repeated.
    public static ChangeRequest of(
            Owner owner, String author, String message, List<ConfigObject<?>> upserts, List<ObjectRef> deletes) {
        return new ChangeRequest(
                owner, author, message, upserts, deletes, OptionalLong.empty(), false, Optional.empty());
    }
}
