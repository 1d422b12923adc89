package io.sallyport.analysis.policy;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.Rule;
import java.util.List;

/// All rules about policies.
public final class PolicyRules {

    private PolicyRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .addAll(TargetRules.all())
                .addAll(TelemetryRules.all())
                .addAll(MeshLogRules.all())
                .addAll(AuthorizationRules.all())
                .addAll(AuthenticationRules.all())
                .addAll(ExtensionRules.all())
                .build();
    }
}
