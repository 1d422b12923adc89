package io.sallyport.config.kubernetes;

import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.Outcome;
import io.sallyport.config.store.Owner;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What would be said of an object beside everything that is in force: references to nothing, conflicts. Whoever asks
/// must not wait for a log that is busy or a store that is away: after half a second there is nothing to say.
final class Foresight implements Review.World {

    private static final Logger log = LoggerFactory.getLogger(Foresight.class);
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final RevisionLog revisions;
    private final Duration patience;

    Foresight(RevisionLog revisions) {
        this(revisions, PATIENCE);
    }

    /// With other patience than half a second.
    Foresight(RevisionLog revisions, Duration patience) {
        this.revisions = revisions;
        this.patience = patience;
    }

    @Override
    public List<Finding> findings(ConfigObject<?> object) {
        return CompletableFuture.supplyAsync(
                        () -> ask(object),
                        task -> Thread.ofVirtual().name("admission-foresight").start(task))
                .completeOnTimeout(List.of(), patience.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    private List<Finding> ask(ConfigObject<?> object) {
        var request = new ChangeRequest(
                Owner.KUBERNETES,
                "webhook",
                "",
                List.of(object),
                List.of(),
                OptionalLong.empty(),
                true,
                Optional.empty());
        try {
            return revisions.submit(request) instanceof Outcome.Accepted accepted
                    ? accepted.findings().stream()
                            .filter(finding ->
                                    object.ref().equals(finding.location().object()))
                            .toList()
                    : List.of();
        } catch (StoreUnavailableException e) {
            log.atDebug().addKeyValue("reason", e.getMessage()).log("A review is answered without what it would meet");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return List.of();
    }
}
