package io.sallyport.xds.discovery;

import io.sallyport.translation.ResourceType;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Make before break: clusters and endpoints come before the listeners and routes that name them, and go after. Each
/// wait has a limit, because Envoy withholds the acknowledgement of clusters while any of them warms.
final class Order {

    private static final List<ResourceType> NAMING =
            List.of(ResourceType.LISTENER, ResourceType.SCOPED_ROUTES, ResourceType.ROUTES);
    private static final DeltaSubscription.Gates OPEN = new DeltaSubscription.Gates(true, true);

    /// How a type stands on the stream.
    enum Standing {
        ABSENT,
        QUIET,
        BUSY
    }

    interface Standings {

        Standing of(ResourceType type, Instant now);

        /// Whether any of the type is still to come that is not there yet. What changes or goes does not count.
        boolean isComing(ResourceType type, Instant now);
    }

    private final Pace pace;
    private @Nullable Instant comingSince;
    private @Nullable Instant goingSince;
    private @Nullable Instant tablesSince;
    private Instant listenersChanged = Instant.MIN;
    private @Nullable Instant due;

    Order(Pace pace) {
        this.pace = pace;
    }

    DeltaSubscription.Gates gates(ResourceType type, Standings standings, Instant now) {
        return switch (type) {
            case CLUSTER, ENDPOINTS -> new DeltaSubscription.Gates(true, mayGo(standings, now));
            case LISTENER -> {
                boolean coming = mayCome(standings, now) && areTablesThere(standings, now);
                yield new DeltaSubscription.Gates(coming, coming);
            }
            case ROUTES, SCOPED_ROUTES -> {
                boolean coming = mayCome(standings, now);
                yield new DeltaSubscription.Gates(coming, coming && isDrained(now));
            }
            case EXTENSIONS, SECRET -> OPEN;
        };
    }

    void listenersChanged(Instant now) {
        listenersChanged = now;
    }

    // What names clusters waits for the clusters.
    private boolean mayCome(Standings standings, Instant now) {
        if (standings.of(ResourceType.CLUSTER, now) != Standing.BUSY) {
            comingSince = null;
            return true;
        }
        comingSince = comingSince == null ? now : comingSince;
        return isOver(comingSince.plus(pace.order()), now);
    }

    // A chain that has its connection manager in common with others is live without its table: the table has to be
    // there first. A proxy without scopes has no such chains.
    private boolean areTablesThere(Standings standings, Instant now) {
        if (standings.of(ResourceType.SCOPED_ROUTES, now) == Standing.ABSENT
                || !(standings.isComing(ResourceType.SCOPED_ROUTES, now)
                        || standings.isComing(ResourceType.ROUTES, now))) {
            tablesSince = null;
            return true;
        }
        tablesSince = tablesSince == null ? now : tablesSince;
        return isOver(tablesSince.plus(pace.order()), now);
    }

    // What is named goes when nothing names it any more.
    private boolean mayGo(Standings standings, Instant now) {
        // A proxy that reconnects asks for clusters first: what it serves with them is not known yet.
        boolean unknown = standings.of(ResourceType.LISTENER, now) == Standing.ABSENT
                || (standings.of(ResourceType.ROUTES, now) == Standing.ABSENT
                        && standings.of(ResourceType.SCOPED_ROUTES, now) == Standing.ABSENT);
        boolean busy = unknown || NAMING.stream().anyMatch(type -> standings.of(type, now) == Standing.BUSY);
        if (!busy && isDrained(now)) {
            goingSince = null;
            return true;
        }
        goingSince = goingSince == null ? now : goingSince;
        return isOver(goingSince.plus(pace.order()), now);
    }

    // A listener that was replaced goes on with its old routes until the new one is warm.
    private boolean isDrained(Instant now) {
        if (listenersChanged.equals(Instant.MIN)) {
            return true;
        }
        return isOver(listenersChanged.plus(pace.drain()), now);
    }

    private boolean isOver(Instant end, Instant now) {
        if (!end.isAfter(now)) {
            return true;
        }
        due = DeltaSubscription.earlier(due, end);
        return false;
    }

    /// When a closed gate opens by itself; asked after each poll that found nothing.
    @Nullable Instant deadline(Instant now) {
        var next = due;
        due = null;
        return next == null || next.isAfter(now) ? next : now;
    }
}
