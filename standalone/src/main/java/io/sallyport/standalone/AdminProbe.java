package io.sallyport.standalone;

import static java.util.stream.Collectors.toCollection;

import com.google.common.collect.ImmutableSortedSet;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.standalone.envoy.EnvoyFleet;
import io.sallyport.standalone.envoy.ProxyName;
import io.sallyport.xds.discovery.Node;
import io.sallyport.xds.status.LiveProbe;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Proves over the admin sockets of our own Envoys that the listeners which they acknowledged take connections.
final class AdminProbe implements LiveProbe {

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    // Only what is looked at. Without the mask Envoy writes all chains of all listeners on the thread that takes in
    // changes: 4 MB and a second at 1,000 HTTPS hosts.
    private static final String LISTENERS = "/config_dump?resource=dynamic_listeners"
            + "&mask=name,active_state.version_info,warming_state.version_info";

    private sealed interface Sight {

        /// Before anybody has said which Envoys there are.
        record Nothing() implements Sight {}

        /// `revision`: up to which revision `fleet` has been told what is wanted.
        record Ours(EnvoyFleet fleet, LongSupplier revision) implements Sight {}

        /// There are none of our own.
        record Strangers() implements Sight {}
    }

    private volatile Sight sight = new Sight.Nothing();

    /// Names the Envoys that it can look into, and up to which revision they have been told what
    /// `sallyport.yaml` wants. Of all others it knows nothing.
    void look(@Nullable EnvoyFleet ours, LongSupplier platformRevision) {
        sight = ours == null ? new Sight.Strangers() : new Sight.Ours(ours, platformRevision);
    }

    @Override
    public Optional<Expected> expected(long revision) {
        return Optional.of(
                switch (sight) {
                    case Sight.Nothing _ -> new Expected(false, ImmutableSortedSet.of());
                    case Sight.Strangers _ -> new Expected(true, ImmutableSortedSet.of());
                    case Sight.Ours(var fleet, var told) ->
                        new Expected(
                                told.getAsLong() >= revision && fleet.isSettled(),
                                fleet.wanted().stream()
                                        .map(proxy -> proxy.name() + "." + proxy.namespace())
                                        .collect(toCollection(TreeSet::new)));
                });
    }

    @Override
    public Proof prove(Node proxy, SortedMap<String, String> listeners) {
        if (!(sight instanceof Sight.Ours(var ours, var _))) {
            return Proof.UNKNOWN;
        }
        ProxyName name;
        try {
            name = new ProxyName(proxy.proxies().namespace(), proxy.name());
        } catch (IllegalArgumentException e) {
            return Proof.UNKNOWN;
        }
        var status = ours.status(name);
        if (status.isEmpty()) {
            return Proof.UNKNOWN;
        }
        try {
            var admin = new AdminSocket(status.get().adminSocket(), PATIENCE);
            var dump = JsonParser.parseString(admin.get(LISTENERS));
            return active(dump).equals(listeners.keySet()) ? Proof.LIVE : Proof.NOT_YET;
        } catch (IOException | JsonParseException | IllegalStateException e) {
            return Proof.NOT_YET;
        }
    }

    // The names of active listeners, without those that are warming too. Who asks knows that the newest versions were
    // taken; Envoy's own word on the version is not used, for a listener whose chains it exchanges in place keeps the
    // version that it began with.
    private static SortedSet<String> active(JsonElement dump) {
        var names = new TreeSet<String>();
        var configs = dump.getAsJsonObject().getAsJsonArray("configs");
        if (configs == null) {
            return names;
        }
        for (var config : configs) {
            var listener = config.getAsJsonObject();
            if (listener.has("active_state") && !listener.has("warming_state")) {
                names.add(text(listener, "name"));
            }
        }
        return names;
    }

    private static String text(JsonObject object, String name) {
        var value = object.get(name);
        return value == null ? "" : value.getAsString();
    }
}
