package io.sallyport.config.store;

import com.google.common.hash.HashCode;
import io.sallyport.model.ObjectRef;

/// One row of the log: an object as it is from this revision on, or its end.
public sealed interface RecordedChange {

    ObjectRef ref();

    Change.Verb verb();

    /// Guards the row.
    HashCode checksum();

    default Change change() {
        return new Change(verb(), ref());
    }

    record Stored(Change.Verb verb, StoredObject object) implements RecordedChange {

        @Override
        public ObjectRef ref() {
            return object.ref();
        }

        @Override
        public HashCode checksum() {
            return object.checksum();
        }
    }

    record Removed(ObjectRef ref) implements RecordedChange {

        @Override
        public Change.Verb verb() {
            return Change.Verb.DELETED;
        }

        @Override
        public HashCode checksum() {
            return new DigestWriter().add(verb().text()).add(ref).finish();
        }
    }
}
