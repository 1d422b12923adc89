package io.sallyport.config.store;

import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.SortedMap;

/// What a store holds when it is opened.
///
/// `head` is the newest revision, `objects` what is in force, `touched` which objects the latest revisions changed.
/// `damage` names what was lost, one sentence each. Then the log has to go on with a revision that writes `repairs`
/// down, numbered `nextNumber`: above every number that was ever given out, so that none is used twice.
record StoredState(
        RevisionHeader head,
        List<StoredObject> objects,
        SortedMap<Long, List<ObjectRef>> touched,
        List<String> damage,
        List<RecordedChange> repairs,
        long nextNumber) {}
