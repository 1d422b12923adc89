package io.sallyport.xds.discovery;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Lets only a few whole tables be under way at a time. A table of 10,000 hosts is 6 MB of buffers for each stream, and
/// after a restart all proxies come at once.
final class Ferry {

    /// Smaller tables travel freely.
    static final int HEAVY = 500;

    @GuardedBy("this") private int free;

    @GuardedBy("this") private final Set<Runnable> waiting = new LinkedHashSet<>();

    Ferry(int places) {
        this.free = places;
    }

    /// Takes a place, or false: `wake` runs when there may be one.
    boolean board(Runnable wake) {
        Runnable next;
        synchronized (this) {
            if (free == 0) {
                waiting.add(wake);
                return false;
            }
            free--;
            waiting.remove(wake);
            next = next();
        }
        run(next);
        return true;
    }

    void leave() {
        Runnable next;
        synchronized (this) {
            free++;
            next = next();
        }
        run(next);
    }

    /// Who waits and is gone must not be woken in place of another.
    void forget(Runnable wake) {
        Runnable next;
        synchronized (this) {
            waiting.remove(wake);
            next = next();
        }
        run(next);
    }

    @GuardedBy("this") private @Nullable Runnable next() {
        return free > 0 && !waiting.isEmpty() ? waiting.iterator().next() : null;
    }

    private static void run(@Nullable Runnable next) {
        if (next != null) {
            next.run();
        }
    }
}
