package io.sallyport.analysis.serviceentry;

import static io.sallyport.model.Severity.WARNING;

import com.google.common.base.Splitter;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.world.Lookups;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.ServiceEntry;

/// SP4507: an annotation that is to open inner networks to names that are looked up, and opens none: what is written is
/// no network, or nothing of the entry is looked up.
final class AllowedNetworkIsOne extends ObjectRule<ServiceEntry> {

    AllowedNetworkIsOne() {
        super(
                "SP4507",
                WARNING,
                "Allowed network has no effect",
                Kind.SERVICE_ENTRY,
                ServiceEntry.class,
                new Page(
                        "Names that gateways look up as they come lead outside only, but for the networks of the annotation networking.sallyport.io/allowed-networks on an entry with resolution DYNAMIC_DNS.",
                        """
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata: {namespace: shop, name: any, annotations: {networking.sallyport.io/allowed-networks: 10.0.0.0}}
                        spec: {hosts: ["*.shop.test"], resolution: DYNAMIC_DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
                        """,
                        """
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata: {namespace: shop, name: any, annotations: {networking.sallyport.io/allowed-networks: 10.0.0.0/8}}
                        spec: {hosts: ["*.shop.test"], resolution: DYNAMIC_DNS, ports: [{number: 443, name: tls, protocol: TLS}]}
                        """));
    }

    @Override
    public void check(At<ServiceEntry> entry, Report report) {
        var written = report.object().metadata().annotations().get(Lookups.ALLOWED);
        if (written == null) {
            return;
        }
        var place = new At<>(Path.of("metadata", "annotations").field(Lookups.ALLOWED), written);
        if (entry.value().resolution() != ServiceEntry.Resolution.DYNAMIC_DNS) {
            report.at(
                    place,
                    "annotation \"%s\" has no effect with resolution %s (expected: DYNAMIC_DNS)"
                            .formatted(Lookups.ALLOWED, entry.value().resolution()));
            return;
        }
        Splitter.on(',').trimResults().omitEmptyStrings().split(written).forEach(network -> {
            if (!Lookups.isNetwork(network)) {
                report.at(place, "\"%s\" is no network (expected: one like \"10.20.0.0/16\")".formatted(network));
            }
        });
    }
}
