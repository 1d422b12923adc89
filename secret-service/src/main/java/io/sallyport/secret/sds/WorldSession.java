package io.sallyport.secret.sds;

import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The state-of-the-world protocol. It has no words for "there is none", and a starting Envoy waits 15
/// seconds for silence. So a missing secret is answered with the tombstone, as a withdrawn one is: a
/// certificate that convinces nobody, authorities that vouch for nobody. (A resource that Envoy refuses would
/// end the wait too; but it stays behind in Envoy, and the next change of the listener would be refused with
/// it.) Of names that are no secret of this namespace nothing is said, since nobody knows whether they stand
/// for certificates or for authorities.
final class WorldSession implements Session<DiscoveryRequest, DiscoveryResponse> {

    private final Subscription subscription;
    private long nonces;
    private String last = "";
    private boolean isOutstanding;
    private String resource = "";
    private final Queue<String> missing = new ArrayDeque<>();

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
        missing.addAll(subscription.takeMissing(shelf));
        var next = nextMissing().or(() -> subscription.takeNext(shelf));
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

    private Optional<Subscription.Next> nextMissing() {
        for (var name = missing.poll(); name != null; name = missing.poll()) {
            var next = subscription.standIn(name);
            if (next.isPresent()) {
                return next;
            }
        }
        return Optional.empty();
    }

    @Override
    public String resource() {
        return resource;
    }

    @Override
    public boolean awaitsAnswer() {
        return isOutstanding;
    }

    @Override
    public Subscription subscription() {
        return subscription;
    }
}
