package io.sallyport.analysis;

import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.analysis.expansion.EgressExpansion.Derived;
import io.sallyport.analysis.expansion.Expiry;
import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.analysis.gatewayapi.Spelled;
import io.sallyport.analysis.gatewayapi.SpelledBefore;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.EgressPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Adds to each image what its EgressPolicies stand for at one moment, and what its Gateway API objects and
/// Ingresses stand for. An image without any of these stays the same object; in others, what a policy made
/// stays the same objects as long as the policy does. Mutable, and owned by one [Analyzer].
///
/// What people wrote beats what a policy stands for, and of two policies the older one's object counts.
final class Expander {

    private final Map<ObjectRef, Expanded> policies = new TreeMap<>();
    private Map<ObjectRef, Derived> derived = Map.of();
    private Map<ObjectRef, ConfigObject<?>> writers = Map.of();
    private ConfigImage source = ConfigImage.EMPTY;
    private ConfigImage expanded = ConfigImage.EMPTY;
    private Set<ObjectRef> aged = Set.of();
    private @Nullable Instant nextChange;
    // The objects of the Gateway API and the Ingresses, and what they stand for.
    private final Set<ObjectRef> written = new HashSet<>();
    private Map<ObjectRef, Spelled> spelled = Map.of();
    private final SpelledBefore spelledBefore = new SpelledBefore();
    private GatewayApi gatewayApi = GatewayApi.EMPTY;
    private Set<ObjectRef> restated = Set.of();

    private record Expanded(ConfigObject<?> policy, List<Derived> objects, Expiry.Phase phase) {}

    /// The image with what its policies stand for. Without a moment no policy ends.
    ConfigImage next(ConfigImage image, Optional<Instant> moment) {
        var changed = image.changesSince(source);
        boolean hadPolicies = !policies.isEmpty();
        for (var ref : changed) {
            if (ref.kind() == Kind.EGRESS_POLICY) {
                policies.remove(ref);
                image.find(ref).ifPresent(policy -> policies.put(ref, expand(policy, moment)));
            }
        }
        source = image;
        age(moment);
        var before = made();
        spell(image, changed);
        if (!hadPolicies && policies.isEmpty() && before.isEmpty() && spelled.isEmpty()) {
            expanded = image;
            return expanded;
        }
        gather(image);
        var after = made();
        var upserts = new ArrayList<ConfigObject<?>>();
        var deletes = new TreeSet<ObjectRef>();
        changed.forEach(ref -> image.find(ref).ifPresentOrElse(object -> upserts.add(object), () -> deletes.add(ref)));
        after.forEach((ref, each) -> {
            if (before.get(ref) != each || deletes.contains(ref)) {
                upserts.add(each);
            }
        });
        before.keySet().stream()
                .filter(ref -> !after.containsKey(ref) && image.find(ref).isEmpty())
                .forEach(deletes::add);
        if (after.isEmpty() && policies.isEmpty()) {
            expanded = image;
        } else if (!upserts.isEmpty() || !deletes.isEmpty() || expanded.revision() != image.revision()) {
            expanded = expanded.with(image.revision(), upserts, deletes);
        }
        return expanded;
    }

    /// The policies that came nearer to their ends since the image before: what is said of them may have changed.
    Set<ObjectRef> aged() {
        return aged;
    }

    /// When a policy ends, or is to be warned of, next.
    Optional<Instant> nextChange() {
        return Optional.ofNullable(nextChange);
    }

    /// What each object that nobody wrote came from.
    Map<ObjectRef, Derived> derived() {
        return derived;
    }

    /// The policy that each object that nobody wrote came from.
    Map<ObjectRef, ConfigObject<?>> writers() {
        return writers;
    }

    /// The policies that have ended.
    List<ConfigObject<?>> ended() {
        return policies.values().stream()
                .filter(each -> each.phase() == Expiry.Phase.OVER)
                .<ConfigObject<?>>map(Expanded::policy)
                .toList();
    }

    /// What the Gateway API's objects stand for.
    Map<ObjectRef, Spelled> spelled() {
        return spelled;
    }

    GatewayApi gatewayApi() {
        return gatewayApi;
    }

    /// The objects of which something else is to be said than of the image before.
    Set<ObjectRef> restated() {
        return restated;
    }

    private Map<ObjectRef, ConfigObject<?>> made() {
        var all = new LinkedHashMap<ObjectRef, ConfigObject<?>>();
        derived.forEach((ref, each) -> all.put(ref, each.object()));
        spelled.forEach((ref, each) -> all.putIfAbsent(ref, each.object()));
        return all;
    }

    // Rules of many routes meet in one host: where something that counts has changed, all is gone through, and what it
    // changed is spelled. What comes out the same stays the same object, so nothing after this is done again.
    private void spell(ConfigImage image, Set<ObjectRef> changed) {
        restated = Set.of();
        boolean had = !written.isEmpty();
        boolean concerned = false;
        for (var ref : changed) {
            if (GatewayApi.KINDS.contains(ref.kind())) {
                concerned = true;
                if (image.find(ref).isPresent()) {
                    written.add(ref);
                } else {
                    written.remove(ref);
                }
            }
            concerned |= GatewayApi.NEIGHBOURS.contains(ref.kind());
        }
        if (!concerned || (!had && written.isEmpty())) {
            return;
        }
        var next = written.isEmpty() ? GatewayApi.EMPTY : GatewayApi.of(image, spelledBefore);
        var objects = new LinkedHashMap<ObjectRef, Spelled>();
        for (var each : next.spelled()) {
            var ref = each.object().ref();
            if (image.find(ref).isEmpty()) {
                var known = spelled.get(ref);
                objects.put(ref, known != null && (known == each || known.isSame(each)) ? known : each);
            }
        }
        var differing = new HashSet<ObjectRef>();
        next.statuses().forEach((ref, status) -> {
            if (!status.equals(gatewayApi.statuses().get(ref))) {
                differing.add(ref);
            }
        });
        gatewayApi.statuses().keySet().stream()
                .filter(ref -> !next.statuses().containsKey(ref))
                .forEach(differing::add);
        spelled = objects;
        gatewayApi = next;
        restated = Set.copyOf(differing);
    }

    private static Expanded expand(ConfigObject<?> policy, Optional<Instant> moment) {
        return new Expanded(policy, EgressExpansion.of(policy), phase(policy, moment));
    }

    private static Optional<Expiry> expiry(ConfigObject<?> policy) {
        return policy.spec() instanceof EgressPolicy spec ? Expiry.of(spec) : Optional.empty();
    }

    private static Expiry.Phase phase(ConfigObject<?> policy, Optional<Instant> moment) {
        return moment.flatMap(now -> expiry(policy).map(expiry -> expiry.at(now)))
                .orElse(Expiry.Phase.FAR);
    }

    private void age(Optional<Instant> moment) {
        var older = new HashSet<ObjectRef>();
        nextChange = null;
        for (var entry : policies.entrySet()) {
            var known = entry.getValue();
            var phase = phase(known.policy(), moment);
            if (phase != known.phase()) {
                older.add(entry.getKey());
                entry.setValue(new Expanded(known.policy(), known.objects(), phase));
            }
            moment.flatMap(now -> expiry(known.policy())
                            .flatMap(expiry -> expiry.changesAfter(now).min(Comparator.naturalOrder())))
                    .filter(next -> nextChange == null || next.isBefore(nextChange))
                    .ifPresent(next -> nextChange = next);
        }
        aged = Set.copyOf(older);
    }

    private void gather(ConfigImage image) {
        var objects = new LinkedHashMap<ObjectRef, Derived>();
        var from = new LinkedHashMap<ObjectRef, ConfigObject<?>>();
        policies.values().stream()
                .filter(each -> each.phase() != Expiry.Phase.OVER)
                .sorted(Comparator.comparing(Expanded::policy, ConfigObject.BY_AGE))
                .forEach(each -> each.objects().forEach(made -> {
                    var ref = made.object().ref();
                    if (image.find(ref).isEmpty() && objects.putIfAbsent(ref, made) == null) {
                        from.put(ref, each.policy());
                    }
                }));
        derived = objects;
        writers = from;
    }
}
