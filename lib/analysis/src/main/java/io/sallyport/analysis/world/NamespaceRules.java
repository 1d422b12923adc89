package io.sallyport.analysis.world;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.ObjectRef;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/// The DestinationRules of one namespace by their completed host. Wildcards are few, and stand apart.
record NamespaceRules(
        PMap<String, PMap<ObjectRef, ConfigObject<DestinationRule>>> exact,
        PMap<String, PMap<ObjectRef, ConfigObject<DestinationRule>>> wildcards) {

    static final NamespaceRules EMPTY = new NamespaceRules(HashTreePMap.empty(), HashTreePMap.empty());

    NamespaceRules plus(String host, ConfigObject<DestinationRule> rule) {
        return HostNames.isWildcard(host)
                ? new NamespaceRules(exact, plus(wildcards, host, rule))
                : new NamespaceRules(plus(exact, host, rule), wildcards);
    }

    NamespaceRules minus(String host, ObjectRef ref) {
        return HostNames.isWildcard(host)
                ? new NamespaceRules(exact, minus(wildcards, host, ref))
                : new NamespaceRules(minus(exact, host, ref), wildcards);
    }

    boolean isEmpty() {
        return exact.isEmpty() && wildcards.isEmpty();
    }

    /// The rules of the most specific host pattern that covers `host` among those that `counts` lets pass, oldest
    /// first.
    List<ConfigObject<DestinationRule>> covering(String host, Predicate<ConfigObject<DestinationRule>> counts) {
        var named = passing(exact.get(host), counts);
        if (!named.isEmpty()) {
            return named;
        }
        return wildcards.keySet().stream()
                .filter(pattern -> HostNames.isSubset(host, pattern))
                .sorted(HostNames.MOST_SPECIFIC_FIRST)
                .map(pattern -> passing(wildcards.get(pattern), counts))
                .filter(rules -> !rules.isEmpty())
                .findFirst()
                .orElse(List.of());
    }

    private static List<ConfigObject<DestinationRule>> passing(
            @Nullable PMap<ObjectRef, ConfigObject<DestinationRule>> rules,
            Predicate<ConfigObject<DestinationRule>> counts) {
        return Optional.ofNullable(rules).stream()
                .flatMap(found -> found.values().stream())
                .filter(counts)
                .sorted(ConfigObject.BY_AGE)
                .toList();
    }

    private static PMap<String, PMap<ObjectRef, ConfigObject<DestinationRule>>> plus(
            PMap<String, PMap<ObjectRef, ConfigObject<DestinationRule>>> table,
            String host,
            ConfigObject<DestinationRule> rule) {
        return table.plus(host, table.getOrDefault(host, HashTreePMap.empty()).plus(rule.ref(), rule));
    }

    private static PMap<String, PMap<ObjectRef, ConfigObject<DestinationRule>>> minus(
            PMap<String, PMap<ObjectRef, ConfigObject<DestinationRule>>> table, String host, ObjectRef ref) {
        var left = table.getOrDefault(host, HashTreePMap.empty()).minus(ref);
        return left.isEmpty() ? table.minus(host) : table.plus(host, left);
    }
}
