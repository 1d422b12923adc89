package io.sallyport.config.kubernetes;

import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Spells conditions as Kubernetes keeps them: one of each type, those of other types as they were, and the time of the
/// last transition only moved by one.
final class ConditionList {

    private final InstantSource clock;

    ConditionList(InstantSource clock) {
        this.clock = clock;
    }

    /// `before` is what the field held. Of several conditions of one type the first is said: an API server refuses
    /// more. A
    /// `generation` is noted in each condition, where the kind's schema has that.
    List<Object> merged(@Nullable Object before, List<Condition> conditions, @Nullable Long generation) {
        var known = before instanceof List<?> list ? list : List.of();
        var left = new ArrayList<Condition>();
        for (var condition : conditions) {
            if (left.stream().noneMatch(said -> said.type().equals(condition.type()))) {
                left.add(condition);
            }
        }
        var all = new ArrayList<Object>();
        for (var each : known) {
            if (each instanceof Map<?, ?> condition) {
                var ours = left.stream()
                        .filter(said -> said.type().equals(condition.get("type")))
                        .findFirst();
                ours.ifPresent(left::remove);
                all.add(ours.<Object>map(said -> spelled(said, known, generation))
                        .orElse(condition));
            }
        }
        left.forEach(said -> all.add(spelled(said, known, generation)));
        return all;
    }

    private Map<String, Object> spelled(Condition condition, List<?> known, @Nullable Long generation) {
        var since = known.stream()
                .filter(each -> each instanceof Map<?, ?> map
                        && condition.type().equals(map.get("type"))
                        && condition.status().equals(map.get("status"))
                        && map.get("lastTransitionTime") != null)
                .map(each -> String.valueOf(((Map<?, ?>) each).get("lastTransitionTime")))
                .findFirst()
                .orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
        var spelled = new LinkedHashMap<String, Object>();
        spelled.put("type", condition.type());
        spelled.put("status", condition.status());
        spelled.put("reason", condition.reason());
        spelled.put("message", condition.message());
        spelled.put("lastTransitionTime", since);
        if (generation != null) {
            spelled.put("observedGeneration", generation);
        }
        return spelled;
    }
}
