package io.sallyport.analysis;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.destinationrule.DestinationRuleRules;
import io.sallyport.analysis.expansion.EgressPolicyRules;
import io.sallyport.analysis.gateway.GatewayRules;
import io.sallyport.analysis.gatewayapi.GatewayApiRules;
import io.sallyport.analysis.kubernetes.KubernetesRules;
import io.sallyport.analysis.object.ObjectRules;
import io.sallyport.analysis.policy.PolicyRules;
import io.sallyport.analysis.relation.RelationRules;
import io.sallyport.analysis.serviceentry.ServiceEntryRules;
import io.sallyport.analysis.sidecar.SidecarRules;
import io.sallyport.analysis.virtualservice.VirtualServiceRules;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The rules, each listed once: what an [Analyzer] runs, and what the reference is made from.
public final class Rules {

    private static final ImmutableList<Rule<?>> ALL = ImmutableList.<Rule<?>>builder()
            .addAll(ObjectRules.all())
            .addAll(GatewayRules.all())
            .addAll(VirtualServiceRules.all())
            .addAll(DestinationRuleRules.all())
            .addAll(ServiceEntryRules.all())
            .addAll(SidecarRules.all())
            .addAll(KubernetesRules.all())
            .addAll(PolicyRules.all())
            .addAll(EgressPolicyRules.all())
            .addAll(RelationRules.all())
            .addAll(GatewayApiRules.all())
            .build();

    private Rules() {}

    /// All rules, by code.
    public static List<Rule<?>> all() {
        return ALL.stream()
                .sorted(Comparator.comparing(rule -> rule.code().id()))
                .toList();
    }

    /// The rule behind a code: `SP2101`.
    public static Optional<Rule<?>> find(String code) {
        return ALL.stream().filter(rule -> rule.code().id().equals(code)).findFirst();
    }
}
