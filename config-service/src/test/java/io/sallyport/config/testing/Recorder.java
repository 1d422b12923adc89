package io.sallyport.config.testing;

import io.sallyport.config.source.DirectoryEvent;
import io.sallyport.config.source.DirectoryListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/// Hears a directory source and lets a test wait for a fact.
public final class Recorder implements DirectoryListener {

    private final LinkedBlockingQueue<DirectoryEvent> events = new LinkedBlockingQueue<>();
    private final List<DirectoryEvent> heard = new ArrayList<>();

    @Override
    public void changed(DirectoryEvent event) {
        events.add(event);
    }

    /// The next event for which `wanted` holds; the ones before it are kept in [#heard].
    public DirectoryEvent await(Predicate<DirectoryEvent> wanted) throws InterruptedException {
        while (true) {
            var event = events.poll(60, TimeUnit.SECONDS);
            if (event == null) {
                var text = heard.toString();
                throw new AssertionError(
                        "Nothing like that happened; heard: " + text.substring(0, Math.min(text.length(), 4_000)));
            }
            heard.add(event);
            if (wanted.test(event)) {
                return event;
            }
        }
    }

    public List<DirectoryEvent> heard() {
        return heard;
    }
}
