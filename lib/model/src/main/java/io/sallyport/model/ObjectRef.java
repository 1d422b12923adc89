package io.sallyport.model;

import java.util.Comparator;

/// Names one object: `VirtualService shop/cart`. Ordered by kind, namespace and name.
public record ObjectRef(Kind kind, String namespace, String name) implements Comparable<ObjectRef> {

    private static final Comparator<ObjectRef> ORDER = Comparator.comparing(ObjectRef::kind)
            .thenComparing(ObjectRef::namespace)
            .thenComparing(ObjectRef::name);

    @Override
    public int compareTo(ObjectRef other) {
        return ORDER.compare(this, other);
    }

    /// `shop/cart`: how messages and Istio's own fields name the object.
    public String qualifiedName() {
        return namespace + "/" + name;
    }

    @Override
    public String toString() {
        return kind + " " + qualifiedName();
    }
}
