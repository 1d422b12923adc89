package io.sallyport.egress.api;

import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.analysis.expansion.Expiry;
import io.sallyport.analysis.world.Backend;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.EgressPolicy;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.ServiceEntry;
import io.sallyport.proto.egress.v1.ExternalService;
import io.sallyport.proto.egress.v1.Standing;
import java.util.List;
import java.util.stream.Stream;

/// What a list of the places outside says of EgressPolicies: how long each holds still, and what those that have ended
/// would let out.
final class PolicyEntries {

    private final CheckedImage image;
    private final Wire wire;

    PolicyEntries(CheckedImage image, Wire wire) {
        this.image = image;
        this.wire = wire;
    }

    /// A service with the end of the policy that declares it, if one does.
    ExternalService dated(Backend backend, ExternalService service) {
        return image.expansions()
                .writer(backend.origin().object())
                .map(policy -> dated(policy, service))
                .orElse(service);
    }

    private ExternalService dated(ConfigObject<?> policy, ExternalService service) {
        if (!(policy.spec() instanceof EgressPolicy spec)) {
            return service;
        }
        var phase = Expiry.of(spec)
                .flatMap(expiry -> image.moment().map(expiry::at))
                .orElse(Expiry.Phase.FAR);
        return service.toBuilder()
                .setExpires(spec.expires())
                .setStanding(
                        switch (phase) {
                            case FAR -> Standing.STANDING_UNSPECIFIED;
                            case NEAR -> Standing.ENDS_SOON;
                            case OVER -> Standing.ENDED;
                        })
                .build();
    }

    /// What ended policies stood for.
    List<ExternalService> ended(String namespace) {
        return image.expansions().ended().stream()
                .flatMap(policy -> EgressExpansion.of(policy).stream()
                        .flatMap(made -> made.object().spec() instanceof ServiceEntry entry
                                        && entry.location() == ServiceEntry.Location.MESH_EXTERNAL
                                        && entry.workloadSelector() == null
                                        && isSeen(policy, entry, namespace)
                                ? entry.hosts().stream().map(host -> service(policy, entry, host))
                                : Stream.of()))
                .toList();
    }

    private static boolean isSeen(ConfigObject<?> policy, ServiceEntry entry, String namespace) {
        return namespace.isEmpty()
                || entry.exportTo().contains("*")
                || entry.exportTo().contains(namespace)
                || (entry.exportTo().contains(".") && policy.namespace().equals(namespace));
    }

    private ExternalService service(ConfigObject<?> policy, ServiceEntry entry, String host) {
        var service = ExternalService.newBuilder()
                .setHost(host)
                .setResolution(entry.resolution().name())
                .addAllVisibleTo(entry.exportTo().stream()
                        .map(shown -> shown.equals(".") ? policy.namespace() : shown)
                        .toList())
                .addAllPorts(EgressApi.ports(entry))
                .setLocation(wire.location(new Origin(policy.ref(), Path.of("spec", "expires"))));
        return dated(policy, service.build());
    }
}
