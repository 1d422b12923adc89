package io.sallyport.model;

/// Which part of which object made something: a route's origin is `VirtualService shop/cart` at `spec.http[0]`.
/// It has no line, so that moving an object within its file changes nothing downstream.
public record Origin(ObjectRef object, Path path) {

    @Override
    public String toString() {
        return path.isRoot() ? object.toString() : object + " " + path;
    }
}
