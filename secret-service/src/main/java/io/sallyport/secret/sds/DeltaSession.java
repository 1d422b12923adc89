package io.sallyport.secret.sds;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The incremental protocol. A secret that does not exist is answered at once as removed: an Envoy that starts waits 15
/// seconds for silence, and not at all for that word.
final class DeltaSession implements Session<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

    private final Subscription subscription;
    private long nonces;
    private String outstanding = "";
    private String resource = "";

    DeltaSession(Subscription subscription) {
        this.subscription = subscription;
    }

    @Override
    public Optional<Rejected> request(DeltaDiscoveryRequest request) throws Refusal {
        for (var name : request.getResourceNamesUnsubscribeList()) {
            subscription.remove(name);
        }
        for (var name : request.getResourceNamesSubscribeList()) {
            subscription.add(name);
        }
        request.getInitialResourceVersionsMap().forEach(subscription::has);
        if (request.getResponseNonce().isEmpty() || !request.getResponseNonce().equals(outstanding)) {
            return Optional.empty();
        }
        outstanding = "";
        return request.hasErrorDetail()
                ? Optional.of(new Rejected(resource, request.getErrorDetail().getMessage()))
                : Optional.empty();
    }

    @Override
    public @Nullable DeltaDiscoveryResponse poll(Shelf shelf) {
        if (!outstanding.isEmpty()) {
            return null;
        }
        var missing = subscription.takeMissing(shelf);
        if (!missing.isEmpty()) {
            resource = "";
            return response().addAllRemovedResources(missing).build();
        }
        var next = subscription.takeNext(shelf);
        if (next.isEmpty()) {
            return null;
        }
        resource = next.get().resource();
        var answer = next.get().answer();
        return response()
                .addResources(Resource.newBuilder()
                        .setName(resource)
                        .setVersion(answer.version())
                        .setResource(answer.resource()))
                .build();
    }

    private DeltaDiscoveryResponse.Builder response() {
        nonces++;
        outstanding = Long.toString(nonces);
        return DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(SecretDiscovery.TYPE)
                .setNonce(outstanding)
                .setSystemVersionInfo(outstanding);
    }

    @Override
    public String resource() {
        return resource;
    }

    @Override
    public boolean awaitsAnswer() {
        return !outstanding.isEmpty();
    }

    @Override
    public Subscription subscription() {
        return subscription;
    }
}
