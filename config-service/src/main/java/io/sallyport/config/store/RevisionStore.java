package io.sallyport.config.store;

import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.Optional;

/// Keeps the log on disk. What [#append] has returned from survives the process, the machine and the power cut.
/// Only the log's owner thread appends; any thread may read.
interface RevisionStore extends AutoCloseable {

    /// What is in force, checked against its digests. Damage that it had to work around is named in the answer.
    StoredState load() throws StoreUnavailableException;

    /// Writes all of it or nothing, if the newest revision still is `head`.
    void append(long head, List<Revision> revisions, List<AcceptedRequest> requests)
            throws StoreUnavailableException, RevisionTakenException;

    /// The newest revision's number; 0 without one.
    long head() throws StoreUnavailableException;

    /// Whole revisions after `number`, oldest first, at most `limit`.
    List<Revision> after(long number, int limit) throws StoreUnavailableException, StoreDamagedException;

    /// What revisions before `before` did, newest first, at most `limit`; only those that touched `ref` if it is given.
    List<HistoryEntry> history(Optional<ObjectRef> ref, long before, int limit) throws StoreUnavailableException;

    /// The object as it was at a revision; empty if it did not exist.
    Optional<StoredObject> find(ObjectRef ref, long revision) throws StoreUnavailableException, StoreDamagedException;

    Optional<AcceptedRequest> request(String id) throws StoreUnavailableException;

    /// Forgets revisions before `floor`, but for the rows that are still in force at `floor`.
    void prune(long floor) throws StoreUnavailableException;

    /// Reads everything and names what is not as it was written; empty if all is well.
    List<String> verify() throws StoreUnavailableException;

    /// Calls `listener` when another replica may have appended. Closing ends it.
    Subscription listen(Runnable listener);

    @Override
    void close();
}
