package io.sallyport.analysis.relation;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.Rule;
import java.util.List;

/// All rules about objects among others.
public final class RelationRules {

    private RelationRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .addAll(BindingRules.all())
                .addAll(ServerRulesMeet.all())
                .addAll(ReferenceRules.all())
                .addAll(GatewayConflicts.all())
                .addAll(HostConflicts.all())
                .addAll(SecretRules.all())
                .addAll(CertificateRules.all())
                .addAll(ServicePortRules.all())
                .addAll(TrafficRuleRules.all())
                .add(new ClaimsAreChecked())
                .add(new RegexesAreFew())
                .addAll(ExportReaches.all())
                .add(new SubsetIsOnesOwn())
                .add(new SniHostIsFree())
                .add(new LowPortIsMapped())
                .add(new TcpPortIsOnesOwn())
                .add(new SelectionIsOnesOwn())
                .add(new ClientCredentialIsNotPlainText())
                .add(new LogProviderExists())
                .add(new WorkloadCanShowItself())
                .add(new LogProviderExists.LogProvidersAreKnown())
                .build();
    }
}
