package io.sallyport.translation.link;

import io.sallyport.analysis.policy.LogBuffer;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Telemetry;
import io.sallyport.model.Telemetry.AccessLogging;
import io.sallyport.model.Telemetry.WorkloadMode;
import io.sallyport.translation.ProxyClass;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// Which providers log for a proxy, as its Telemetries say: that of the root namespace, then that of its own namespace,
/// then those that select it. A lower level's providers take the place of the upper ones'; a filter belongs to the
/// providers of its own entry. Gateways are clients, so an entry for servers is not for them.
/// (Istio: `applicableTelemetries` and `mergeLogs` in `pilot/pkg/model/telemetry.go`; L3 to L5.)
sealed interface LogChoice {

    /// Nothing is written by this provider; yet that was decided, so that the mesh settings do not count.
    record Off() implements LogChoice {}

    /// Rows for which the expression holds; an empty one is no expression.
    record On(String filter) implements LogChoice {}

    /// The decision about each provider, by name. Empty where nobody decided anything.
    static SortedMap<String, LogChoice> of(World world, ProxyClass proxy) {
        var defaults = world.mesh().defaultLogProviders();
        var levels = levels(world, proxy);
        var chosen = new TreeMap<String, LogChoice>();
        if (levels.isEmpty()) {
            defaults.forEach(name -> chosen.put(name, new On("")));
            return chosen;
        }
        var filters = new HashMap<String, String>();
        var inScope = inScope(levels, defaults, filters);
        List<String> parents = defaults;
        for (var level : levels) {
            for (var entry : level) {
                var names = names(entry);
                parents = names.isEmpty() ? parents : names;
                if (isForGateways(entry)) {
                    parents.stream()
                            .filter(inScope::contains)
                            .forEach(name -> chosen.put(name, one(entry, name, filters)));
                }
            }
        }
        return chosen;
    }

    private static LogChoice one(AccessLogging entry, String provider, Map<String, String> filters) {
        return Boolean.TRUE.equals(entry.disabled()) ? new Off() : new On(filters.getOrDefault(provider, ""));
    }

    // The lowest level that names any provider decides which ones count; the last entry of each name has its filter.
    private static Set<String> inScope(
            List<List<AccessLogging>> levels, List<String> defaults, Map<String, String> filters) {
        var inScope = new LinkedHashSet<>(defaults);
        for (var level : levels) {
            var named = new LinkedHashSet<String>();
            for (var entry : level) {
                if (isForGateways(entry)) {
                    var filter = entry.filter();
                    for (var name : names(entry)) {
                        named.add(name);
                        filters.put(name, filter == null ? "" : filter.expression());
                    }
                }
            }
            if (!named.isEmpty()) {
                inScope.clear();
                inScope.addAll(named);
            }
        }
        return inScope;
    }

    private static List<String> names(AccessLogging entry) {
        return entry.providers().stream().map(Telemetry.ProviderRef::name).toList();
    }

    private static boolean isForGateways(AccessLogging entry) {
        var match = entry.match();
        return match == null || match.mode() != WorkloadMode.SERVER;
    }

    /// How much is gathered before it is sent, by the same Telemetries.
    static LogBuffer buffer(World world, ProxyClass proxy) {
        var buffer = LogBuffer.DEFAULT;
        for (var telemetry : applicable(world, proxy)) {
            buffer = buffer.under(telemetry);
        }
        return buffer;
    }

    private static List<List<AccessLogging>> levels(World world, ProxyClass proxy) {
        return applicable(world, proxy).stream()
                .<List<AccessLogging>>map(telemetry -> telemetry.spec().accessLogging())
                .filter(level -> !level.isEmpty())
                .toList();
    }

    // From the widest to the narrowest.
    private static List<ConfigObject<Telemetry>> applicable(World world, ProxyClass proxy) {
        var root = world.mesh().rootNamespace();
        var found = new ArrayList<ConfigObject<Telemetry>>();
        addNamespaceWide(world, root, found);
        if (!root.equals(proxy.namespace())) {
            addNamespaceWide(world, proxy.namespace(), found);
        }
        for (var telemetry : world.telemetries(proxy.namespace())) {
            if (!isNamespaceWide(telemetry.spec()) && selects(telemetry.spec(), proxy)) {
                found.add(telemetry);
            }
        }
        return found;
    }

    private static void addNamespaceWide(World world, String namespace, List<ConfigObject<Telemetry>> found) {
        world.telemetries(namespace).stream()
                .filter(telemetry -> isNamespaceWide(telemetry.spec()))
                .findFirst()
                .ifPresent(found::add);
    }

    private static boolean isNamespaceWide(Telemetry telemetry) {
        var selector = telemetry.selector();
        return !hasTarget(telemetry)
                && (selector == null || selector.matchLabels().isEmpty());
    }

    // Targets are objects of the Gateway API, of which there are none.
    private static boolean selects(Telemetry telemetry, ProxyClass proxy) {
        var selector = telemetry.selector();
        return !hasTarget(telemetry)
                && selector != null
                && proxy.labels().entrySet().containsAll(selector.matchLabels().entrySet());
    }

    private static boolean hasTarget(Telemetry telemetry) {
        return telemetry.targetRef() != null || !telemetry.targetRefs().isEmpty();
    }
}
