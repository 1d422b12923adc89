package io.sallyport.config.store;

import io.sallyport.model.Finding;
import io.sallyport.model.ObjectRef;
import java.util.ArrayList;
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
        if (before == after) {
            return List.of();
        }
        var touched = new HashSet<ObjectRef>();
        changes.forEach(change -> touched.add(change.ref()));
        // The analyzer hands out the same finding again for what did not change, so identity is enough for nearly all.
        Set<Finding> same = Collections.newSetFromMap(new IdentityHashMap<>());
        same.addAll(before);
        var relevant = new ArrayList<Finding>();
        var elsewhere = new ArrayList<Finding>();
        for (var finding : after) {
            if (touched.contains(finding.location().object())) {
                relevant.add(finding);
            } else if (!same.contains(finding)) {
                elsewhere.add(finding);
            }
        }
        if (!elsewhere.isEmpty()) {
            var known = new HashSet<>(before);
            elsewhere.stream().filter(finding -> !known.contains(finding)).forEach(relevant::add);
        }
        return relevant;
    }
}
