package io.sallyport.config.kubernetes;

import io.sallyport.kubernetes.ObjectKey;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.util.Comparator;

/// The name of an object that may become a document.
record ClusterObject(Kind kind, ObjectKey key) implements Comparable<ClusterObject> {

    private static final Comparator<ClusterObject> ORDER =
            Comparator.comparing(ClusterObject::kind).thenComparing(ClusterObject::key);
    // The reader's word where an object says none.
    private static final String NO_NAMESPACE = "default";

    // An object without a namespace has one name here, whether the API server or the log told it.
    ClusterObject {
        key = key.namespace().isEmpty() ? new ObjectKey(NO_NAMESPACE, key.name()) : key;
    }

    ObjectRef ref() {
        return new ObjectRef(kind, key.namespace(), key.name());
    }

    @Override
    public int compareTo(ClusterObject other) {
        return ORDER.compare(this, other);
    }
}
