package io.sallyport.xds.discovery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.sallyport.translation.ResourceType;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/// What becomes of what proxies are sent, by type. Proxies are counted, not named: there may be ten thousand.
final class DiscoveryMeters {

    /// What a proxy said to a response, if it said anything.
    enum Result {
        ACKNOWLEDGED("acknowledged"),
        REFUSED("refused"),
        UNANSWERED("unanswered");

        private final String label;

        Result(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    private static final Duration[] STEPS = {
        Duration.ofMillis(10),
        Duration.ofMillis(50),
        Duration.ofMillis(200),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        Duration.ofMinutes(2)
    };

    private final Map<ResourceType, Map<Result, Counter>> pushes = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, Timer> answers = new EnumMap<>(ResourceType.class);
    private final Timer revisions;

    DiscoveryMeters(MeterRegistry meters) {
        for (var type : ResourceType.values()) {
            var results = new EnumMap<Result, Counter>(Result.class);
            for (var result : Result.values()) {
                results.put(
                        result,
                        Counter.builder("sallyport_xds_pushes")
                                .description("Responses that proxies were sent, by type and by what they said to them.")
                                .tag("type", type.acronym())
                                .tag("result", result.label())
                                .register(meters));
            }
            pushes.put(type, results);
            answers.put(
                    type,
                    Timer.builder("sallyport_xds_answer")
                            .description("From a response to the proxy's answer.")
                            .tag("type", type.acronym())
                            .serviceLevelObjectives(STEPS)
                            .register(meters));
        }
        this.revisions = Timer.builder("sallyport_xds_revision_to_ack")
                .description(
                        "From the moment config-service stored a revision to the moment a connected proxy had taken all of it.")
                .serviceLevelObjectives(STEPS)
                .register(meters);
    }

    void ended(ResourceType type, Result result, Duration took) {
        var counter = pushes.getOrDefault(type, Map.of()).get(result);
        if (counter != null) {
            counter.increment();
        }
        var timer = answers.get(type);
        if (timer != null && result != Result.UNANSWERED) {
            timer.record(took);
        }
    }

    void reached(Duration sinceMade) {
        revisions.record(sinceMade.isNegative() ? Duration.ZERO : sinceMade);
    }
}
