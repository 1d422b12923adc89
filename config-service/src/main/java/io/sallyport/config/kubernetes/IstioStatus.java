package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
        var status = new LinkedHashMap<String, Object>();
        before.forEach((key, value) -> status.put(String.valueOf(key), value));
        status.put("conditions", conditions.merged(before.get("conditions"), ours, null));
        status.put("validationMessages", messages(name));
        var generation = object.getMetadata().getGeneration();
        if (generation != null) {
            status.put("observedGeneration", generation);
        }
        return Optional.of(status);
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
