package io.sallyport.secret.sds;

import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The state-of-the-world protocol. It has no words for "there is none", nor for "there is none any more": of a missing
/// secret nothing is said, and a proxy that asks this way waits until its own time limit.
final class WorldSession implements Session<DiscoveryRequest, DiscoveryResponse> {

    private final Subscription subscription;
    private long nonces;
    private String last = "";
    private boolean isOutstanding;
    private String resource = "";

    WorldSession(Subscription subscription) {
        this.subscription = subscription;
    }

    @Override
    public Optional<Rejected> request(DiscoveryRequest request) throws Refusal {
        // An answer to an earlier response: the client will answer the last one too.
        if (!request.getResponseNonce().isEmpty() && !request.getResponseNonce().equals(last)) {
            return Optional.empty();
        }
        var names = new TreeSet<>(request.getResourceNamesList());
        for (var known : subscription.names()) {
            if (!names.contains(known)) {
                subscription.remove(known);
            }
        }
        for (var name : names) {
            if (!subscription.contains(name)) {
                subscription.add(name);
            }
        }
        var wasOutstanding = isOutstanding && !request.getResponseNonce().isEmpty();
        isOutstanding = isOutstanding && !wasOutstanding;
        return wasOutstanding && request.hasErrorDetail()
                ? Optional.of(new Rejected(resource, request.getErrorDetail().getMessage()))
                : Optional.empty();
    }

    @Override
    public @Nullable DiscoveryResponse poll(Shelf shelf) {
        if (isOutstanding) {
            return null;
        }
        // Nothing can be said of these, but when such a secret appears it is new.
        subscription.takeMissing(shelf);
        var next = subscription.takeNext(shelf);
        if (next.isEmpty()) {
            return null;
        }
        resource = next.get().resource();
        nonces++;
        last = Long.toString(nonces);
        isOutstanding = true;
        return DiscoveryResponse.newBuilder()
                .setTypeUrl(SecretDiscovery.TYPE)
                .setNonce(last)
                .setVersionInfo(next.get().answer().version())
                .addResources(next.get().answer().resource())
                .build();
    }

    @Override
    public Subscription subscription() {
        return subscription;
    }
}
