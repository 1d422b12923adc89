package io.sallyport.analysis.gatewayapi;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Kind;
import io.sallyport.model.gatewayapi.ReferenceGrant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Which namespaces let themselves be referred to, by the ReferenceGrants of an image.
final class Grants {

    static final String GROUP = "gateway.networking.k8s.io";

    private record Edge(String fromKind, String fromNamespace, String toKind, String toNamespace) {}

    // An empty name stands for all of a kind.
    private final Map<Edge, Set<String>> names = new HashMap<>();

    private Grants() {}

    static Grants of(ConfigImage image) {
        var grants = new Grants();
        image.all(Kind.REFERENCE_GRANT, ReferenceGrant.class).forEach(object -> {
            for (var from : object.spec().from()) {
                for (var to : object.spec().to()) {
                    if (from.group().equals(GROUP) && to.group().isEmpty()) {
                        grants.names
                                .computeIfAbsent(
                                        new Edge(from.kind(), from.namespace(), to.kind(), object.namespace()),
                                        _ -> new HashSet<>())
                                .add(to.name());
                    }
                }
            }
        });
        return grants;
    }

    /// Whether a `kind` of the Gateway API in `from` may name a thing of another namespace. Its own it may
    /// always name.
    boolean allow(Kind kind, String from, String toKind, String to, String name) {
        if (from.equals(to)) {
            return true;
        }
        var known = names.getOrDefault(new Edge(kind.word(), from, toKind, to), Set.of());
        return known.contains("") || known.contains(name);
    }
}
