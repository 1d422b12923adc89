package io.sallyport.config.store;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/// How long the steps of a change take, and what becomes of changes.
final class LogMeters {

    private static final Duration[] STEPS = {
        Duration.ofMillis(1),
        Duration.ofMillis(5),
        Duration.ofMillis(20),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10)
    };

    private enum Result {
        ACCEPTED,
        UNCHANGED,
        REFUSED
    }

    private final Timer check;
    private final Timer store;
    private final Map<Result, Counter> changes = new EnumMap<>(Result.class);

    LogMeters(MeterRegistry meters) {
        this.check = Timer.builder("sallyport_config_check")
                .description("How long judging the configuration with one change took.")
                .serviceLevelObjectives(STEPS)
                .register(meters);
        this.store = Timer.builder("sallyport_config_store")
                .description("How long the store took to write a batch of revisions.")
                .serviceLevelObjectives(STEPS)
                .register(meters);
        for (var result : Result.values()) {
            changes.put(
                    result,
                    Counter.builder("sallyport_config_changes")
                            .description(
                                    "Changes that passed the door, by what became of them; others are calls with INVALID_ARGUMENT.")
                            .tag("result", result.name().toLowerCase(java.util.Locale.ROOT))
                            .register(meters));
        }
    }

    Timer check() {
        return check;
    }

    Timer store() {
        return store;
    }

    void decided(Outcome outcome, boolean isNew) {
        var result = switch (outcome) {
            case Outcome.Accepted _ -> isNew ? Result.ACCEPTED : Result.UNCHANGED;
            case Outcome.Repeated _ -> Result.UNCHANGED;
            case Outcome.OtherHead _,
                    Outcome.Foreign _,
                    Outcome.IdReused _,
                    Outcome.Twice _,
                    Outcome.TooMany _,
                    Outcome.Busy _ -> Result.REFUSED;
        };
        var counter = changes.get(result);
        if (counter != null) {
            counter.increment();
        }
    }
}
