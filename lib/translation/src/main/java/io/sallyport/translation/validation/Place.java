package io.sallyport.translation.validation;

import org.jspecify.annotations.Nullable;

/// Where in a message something is: `virtual_hosts[0].domains`. It becomes a text only when somebody asks, since nearly
/// every message has nothing to report.
final class Place {

    /// The message itself.
    static final Place ROOT = new Place(null, "");

    private final @Nullable Place parent;
    private final Object step;

    // A text is a field, a number an index, anything else the key of a map.
    private Place(@Nullable Place parent, Object step) {
        this.parent = parent;
        this.step = step;
    }

    Place field(String name) {
        return new Place(this, name);
    }

    Place index(int index) {
        return new Place(this, index);
    }

    Place key(Object key) {
        return new Place(this, new Key(key));
    }

    private record Key(Object text) {}

    boolean isRoot() {
        return parent == null;
    }

    @Override
    public String toString() {
        if (parent == null) {
            return "";
        }
        var front = parent.toString();
        return switch (step) {
            case Integer index -> front + "[" + index + "]";
            case Key(var text) -> front + "[\"" + text + "\"]";
            default -> front.isEmpty() ? step.toString() : front + "." + step;
        };
    }
}
