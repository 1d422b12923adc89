package io.sallyport.xds.discovery;

import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// State-of-the-world discovery over one aggregated stream: a [WorldSubscription] for each type.
/// Source: Envoy's "xDS REST and gRPC protocol", section on the basic protocol.
final class WorldSession implements Session<DiscoveryRequest, DiscoveryResponse> {

    private final Map<ResourceType, WorldSubscription> subscriptions = new EnumMap<>(ResourceType.class);
    private final Set<String> unknownTypes = new HashSet<>();
    private final Deque<DiscoveryResponse> unknownAnswers = new ArrayDeque<>();
    private final Refusals refusals;
    private final Counters counters;
    private final Pace pace;
    private final Order order;
    private final Order.Standings standings = new Here();
    private final Progress progress;
    private Snapshot snapshot;
    private long nonces;

    WorldSession(Snapshot snapshot, Refusals refusals, Counters counters, Pace pace) {
        this.snapshot = snapshot;
        this.refusals = refusals;
        this.counters = counters;
        this.pace = pace;
        this.order = new Order(pace);
        this.progress = new Progress(subscriptions, order, pace, false);
    }

    @Override
    public void request(DiscoveryRequest request, Instant now) throws ProtocolViolation {
        var type = ResourceType.of(request.getTypeUrl());
        if (type.isEmpty() || type.get() == ResourceType.SECRET) {
            unknown(request.getTypeUrl());
            return;
        }
        var known = subscriptions.get(type.get());
        if (known == null) {
            var subscription = new WorldSubscription(type.get(), refusals, snapshot, pace);
            subscription.start(request.getResourceNamesList(), request.getVersionInfo());
            subscriptions.put(type.get(), subscription);
            return;
        }
        WorldSubscription.Answer answer;
        if (request.hasErrorDetail()) {
            counters.refusal();
            answer = known.refuse(
                    request.getResponseNonce(), request.getErrorDetail().getMessage(), now);
        } else {
            answer = known.acknowledge(request.getResponseNonce(), now);
        }
        if (answer == WorldSubscription.Answer.STALE) {
            // It was written before our last response arrived; its author will say it again.
            counters.strangeNonce();
            known.overhear(request.getResponseNonce(), request.getResourceNamesList());
            return;
        }
        known.change(request.getResourceNamesList());
    }

    private void unknown(String url) {
        if (url.length() <= Bounds.TYPE_URL_LENGTH
                && unknownTypes.size() < Bounds.UNKNOWN_TYPES
                && unknownTypes.add(url)) {
            counters.unknownType();
            unknownAnswers.add(DiscoveryResponse.newBuilder()
                    .setTypeUrl(url)
                    .setNonce(nonce())
                    .setVersionInfo("0")
                    .build());
        }
    }

    @Override
    public void advance(Snapshot next) {
        if (next != snapshot) {
            snapshot = next;
            subscriptions.values().forEach(subscription -> subscription.advance(next));
        }
    }

    @Override
    public @Nullable DiscoveryResponse poll(Instant now) {
        if (!unknownAnswers.isEmpty()) {
            return unknownAnswers.poll();
        }
        for (var subscription : subscriptions.values()) {
            var gates = order.gates(subscription.type(), standings, now);
            var response = subscription.next(gates, Long.toString(nonces + 1, 36), now);
            if (response != null) {
                nonces++;
                if (subscription.type() == ResourceType.LISTENER) {
                    order.listenersChanged(now);
                }
                var endpoints = subscriptions.get(ResourceType.ENDPOINTS);
                if (subscription.type() == ResourceType.CLUSTER && endpoints != null) {
                    endpoints.ask(response.changed());
                }
                return message(subscription.type(), response);
            }
        }
        return null;
    }

    // How the types stand here, for make-before-break order.
    private final class Here implements Order.Standings {

        @Override
        public Order.Standing of(ResourceType type, Instant now) {
            var subscription = subscriptions.get(type);
            if (subscription == null) {
                return Order.Standing.ABSENT;
            }
            return subscription.isBusy(now) ? Order.Standing.BUSY : Order.Standing.QUIET;
        }

        @Override
        public boolean isComing(ResourceType type, Instant now) {
            var subscription = subscriptions.get(type);
            return subscription != null && subscription.isComing(now);
        }
    }

    private static DiscoveryResponse message(ResourceType type, WorldSubscription.Response response) {
        var message = DiscoveryResponse.newBuilder()
                .setTypeUrl(type.url())
                .setNonce(response.nonce())
                .setVersionInfo(response.version());
        response.resources().forEach(resource -> message.addResources(resource.toAny()));
        return message.build();
    }

    private String nonce() {
        nonces++;
        return Long.toString(nonces, 36);
    }

    @Override
    public @Nullable Instant deadline(Instant now) {
        return progress.deadline(snapshot, now);
    }

    @Override
    public boolean isHeavy() {
        return subscriptions.values().stream().anyMatch(WorldSubscription::isHeavy);
    }

    @Override
    public StreamView view(Instant now) {
        return progress.view(snapshot, now);
    }

    /// For tests: what the proxy is taken to hold.
    Map<String, io.sallyport.translation.EnvoyResource> holdings(ResourceType type) {
        var subscription = subscriptions.get(type);
        return subscription == null ? Map.of() : subscription.taken();
    }
}
