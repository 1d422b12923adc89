package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The status of Istio's kinds and of ours: `conditions`, `validationMessages` and `observedGeneration`, as Istio's
/// `IstioStatus` has them.
final class IstioStatus implements StatusText {

    private static final int MOST_MESSAGES = 50;

    private final Judgement judgement;
    private final ConditionList conditions;

    IstioStatus(Judgement judgement, InstantSource clock) {
        this.judgement = judgement;
        this.conditions = new ConditionList(clock);
    }

    @Override
    public Optional<Map<String, Object>> status(
            ClusterObject name, GenericKubernetesResource object, Map<?, ?> before) {
        var ours = judgement.conditions(name.ref());
        if (ours.isEmpty()) {
            return Optional.empty();
        }
        var generation = object.getMetadata().getGeneration();
        if (judgement.lacksKeyPairs(name.ref())
                && String.valueOf(generation).equals(String.valueOf(before.get("observedGeneration")))) {
            ours = staying(ours, before.get("conditions"));
        }
        var status = new LinkedHashMap<String, Object>();
        before.forEach((key, value) -> status.put(String.valueOf(key), value));
        status.put("conditions", conditions.merged(before.get("conditions"), ours, null));
        status.put("validationMessages", messages(name));
        if (generation != null) {
            status.put("observedGeneration", generation);
        }
        return Optional.of(status);
    }

    // What was said of Secrets stays while nobody says more.
    private static List<Condition> staying(List<Condition> ours, @Nullable Object before) {
        var shown = (before instanceof List<?> list ? list : List.of())
                .stream()
                        .filter(Map.class::isInstance)
                        .map(each -> (Map<?, ?>) each)
                        .filter(each -> "Resolved".equals(each.get("type"))
                                && ListenerSecrets.INVALID.equals(each.get("reason")))
                        .map(each -> new Condition(
                                "Resolved", false, ListenerSecrets.INVALID, String.valueOf(each.get("message"))))
                        .findFirst();
        return ours.stream()
                .map(each -> each.type().equals("Resolved") && each.isTrue() ? shown.orElse(each) : each)
                .toList();
    }

    // As Istio's analysis writes them, where `istioctl` and dashboards look.
    private List<Map<String, Object>> messages(ClusterObject name) {
        return judgement.findings(name.ref()).stream()
                .limit(MOST_MESSAGES)
                .map(finding -> Map.<String, Object>of(
                        "type",
                        Map.of(
                                "code",
                                finding.code().id(),
                                "name",
                                finding.code().title()),
                        "level",
                        finding.code().severity().name()))
                .distinct()
                .toList();
    }
}
