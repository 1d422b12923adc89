package io.sallyport.xds.discovery;

import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How far a stream is, over all of its types.
final class Progress {

    private final Map<ResourceType, ? extends Subscription> subscriptions;
    private final Order order;
    private final Pace pace;
    private final boolean delta;
    private long reached;

    Progress(Map<ResourceType, ? extends Subscription> subscriptions, Order order, Pace pace, boolean delta) {
        this.subscriptions = subscriptions;
        this.order = order;
        this.pace = pace;
        this.delta = delta;
    }

    @Nullable Instant deadline(Snapshot snapshot, Instant now) {
        Instant first = order.deadline(now);
        var listeners = subscriptions.get(ResourceType.LISTENER);
        if (listeners != null && isExpectingRequests(snapshot, now)) {
            first = DeltaSubscription.earlier(first, listeners.answered().plus(pace.drain()));
        }
        for (var subscription : subscriptions.values()) {
            first = DeltaSubscription.earlier(first, subscription.deadline(now));
        }
        return first;
    }

    StreamView view(Snapshot snapshot, Instant now) {
        var types = new ArrayList<StreamView.TypeView>();
        long revision = snapshot.revision();
        for (var subscription : subscriptions.values()) {
            long taken = subscription.revision();
            types.add(new StreamView.TypeView(
                    subscription.type(),
                    subscription.hasSent(),
                    taken >= snapshot.revision(),
                    taken,
                    subscription.answered(),
                    subscription.count()));
            revision = Math.min(revision, taken);
        }
        if (!subscriptions.containsKey(ResourceType.LISTENER) && !subscriptions.containsKey(ResourceType.CLUSTER)) {
            revision = 0;
        }
        if (isExpectingRequests(snapshot, now)) {
            revision = Math.min(revision, reached);
        }
        reached = revision;
        return new StreamView(delta, revision, types);
    }

    // A proxy that just took listeners is about to ask for the routes that they name: it does not serve them yet.
    private boolean isExpectingRequests(Snapshot snapshot, Instant now) {
        var listeners = subscriptions.get(ResourceType.LISTENER);
        if (listeners == null || !listeners.answered().plus(pace.drain()).isAfter(now)) {
            return false;
        }
        return lacks(snapshot, ResourceType.ROUTES) || lacks(snapshot, ResourceType.SCOPED_ROUTES);
    }

    private boolean lacks(Snapshot snapshot, ResourceType type) {
        var subscription = subscriptions.get(type);
        int asked = subscription == null ? 0 : subscription.count();
        return asked < snapshot.resources().all(type).size();
    }
}
