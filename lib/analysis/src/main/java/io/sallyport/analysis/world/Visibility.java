package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableSortedSet;
import java.util.Collection;

/// Which namespaces see an object: what its `exportTo` says, or the mesh's default. `.` is the object's own, `*` all,
/// `~` none. (Istio: `pilot/pkg/model/push_context.go`.)
public record Visibility(String namespace, ImmutableSortedSet<String> exportTo) {

    /// `exportTo` as the object spells it; `fallback` is the mesh's default where it says nothing.
    public static Visibility of(String namespace, Collection<String> exportTo, Collection<String> fallback) {
        var words = exportTo.isEmpty() ? fallback : exportTo;
        return new Visibility(
                namespace, words.isEmpty() ? ImmutableSortedSet.of("*") : ImmutableSortedSet.copyOf(words));
    }

    public boolean isPublic() {
        return exportTo.contains("*");
    }

    public boolean visibleTo(String viewer) {
        return rank(viewer) != HIDDEN;
    }

    /// In which group a viewer finds the object: private ones come first, then those exported to it by name,
    /// then public ones.
    public int rank(String viewer) {
        if (isPublic()) {
            return PUBLIC;
        }
        if (exportTo.contains("~")) {
            return HIDDEN;
        }
        if (viewer.equals(namespace)) {
            return exportTo.contains(".") || exportTo.contains(namespace) ? PRIVATE : HIDDEN;
        }
        return exportTo.contains(viewer) ? NAMED : HIDDEN;
    }

    /// Whether no other namespace can see it.
    public boolean isPrivate() {
        return exportTo.size() == 1
                && (exportTo.first().equals(".") || exportTo.first().equals(namespace));
    }

    public static final int PRIVATE = 0;
    public static final int NAMED = 1;
    public static final int PUBLIC = 2;
    public static final int HIDDEN = 3;
}
