package io.sallyport.config.api;

import com.google.rpc.Code;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.proto.config.v1.Finding;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.runtime.identity.Access;
import io.sallyport.runtime.identity.Caller;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What the caller of one call may do to which objects, in the words of Kubernetes: a change of `VirtualService
/// shop/cart` is `create` and `update virtualservices.networking.istio.io` in `shop`. Both are asked for, as
/// the answer must not tell whether the object exists.
final class Visible {

    // A caller who may see a thing here and a thing there asks about one namespace at a time.
    private static final int MOST_QUESTIONS = 2_000;

    private record Place(Kind kind, String namespace) {}

    private final Caller caller;
    private final Map<Kind, Boolean> everywhere = new EnumMap<>(Kind.class);
    private final Map<Place, Boolean> asked = new HashMap<>();

    private Visible(Caller caller) {
        this.caller = caller;
    }

    /// To the caller of the current call.
    static Visible current() {
        return new Visible(Caller.current());
    }

    static Access access(Access.Verb verb, ObjectRef ref) {
        return new Access(verb, ref.kind().group(), plural(ref.kind()), ref.namespace());
    }

    // As Kubernetes names resources: gateways, virtualservices, serviceentries, authorizationpolicies.
    static String plural(Kind kind) {
        var word = kind.word().toLowerCase(Locale.ROOT);
        var last = word.charAt(word.length() - 1);
        if (last == 's') {
            return word + "es";
        }
        return last == 'y' && "aeiou".indexOf(word.charAt(word.length() - 2)) < 0
                ? word.substring(0, word.length() - 1) + "ies"
                : word + "s";
    }

    /// Ends the call unless all of this may be done, before anything else can be learnt from it.
    void requireChange(List<ConfigObject<?>> upserts, List<ObjectRef> deletes) {
        if (caller.isUnbound()) {
            return;
        }
        var wanted = new ArrayList<Access>();
        for (var upsert : upserts) {
            wanted.add(access(Access.Verb.CREATE, upsert.ref()));
            wanted.add(access(Access.Verb.UPDATE, upsert.ref()));
        }
        deletes.forEach(ref -> wanted.add(access(Access.Verb.DELETE, ref)));
        caller.require(wanted.stream().distinct().toList());
    }

    /// Ends the call unless this object may be read.
    void requireGet(ObjectRef ref) {
        caller.require(access(Access.Verb.GET, ref));
    }

    /// Ends the call if it asks for one kind in one namespace and that may not be listed.
    void requireList(String kind, String namespace) {
        var known = Kind.of(kind);
        if (known.isPresent() && !namespace.isEmpty()) {
            caller.require(new Access(Access.Verb.LIST, known.get().group(), plural(known.get()), namespace));
        }
    }

    boolean isEverything() {
        return caller.isUnbound();
    }

    /// Whether the object may be listed.
    boolean shows(ObjectRef ref) {
        if (caller.isUnbound()) {
            return true;
        }
        var access = access(Access.Verb.LIST, ref);
        if (everywhere.computeIfAbsent(ref.kind(), _ -> caller.may(access.in("")))) {
            return true;
        }
        if (asked.size() >= MOST_QUESTIONS) {
            throw Failures.status(
                    Code.RESOURCE_EXHAUSTED, "too much to ask for at once (expected: one kind, or one namespace)");
        }
        return asked.computeIfAbsent(new Place(ref.kind(), ref.namespace()), _ -> caller.may(access));
    }

    /// A finding with the places that may be seen; empty: it is about something else.
    Optional<Finding> shown(Finding finding) {
        if (caller.isUnbound()) {
            return Optional.of(finding);
        }
        if (!shows(finding.getLocation())) {
            return Optional.empty();
        }
        var related = finding.getRelatedList().stream().filter(this::shows).toList();
        return Optional.of(
                finding.toBuilder().clearRelated().addAllRelated(related).build());
    }

    private boolean shows(Location location) {
        if (!location.hasRef()) {
            return false;
        }
        var ref = location.getRef();
        return Kind.of(ref.getKind())
                .map(kind -> shows(new ObjectRef(kind, ref.getNamespace(), ref.getName())))
                .orElse(false);
    }
}
