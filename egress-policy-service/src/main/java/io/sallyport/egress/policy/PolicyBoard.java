package io.sallyport.egress.policy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Inspections;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Clients;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Holds the newest configuration and answers from it: the effective policy of each class of clients is worked out when
/// somebody asks, and kept; after an edit only what changed is worked out again. While config-service is away, the last
/// configuration goes on answering.
public final class PolicyBoard {

    private final InstantSource clock;
    private volatile Optional<ConfigImage> newest = Optional.empty();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock") private final Analyzer analyzer;

    @GuardedBy("lock") private Translator translator = new Translator();

    @GuardedBy("lock") private Optional<CheckedImage> judged = Optional.empty();

    /// `known`: what single objects were found to be, by whoever judges them in this process. The clock says which
    /// EgressPolicies have ended.
    public PolicyBoard(Inspections known, InstantSource clock) {
        this.analyzer = new Analyzer(known);
        this.clock = clock;
    }

    /// The next configuration. Costs nothing until somebody asks.
    public void offer(ConfigImage image) {
        newest = Optional.of(image);
    }

    /// Whether there is a configuration to answer from.
    public boolean isKnown() {
        return newest.isPresent();
    }

    /// A question to one configuration. The translator remembers what it has made of earlier ones.
    public interface Question<T, E extends Exception> {
        T answer(CheckedImage image, Translator translator) throws E;
    }

    /// Asks the newest configuration.
    public <T, E extends Exception> T ask(Question<T, E> question) throws NotReadyException, E {
        lock.lock();
        try {
            var image = newest.orElseThrow(NotReadyException::new);
            // The same answer as before, unless the image or a policy's end came between.
            var checked = analyzer.check(image, clock.instant());
            if (judged.filter(before -> before != checked && !Clients.of(before).equals(Clients.of(checked)))
                    .isPresent()) {
                // What is remembered for classes that are gone would be remembered for ever.
                translator = new Translator();
            }
            judged = Optional.of(checked);
            return question.answer(checked, translator);
        } finally {
            lock.unlock();
        }
    }
}
