package io.sallyport.xds.status;

import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.discovery.Fleet;
import io.sallyport.xds.publish.Board;
import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.WeakHashMap;

/// What a [LiveProbe] says of proxies, asked only when it may say something new: a listener that serves goes on serving
/// until one is changed or the proxy connects again, and each question costs Envoy's main thread the time of a change.
final class Proofs {

    private final LiveProbe probe;
    private final Map<Fleet.Proxy, Proven> live = Collections.synchronizedMap(new WeakHashMap<>());

    // What a proxy was found to serve, and since when it is connected.
    private record Proven(Board board, Snapshot snapshot, Instant connected, SortedMap<String, String> listeners) {

        private boolean holdsFor(Proven now) {
            return board == now.board
                    && connected.equals(now.connected)
                    && listeners.equals(now.listeners)
                    && now.snapshot.isSteadySince(snapshot, ResourceType.LISTENER);
        }
    }

    Proofs(LiveProbe probe) {
        this.probe = probe;
    }

    /// See [LiveProbe#expected(long)].
    Optional<LiveProbe.Expected> expected(long revision) {
        return probe.expected(revision);
    }

    /// See [LiveProbe#prove].
    LiveProbe.Proof of(Fleet.Proxy proxy) {
        var board = proxy.board();
        var snapshot = board.newest();
        if (probe == LiveProbe.NONE || snapshot == null) {
            return LiveProbe.Proof.UNKNOWN;
        }
        var now = new Proven(board, snapshot, proxy.connected(), listeners(proxy, snapshot));
        var before = live.get(proxy);
        if (before != null && before.holdsFor(now)) {
            live.put(proxy, now);
            return LiveProbe.Proof.LIVE;
        }
        live.remove(proxy);
        // Until it has acknowledged the snapshot, what serves may be what it had before.
        boolean acknowledged = proxy.view().revision() >= snapshot.revision();
        var proof = probe.prove(proxy.node(), now.listeners());
        if (proof == LiveProbe.Proof.LIVE && acknowledged) {
            live.put(proxy, now);
        }
        return proof;
    }

    private static SortedMap<String, String> listeners(Fleet.Proxy proxy, Snapshot snapshot) {
        var listeners = new TreeMap<String, String>();
        for (var wanted : snapshot.resources().all(ResourceType.LISTENER).values()) {
            EnvoyResource running = proxy.running(wanted);
            if (running != null) {
                listeners.put(running.name(), running.version());
            }
        }
        return listeners;
    }
}
