package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.HttpDirectResponse;
import io.sallyport.model.VirtualService.HttpRoute;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Spells what all routes say of one host behind some Gateways as one VirtualService, whose rules stand in the
/// standard's order.
final class SiteSpeller {

    private static final int MISSING = 404;

    private SiteSpeller() {}

    /// `name` and `namespace` are those of the VirtualService, and `semantics` says by whose words its rules go.
    record Site(String namespace, String name, String host, List<String> gateways, String semantics) {}

    static Spelled spell(Site site, Collection<SpelledRule> rules) {
        var sorted = new ArrayList<>(rules);
        sorted.sort(SpelledRule.MOST_SPECIFIC_FIRST);
        var places = new LinkedHashMap<Path, Spelled.Place>();
        for (int i = 0; i < sorted.size(); i++) {
            var rule = sorted.get(i);
            var at = Path.of("spec", "http").index(i);
            places.put(at, new Spelled.Place(rule.source(), rule.place()));
            rule.parts()
                    .forEach((part, written) -> places.put(under(at, part), new Spelled.Place(rule.source(), written)));
        }
        var oldest = sorted.stream()
                .map(SpelledRule::source)
                .min(ConfigObject.BY_AGE)
                .orElseThrow();
        return of(site, sorted.stream().map(SpelledRule::route).toList(), oldest, places);
    }

    /// A host that a listener takes from a wider one although no route says anything about it, or that only routes
    /// without rules name: 404.
    static Spelled empty(Site site, ConfigObject<?> gateway, Path listener) {
        var rule = HttpRoute.plain("", ImmutableList.of(), ImmutableList.of(), new HttpDirectResponse(MISSING, null));
        return of(site, List.of(rule), gateway, Map.of(Path.of("spec"), new Spelled.Place(gateway, listener)));
    }

    // `route[0]` below `spec.http[2]`.
    private static Path under(Path base, Path part) {
        var above = part.parent();
        if (above == null) {
            return base;
        }
        var front = under(base, above);
        return part.isIndex() ? front.index(part.index()) : front.field(part.name());
    }

    private static Spelled of(
            Site site, List<HttpRoute> rules, ConfigObject<?> oldest, Map<Path, Spelled.Place> places) {
        return Spelled.of(
                new ObjectRef(Kind.VIRTUAL_SERVICE, site.namespace(), site.name()),
                Map.of(Spelled.SEMANTICS, site.semantics()),
                new VirtualService(
                        ImmutableList.of(site.host()),
                        ImmutableList.copyOf(site.gateways()),
                        ImmutableList.copyOf(rules),
                        ImmutableList.of(),
                        ImmutableList.of(),
                        ImmutableList.of("*")),
                oldest,
                oldest,
                places);
    }
}
