package io.sallyport.xds.discovery;

import io.sallyport.translation.ResourceType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The responses of one type that the proxy has not answered: at most one that others wait for, and, of clusters, some
/// that are overdue. Envoy withholds the acknowledgement of clusters while any of them warms, so a response that is old
/// no longer holds others back; one that is stuck is given up, and remembered in case that its answer comes after all.
final class InFlight<R extends InFlight.Sent> {

    /// A response on its way.
    interface Sent {

        String nonce();

        Instant sent();
    }

    private final ResourceType type;
    private final Pace pace;
    private final Map<String, R> overdue = new LinkedHashMap<>();
    private final Map<String, R> givenUp = new LinkedHashMap<>();
    private @Nullable R newest;

    InFlight(ResourceType type, Pace pace) {
        this.type = type;
        this.pace = pace;
    }

    void add(R response) {
        newest = response;
    }

    /// Whether another response may be sent.
    boolean hasRoom() {
        return newest == null && overdue.size() < Bounds.OVERDUE;
    }

    boolean isEmpty() {
        return newest == null && overdue.isEmpty();
    }

    @Nullable R newest() {
        return newest;
    }

    /// The one that others wait for and those that are overdue.
    List<R> all() {
        var all = new ArrayList<>(overdue.values());
        if (newest != null) {
            all.add(newest);
        }
        return all;
    }

    /// The response that this answers; null: none that is waited for.
    @Nullable R take(String nonce) {
        var response = newest;
        if (response != null && response.nonce().equals(nonce)) {
            newest = null;
            return response;
        }
        return overdue.remove(nonce);
    }

    /// The response that this answers although it was given up.
    @Nullable R takeGivenUp(String nonce) {
        return givenUp.remove(nonce);
    }

    /// Lets time pass, and gives up what is stuck: those are returned, once.
    List<R> expire(Instant now) {
        var response = newest;
        if (type == ResourceType.CLUSTER && response != null && isOld(response, now)) {
            newest = null;
            overdue.put(response.nonce(), response);
        }
        var stuck = overdue.values().stream()
                .filter(old -> !old.sent().plus(pace.stuck()).isAfter(now))
                .toList();
        for (var old : stuck) {
            overdue.remove(old.nonce());
            givenUp.put(old.nonce(), old);
            if (givenUp.size() > Bounds.OVERDUE) {
                givenUp.remove(givenUp.keySet().iterator().next());
            }
        }
        return stuck;
    }

    /// Whether there is a response that others wait for still.
    boolean isWaiting(Instant now) {
        return newest != null && !isOld(newest, now);
    }

    private boolean isOld(R response, Instant now) {
        return !response.sent().plus(pace.answer()).isAfter(now);
    }

    /// When a response becomes overdue or stuck; null: none will.
    @Nullable Instant deadline(Instant now) {
        Instant first = null;
        if (newest != null && !isOld(newest, now)) {
            first = newest.sent().plus(pace.answer());
        }
        if (!overdue.isEmpty()) {
            first = DeltaSubscription.earlier(
                    first, overdue.values().iterator().next().sent().plus(pace.stuck()));
        }
        return first;
    }
}
