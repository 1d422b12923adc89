package io.sallyport.xds.discovery;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Delta discovery over one aggregated stream: a [DeltaSubscription] for each type, and the order among them.
/// Source: Envoy's "xDS REST and gRPC protocol", sections on incremental xDS and on eventual consistency.
final class DeltaSession implements Session<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

    private final Map<ResourceType, DeltaSubscription> subscriptions = new EnumMap<>(ResourceType.class);
    private final Set<String> unknownTypes = new HashSet<>();
    private final Deque<DeltaDiscoveryResponse> unknownAnswers = new ArrayDeque<>();
    private final Refusals refusals;
    private final Counters counters;
    private final Pace pace;
    private final Function<EnvoyResource, Resource> encode;
    private final Order order;
    private final Order.Standings standings = new Here();
    private final Progress progress;
    private Snapshot snapshot;
    private long nonces;

    DeltaSession(
            Snapshot snapshot,
            Refusals refusals,
            Counters counters,
            Pace pace,
            Function<EnvoyResource, Resource> encode) {
        this.snapshot = snapshot;
        this.refusals = refusals;
        this.counters = counters;
        this.pace = pace;
        this.encode = encode;
        this.order = new Order(pace);
        this.progress = new Progress(subscriptions, order, pace, true);
    }

    @Override
    public void request(DeltaDiscoveryRequest request, Instant now) throws ProtocolViolation {
        var type = ResourceType.of(request.getTypeUrl());
        if (type.isEmpty() || type.get() == ResourceType.SECRET) {
            unknown(request);
            return;
        }
        var known = subscriptions.get(type.get());
        if (known == null) {
            var subscription = new DeltaSubscription(type.get(), refusals, snapshot, pace);
            subscription.start(request.getResourceNamesSubscribeList(), request.getInitialResourceVersionsMap());
            subscriptions.put(type.get(), subscription);
            return;
        }
        answer(known, request, now);
        known.change(request.getResourceNamesSubscribeList(), request.getResourceNamesUnsubscribeList());
    }

    private void answer(DeltaSubscription subscription, DeltaDiscoveryRequest request, Instant now) {
        if (request.getResponseNonce().isEmpty()) {
            return;
        }
        boolean expected;
        if (request.hasErrorDetail()) {
            counters.refusal();
            expected = subscription.refuse(
                    request.getResponseNonce(), request.getErrorDetail().getMessage(), now);
        } else {
            expected = subscription.acknowledge(request.getResponseNonce(), now);
        }
        if (!expected) {
            counters.strangeNonce();
        }
    }

    // Secrets are another service's, on another door. Silence would make the proxy wait, so each name is answered with
    // "there is none", and a type that we do not serve at all with nothing, once.
    private void unknown(DeltaDiscoveryRequest request) {
        var url = request.getTypeUrl();
        if (url.length() > Bounds.TYPE_URL_LENGTH) {
            counters.unknownType();
            return;
        }
        boolean first = unknownTypes.size() < Bounds.UNKNOWN_TYPES && unknownTypes.add(url);
        var names = request.getResourceNamesSubscribeList().stream()
                .filter(name -> !name.equals("*") && name.length() <= Bounds.NAME_LENGTH)
                .limit(1_000)
                .toList();
        if (first) {
            counters.unknownType();
        }
        if (first || (!names.isEmpty() && unknownTypes.contains(url))) {
            if (unknownAnswers.size() < Bounds.UNKNOWN_TYPES) {
                unknownAnswers.add(DeltaDiscoveryResponse.newBuilder()
                        .setTypeUrl(url)
                        .setNonce(nonce())
                        .addAllRemovedResources(names)
                        .build());
            }
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
    public @Nullable DeltaDiscoveryResponse poll(Instant now) {
        if (!unknownAnswers.isEmpty()) {
            return unknownAnswers.poll();
        }
        for (var subscription : subscriptions.values()) {
            var gates = order.gates(subscription.type(), standings, now);
            var response = subscription.next(gates, Long.toString(nonces + 1, 36), now);
            if (response != null) {
                nonces++;
                if (subscription.type() == ResourceType.LISTENER
                        && !response.items().isEmpty()) {
                    order.listenersChanged(now);
                }
                if (subscription.type() == ResourceType.CLUSTER) {
                    askForEndpoints(response);
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
            // Clusters that go last are no reason to wait for those that come first.
            boolean removalsToo = type != ResourceType.CLUSTER;
            return subscription.isBusy(removalsToo, now) ? Order.Standing.BUSY : Order.Standing.QUIET;
        }

        @Override
        public boolean isComing(ResourceType type, Instant now) {
            var subscription = subscriptions.get(type);
            return subscription != null && subscription.isComing(now);
        }
    }

    // A changed cluster warms until its endpoints come again, and Envoy does not ask for them: 15 s without this.
    private void askForEndpoints(DeltaSubscription.Response response) {
        var endpoints = subscriptions.get(ResourceType.ENDPOINTS);
        if (endpoints == null) {
            return;
        }
        for (var item : response.items()) {
            if (item.resource() != null && endpoints.subscribes(item.name())) {
                endpoints.ask(item.name());
            }
        }
    }

    private DeltaDiscoveryResponse message(ResourceType type, DeltaSubscription.Response response) {
        var message = DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(type.url())
                .setNonce(response.nonce())
                .setSystemVersionInfo(Long.toString(snapshot.revision()));
        for (var item : response.items()) {
            var resource = item.resource();
            if (resource == null) {
                message.addRemovedResources(item.name());
            } else {
                message.addResources(encode.apply(resource));
            }
        }
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
        return subscriptions.values().stream().anyMatch(DeltaSubscription::isHeavy);
    }

    @Override
    public StreamView view(Instant now) {
        return progress.view(snapshot, now);
    }

    /// For tests: what the proxy is taken to hold.
    Map<String, String> holdings(ResourceType type) {
        var subscription = subscriptions.get(type);
        return subscription == null ? Map.of() : subscription.holdings();
    }
}
