package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.analysis.world.World;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.StringMatch;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.HttpMatchRequest;
import io.sallyport.model.VirtualService.HttpMirrorPolicy;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Puts the rules of delegates in the place of the rules that name them. A delegate's entry counts only inside an entry
/// of its root; where none takes it, the delegate's rule is left out. What the delegate does not say is as the root
/// says. One level only. (Istio: `pilot/pkg/model/virtualservice.go`.)
final class Delegation {

    /// A rule with the namespace that its destinations belong to. Its origin is the root's rule.
    record Resolved(HttpRoute route, String namespace, Origin origin) {}

    private Delegation() {}

    static List<Resolved> rules(World world, Routing root) {
        var resolved = new ArrayList<Resolved>();
        var routes = root.object().spec().http();
        for (int i = 0; i < routes.size(); i++) {
            var route = routes.get(i);
            var origin = new Origin(root.object().ref(), Path.of("spec", "http").index(i));
            if (route.delegate() == null) {
                resolved.add(new Resolved(route, root.object().namespace(), origin));
                continue;
            }
            delegate(world, root, route)
                    .ifPresent(delegate -> delegate.object().spec().http().stream()
                            .flatMap(part -> merge(root, route, delegate, part).stream())
                            .forEach(merged -> resolved.add(
                                    new Resolved(merged, delegate.object().namespace(), origin))));
        }
        return resolved;
    }

    /// Whether a rule is left out because its delegate is missing or takes none of its requests. Its host keeps its
    /// place then, even without any rule: a wildcard of somebody else must not take it over (V8).
    static boolean isWithheld(World world, Routing root) {
        return root.object().spec().http().stream()
                .filter(route -> route.delegate() != null)
                .anyMatch(route -> delegate(world, root, route).stream()
                        .flatMap(delegate -> delegate.object().spec().http().stream()
                                .flatMap(part -> merge(root, route, delegate, part).stream()))
                        .findAny()
                        .isEmpty());
    }

    private static Optional<Routing> delegate(World world, Routing root, HttpRoute route) {
        var namespace = root.object().namespace();
        return Optional.ofNullable(route.delegate())
                .map(named -> new ObjectRef(
                        Kind.VIRTUAL_SERVICE,
                        named.namespace().isEmpty() ? namespace : named.namespace(),
                        named.name()))
                .flatMap(world::routing)
                .filter(Routing::isDelegate)
                .filter(delegate -> delegate.visibility().visibleTo(namespace));
    }

    private static Optional<HttpRoute> merge(Routing root, HttpRoute route, Routing delegate, HttpRoute part) {
        if (part.delegate() != null) {
            return Optional.empty();
        }
        var outer = qualified(route.match(), root.object().namespace());
        var inner = qualified(part.match(), delegate.object().namespace());
        return merge(outer, inner).map(match -> inherit(root.object().namespace(), route, part, match));
    }

    private static HttpRoute inherit(
            String rootNamespace, HttpRoute route, HttpRoute part, ImmutableList<HttpMatchRequest> match) {
        return new HttpRoute(
                joined(route.name(), part.name()),
                match,
                part.route(),
                part.redirect(),
                first(part.directResponse(), route.directResponse()),
                null,
                first(part.rewrite(), route.rewrite()),
                first(part.timeout(), route.timeout()),
                first(part.retries(), route.retries()),
                first(part.fault(), route.fault()),
                first(part.mirror(), qualified(route.mirror(), rootNamespace)),
                part.mirrors().isEmpty() ? qualifiedMirrors(route.mirrors(), rootNamespace) : part.mirrors(),
                first(part.mirrorPercent(), route.mirrorPercent()),
                first(part.mirrorPercentage(), route.mirrorPercentage()),
                first(part.corsPolicy(), route.corsPolicy()),
                first(part.headers(), route.headers()),
                first(part.sessionPersistence(), route.sessionPersistence()));
    }

    private static String joined(String outer, String inner) {
        if (outer.isEmpty() || inner.isEmpty()) {
            return outer + inner;
        }
        return outer + "-" + inner;
    }

    private static <T> @Nullable T first(@Nullable T own, @Nullable T inherited) {
        return own == null ? inherited : own;
    }

    private static @Nullable Destination qualified(@Nullable Destination destination, String namespace) {
        return destination == null
                ? null
                : new Destination(
                        HostNames.qualify(destination.host(), namespace), destination.subset(), destination.port());
    }

    private static ImmutableList<HttpMirrorPolicy> qualifiedMirrors(List<HttpMirrorPolicy> mirrors, String namespace) {
        return mirrors.stream()
                .map(mirror -> new HttpMirrorPolicy(qualified(mirror.destination(), namespace), mirror.percentage()))
                .collect(ImmutableList.toImmutableList());
    }

    private static List<HttpMatchRequest> qualified(List<HttpMatchRequest> matches, String namespace) {
        return matches.stream()
                .map(match -> with(
                        match,
                        match.gateways().stream()
                                .map(gateway -> HostNames.gateway(gateway, namespace))
                                .collect(ImmutableList.toImmutableList())))
                .toList();
    }

    private static HttpMatchRequest with(HttpMatchRequest match, ImmutableList<String> gateways) {
        return new HttpMatchRequest(
                match.name(),
                match.uri(),
                match.scheme(),
                match.method(),
                match.authority(),
                match.headers(),
                match.port(),
                match.sourceLabels(),
                gateways,
                match.queryParams(),
                match.ignoreUriCase(),
                match.withoutHeaders(),
                match.sourceNamespace(),
                match.statPrefix());
    }

    /// Every pair that agrees; empty when an inner entry agrees with no outer one.
    private static Optional<ImmutableList<HttpMatchRequest>> merge(
            List<HttpMatchRequest> outer, List<HttpMatchRequest> inner) {
        if (outer.isEmpty() || inner.isEmpty()) {
            return Optional.of(ImmutableList.copyOf(outer.isEmpty() ? inner : outer));
        }
        var merged = ImmutableList.<HttpMatchRequest>builder();
        for (var part : inner) {
            var pairs = outer.stream()
                    .filter(whole -> agrees(whole, part))
                    .map(whole -> merge(whole, part))
                    .toList();
            if (pairs.isEmpty()) {
                return Optional.empty();
            }
            merged.addAll(pairs);
        }
        return Optional.of(merged.build());
    }

    private static HttpMatchRequest merge(HttpMatchRequest outer, HttpMatchRequest inner) {
        return new HttpMatchRequest(
                joined(outer.name(), inner.name()),
                first(inner.uri(), outer.uri()),
                first(inner.scheme(), outer.scheme()),
                first(inner.method(), outer.method()),
                first(inner.authority(), outer.authority()),
                merged(outer.headers(), inner.headers()),
                inner.port() == 0 ? outer.port() : inner.port(),
                merged(outer.sourceLabels(), inner.sourceLabels()),
                inner.gateways().isEmpty() ? outer.gateways() : inner.gateways(),
                merged(outer.queryParams(), inner.queryParams()),
                inner.ignoreUriCase(),
                merged(outer.withoutHeaders(), inner.withoutHeaders()),
                inner.sourceNamespace().isEmpty() ? outer.sourceNamespace() : inner.sourceNamespace(),
                inner.statPrefix().isEmpty() ? outer.statPrefix() : inner.statPrefix());
    }

    private static <V> ImmutableSortedMap<String, V> merged(Map<String, V> outer, Map<String, V> inner) {
        var merged = new TreeMap<String, V>(outer);
        merged.putAll(inner);
        return ImmutableSortedMap.copyOf(merged);
    }

    private static boolean agrees(HttpMatchRequest outer, HttpMatchRequest inner) {
        return agree(outer.uri(), inner.uri())
                && agree(outer.scheme(), inner.scheme())
                && agree(outer.method(), inner.method())
                && agree(outer.authority(), inner.authority())
                && agree(outer.headers(), inner.headers())
                && agree(outer.withoutHeaders(), inner.withoutHeaders())
                && agree(outer.queryParams(), inner.queryParams())
                && outer.ignoreUriCase() == inner.ignoreUriCase()
                && (outer.port() == 0 || inner.port() == 0 || outer.port() == inner.port())
                && (outer.sourceNamespace().isEmpty() || outer.sourceNamespace().equals(inner.sourceNamespace()))
                && inner.sourceLabels().entrySet().stream()
                        .allMatch(label -> label.getValue()
                                .equals(outer.sourceLabels().getOrDefault(label.getKey(), label.getValue())))
                && (outer.gateways().isEmpty()
                        || inner.gateways().isEmpty()
                        || outer.gateways().containsAll(inner.gateways()));
    }

    private static boolean agree(Map<String, StringMatch> outer, Map<String, StringMatch> inner) {
        return inner.entrySet().stream().allMatch(entry -> agree(outer.get(entry.getKey()), entry.getValue()));
    }

    // Patterns never mix with anything; a prefix takes what starts with it, an exact text itself alone.
    private static boolean agree(@Nullable StringMatch outer, @Nullable StringMatch inner) {
        if (outer == null || inner == null) {
            return true;
        }
        return switch (outer.form()) {
            case StringMatch.Exact exact -> inner.form().equals(exact);
            case StringMatch.Prefix prefix ->
                switch (inner.form()) {
                    case StringMatch.Prefix narrower -> narrower.value().startsWith(prefix.value());
                    case StringMatch.Exact exact -> exact.value().startsWith(prefix.value());
                    case StringMatch.Regex _, StringMatch.Present _ -> false;
                };
            case StringMatch.Regex _, StringMatch.Present _ -> false;
        };
    }
}
