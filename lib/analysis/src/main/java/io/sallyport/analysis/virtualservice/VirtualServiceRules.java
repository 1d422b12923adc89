package io.sallyport.analysis.virtualservice;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.Rule;
import java.util.List;

/// All rules about VirtualServices.
public final class VirtualServiceRules {

    private VirtualServiceRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .addAll(HostRules.all())
                .addAll(ActionRules.all())
                .addAll(AnswerRules.all())
                .addAll(HeaderRules.all())
                .addAll(MatchRules.all())
                .addAll(PolicyRules.all())
                .addAll(ReachRules.all())
                .add(new TcpMatchIsFirst())
                .addAll(HostileRules.all())
                .addAll(DenialRules.all())
                .build();
    }
}
