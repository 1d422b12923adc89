package io.sallyport.config.store;

import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.Optional;

/// A store whose disk fills up when a test says so.
final class FailingStore implements RevisionStore {

    private final RevisionStore store;
    volatile boolean full;

    FailingStore(RevisionStore store) {
        this.store = store;
    }

    @Override
    public StoredState load() throws StoreUnavailableException {
        return store.load();
    }

    @Override
    public void append(long head, List<Revision> revisions, List<AcceptedRequest> requests)
            throws StoreUnavailableException, RevisionTakenException {
        if (full) {
            throw new StoreUnavailableException("cannot append r" + (head + 1) + ": disk full", null);
        }
        store.append(head, revisions, requests);
    }

    @Override
    public long head() throws StoreUnavailableException {
        return store.head();
    }

    @Override
    public List<Revision> after(long number, int limit) throws StoreUnavailableException, StoreDamagedException {
        return store.after(number, limit);
    }

    @Override
    public List<HistoryEntry> history(Optional<ObjectRef> ref, long before, int limit)
            throws StoreUnavailableException {
        return store.history(ref, before, limit);
    }

    @Override
    public Optional<StoredObject> find(ObjectRef ref, long revision)
            throws StoreUnavailableException, StoreDamagedException {
        return store.find(ref, revision);
    }

    @Override
    public Optional<AcceptedRequest> request(String id) throws StoreUnavailableException {
        return store.request(id);
    }

    @Override
    public void prune(long floor) throws StoreUnavailableException {
        store.prune(floor);
    }

    @Override
    public List<String> verify() throws StoreUnavailableException {
        return store.verify();
    }

    @Override
    public Subscription listen(Runnable listener) {
        return store.listen(listener);
    }

    @Override
    public void close() {
        store.close();
    }
}
