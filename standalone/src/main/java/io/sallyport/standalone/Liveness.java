package io.sallyport.standalone;

import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.standalone.envoy.EnvoyFleet;
import io.sallyport.standalone.envoy.EnvoyStatus;
import io.sallyport.standalone.envoy.Listeners;
import io.sallyport.standalone.envoy.ProxyName;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Whether the Envoys of this machine run a revision: acknowledged over discovery, and no listener still warming up as
/// their admin sockets tell. An acknowledgement alone can come before the first connection is taken.
final class Liveness {

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ServiceClients services;
    private final LongSupplier translated;
    private final LongSupplier platformRevision;
    private final @Nullable EnvoyFleet fleet;

    /// `translated` tells which revision xds-service has translated, and `platformRevision` up to which one `fleet` has
    /// been told what `sallyport.yaml` wants.
    Liveness(
            ServiceClients services,
            LongSupplier translated,
            LongSupplier platformRevision,
            @Nullable EnvoyFleet fleet) {
        this.services = services;
        this.translated = translated;
        this.platformRevision = platformRevision;
        this.fleet = fleet;
    }

    /// How many Envoys there should be.
    int total() {
        return fleet == null ? 0 : fleet.wanted().size();
    }

    /// Why not, one line for each Envoy that does not yet; without Envoys, whether the revision is translated.
    List<String> missing(long revision) {
        if (fleet == null) {
            return translated.getAsLong() >= revision
                    ? List.of()
                    : List.of("xds-service: revision " + revision + " is not translated yet");
        }
        // An Envoy that this revision stops or replaces must not be taken for the one that it wants.
        if (platformRevision.getAsLong() < revision || !fleet.isSettled()) {
            return List.of("sallyport.yaml of revision " + revision + " is being put into effect");
        }
        var connected = services.proxies();
        var missing = new ArrayList<String>();
        for (var proxy : fleet.wanted()) {
            var reason = fleet.status(proxy)
                    .map(status -> missing(status, connected, revision))
                    .orElse(Optional.of("is being started"));
            reason.ifPresent(text -> missing.add(proxy + ": " + text));
        }
        return missing;
    }

    private static Optional<String> missing(EnvoyStatus status, List<Proxy> connected, long revision) {
        if (!status.isRunning()) {
            return Optional.of(status.problem().isEmpty() ? "is being started" : "Envoy " + status.problem());
        }
        var proxy = connected.stream()
                .filter(one -> one.getName().equals(status.proxy().name())
                        && one.getNamespace().equals(status.proxy().namespace())
                        && !connected(one).isBefore(status.since()))
                .findFirst();
        if (proxy.isEmpty()) {
            return Optional.of("is not connected yet");
        }
        if (proxy.get().getAcknowledgedRevision() < revision) {
            return Optional.of(reason(proxy.get(), revision));
        }
        // What a proxy has not asked for yet it cannot refuse: right after it connects, before it asks for its
        // listeners, it
        // has acknowledged everything. So the listeners themselves must be there.
        return proxy.get().getLiveRevision() >= revision
                ? Optional.empty()
                : warming(status).or(() -> Optional.of("its listeners are not up yet"));
    }

    private static Instant connected(Proxy proxy) {
        return Instant.ofEpochSecond(
                proxy.getConnected().getSeconds(), proxy.getConnected().getNanos());
    }

    private static String reason(Proxy proxy, long revision) {
        if (proxy.getRejectionsCount() > 0) {
            var rejection = proxy.getRejections(0);
            return "refused " + rejection.getResource() + ": " + rejection.getReason();
        }
        return proxy.getPendingCount() > 0
                ? String.join(", ", proxy.getPendingList())
                : "has not acknowledged revision " + revision + " yet";
    }

    private static Optional<String> warming(EnvoyStatus status) {
        return listeners(status)
                .map(listeners -> listeners.warming() == 0
                        ? Optional.<String>empty()
                        : Optional.of(listeners.warming() + " listeners are warming up"))
                .orElse(Optional.of("its admin socket does not answer"));
    }

    /// What one Envoy listens on; absent while it cannot be asked.
    Optional<Listeners> listeners(ProxyName proxy) {
        return fleet == null ? Optional.empty() : fleet.status(proxy).flatMap(Liveness::listeners);
    }

    private static Optional<Listeners> listeners(EnvoyStatus status) {
        try {
            return Optional.of(Listeners.of(new AdminSocket(status.adminSocket(), PATIENCE)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
