package io.sallyport.config.store;

import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.util.Optional;

/// Reads an object's name as [ObjectRef#toString] prints it.
final class ObjectName {

    private ObjectName() {}

    /// `VirtualService shop/cart`; empty if it is no such name.
    static Optional<ObjectRef> parse(String text) {
        int space = text.indexOf(' ');
        int slash = text.indexOf('/');
        if (space < 0 || slash < space) {
            return Optional.empty();
        }
        return Kind.of(text.substring(0, space))
                .map(kind -> new ObjectRef(kind, text.substring(space + 1, slash), text.substring(slash + 1)));
    }
}
