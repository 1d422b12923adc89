package io.sallyport.config.store;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.Map;

/// Which trace the newest revisions belong to, so that those who watch can go on with it. Kept in memory alone: after a
/// restart, and for the revisions of another replica, nothing is known, and a new trace starts where the revision is
/// taken up.
final class RevisionTraces {

    private static final int KEPT = 256;

    @GuardedBy("this") private final Map<Long, String> parents = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, String> eldest) {
            return size() > KEPT;
        }
    };

    synchronized void put(long revision, String traceParent) {
        if (!traceParent.isEmpty()) {
            parents.put(revision, traceParent);
        }
    }

    synchronized String of(long revision) {
        return parents.getOrDefault(revision, "");
    }
}
