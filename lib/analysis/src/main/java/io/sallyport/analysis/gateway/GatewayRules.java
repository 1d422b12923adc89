package io.sallyport.analysis.gateway;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.Rule;
import java.util.List;

/// All rules about Gateways.
public final class GatewayRules {

    private GatewayRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .addAll(ServerRules.all())
                .addAll(TlsRules.all())
                .addAll(ServiceabilityRules.all())
                .build();
    }
}
