package io.sallyport.analysis;

import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.analysis.world.World;
import io.sallyport.model.Finding;
import io.sallyport.model.Origin;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// An image that has been judged, with the indexes over it. Only [Analyzer] makes one, so whoever holds it need not
/// check references again: each is in `world`, or is explicitly unknown.
public final class CheckedImage {

    private final ConfigImage source;
    private final ConfigImage image;
    private final World world;
    private final List<Finding> findings;
    private final Expansions expansions;
    private final GatewayApi gatewayApi;
    private final Optional<Instant> moment;
    private final Optional<Instant> nextChange;

    CheckedImage(
            ConfigImage source,
            ConfigImage image,
            World world,
            List<Finding> findings,
            Expansions expansions,
            GatewayApi gatewayApi,
            Optional<Instant> moment,
            Optional<Instant> nextChange) {
        this.source = source;
        this.image = image;
        this.world = world;
        this.findings = List.copyOf(findings);
        this.expansions = expansions;
        this.gatewayApi = gatewayApi;
        this.moment = moment;
        this.nextChange = nextChange;
    }

    /// What was judged, as it was accepted.
    public ConfigImage source() {
        return source;
    }

    /// What was judged, with the objects that EgressPolicies and the like stand for.
    public ConfigImage image() {
        return image;
    }

    public World world() {
        return world;
    }

    /// All findings about stored objects, ordered by object, path and code.
    public List<Finding> findings() {
        return findings;
    }

    /// The objects that nobody wrote, and what people wrote in their stead.
    public Expansions expansions() {
        return expansions;
    }

    /// What the Gateway API's objects and Ingresses stand for, and what their status is to say.
    public GatewayApi gatewayApi() {
        return gatewayApi;
    }

    /// The part of what people wrote that an origin comes from: of an object that an EgressPolicy stands for, the
    /// policy.
    public Origin written(Origin origin) {
        return expansions.written(origin);
    }

    /// The moment that was judged, if dates were.
    public Optional<Instant> moment() {
        return moment;
    }

    /// When the answer will be another one although nobody changes anything: a policy ends.
    public Optional<Instant> nextChange() {
        return nextChange;
    }

    /// Whether the same is to be said at another moment.
    boolean holdsAt(Optional<Instant> at) {
        if (at.isEmpty() || moment.isEmpty()) {
            return at.isEmpty() && moment.isEmpty();
        }
        return !at.get().isBefore(moment.get())
                && nextChange.map(next -> at.get().isBefore(next)).orElse(true);
    }
}
