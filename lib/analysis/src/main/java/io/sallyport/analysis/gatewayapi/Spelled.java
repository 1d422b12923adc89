package io.sallyport.analysis.gatewayapi;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Metadata;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.Spec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/// An Istio object that nobody wrote, and where each part of it was written instead: rules of several
/// HTTPRoutes may meet in one VirtualService.
public record Spelled(ConfigObject<?> object, ConfigObject<?> writer, Map<Path, Place> places) {

    /// Tells rules that follow the Gateway API from Istio's own: prefixes go by segments, and what cannot be
    /// sent anywhere is 500. Istio marks them alike.
    public static final String SEMANTICS = "internal.istio.io/route-semantics";

    /// The values of [#SEMANTICS].
    public static final String GATEWAY = "gateway";

    public static final String INGRESS = "ingress";

    /// On a Gateway: the only namespace whose proxies serve it.
    public static final String SCOPE = "internal.sallyport.io/proxies-of";

    /// A part of an object that people wrote.
    public record Place(ConfigObject<?> object, Path path) {
        public Origin origin() {
            return new Origin(object.ref(), path);
        }
    }

    public Spelled {
        places = Collections.unmodifiableMap(new LinkedHashMap<>(places));
    }

    static Spelled of(
            ObjectRef ref,
            Map<String, String> annotations,
            Spec spec,
            ConfigObject<?> writer,
            ConfigObject<?> oldest,
            Map<Path, Place> places) {
        var metadata = new Metadata(
                ref.kind().group() + "/" + ref.kind().versions().getFirst(),
                new TreeMap<>(),
                new TreeMap<>(annotations),
                null);
        return new Spelled(new ConfigObject<>(ref, metadata, spec, writer.source(), oldest.age()), writer, places);
    }

    /// The part that was written: the nearest that is known at or above `path`.
    public Place written(Path path) {
        for (var at = path; at != null; at = at.parent()) {
            var place = places.get(at);
            if (place != null) {
                return place;
            }
        }
        return new Place(writer, Path.of("spec"));
    }

    /// Whether both say the same, for the same reasons.
    public boolean isSame(Spelled other) {
        return object.equals(other.object) && writer == other.writer && places.equals(other.places);
    }
}
