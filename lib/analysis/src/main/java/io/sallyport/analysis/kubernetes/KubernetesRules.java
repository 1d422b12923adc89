package io.sallyport.analysis.kubernetes;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.Rule;
import java.util.List;

/// All rules about Kubernetes' own kinds.
public final class KubernetesRules {

    private KubernetesRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .addAll(ServiceRules.all())
                .addAll(ServiceAddressRules.all())
                .addAll(EndpointSliceRules.all())
                .addAll(SecretContentRules.all())
                .build();
    }
}
