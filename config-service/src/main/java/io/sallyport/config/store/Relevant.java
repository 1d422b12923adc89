package io.sallyport.config.store;

import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// Picks, from all findings about the configuration, those that the author of a change wants to read.
final class Relevant {

    private Relevant() {}

    /// The findings about touched objects, and those that were not there before the change.
    static List<Finding> findings(List<Finding> before, List<Finding> after, List<Change> changes) {
        var touched = new HashSet<ObjectRef>();
        changes.forEach(change -> touched.add(change.ref()));
        // The analyzer hands out the same finding again for what did not change, so identity is enough for nearly all.
        Set<Finding> same = Collections.newSetFromMap(new IdentityHashMap<>());
        same.addAll(before);
        var candidates = after.stream()
                .filter(finding -> !same.contains(finding)
                        || touched.contains(finding.location().object()))
                .toList();
        var known = candidates.isEmpty() ? Set.<Finding>of() : new HashSet<>(before);
        return candidates.stream()
                .filter(finding -> touched.contains(finding.location().object()) || !known.contains(finding))
                .toList();
    }
}
