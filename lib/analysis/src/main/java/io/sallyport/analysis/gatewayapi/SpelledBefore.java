package io.sallyport.analysis.gatewayapi;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.gatewayapi.BackendReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// What was spelled for the image before, so that a change spells only what it changes: a route is spelled
/// again when it is another object or when one of its references leads somewhere else, and the rules of a
/// host when one of them is another. Mutable, and owned by one analyzer.
public final class SpelledBefore {

    private Map<ObjectRef, Route> routes = new HashMap<>();
    private Map<SiteSpeller.Site, Site> sites = new HashMap<>();
    private Map<ObjectRef, Route> nextRoutes = new HashMap<>();
    private Map<SiteSpeller.Site, Site> nextSites = new HashMap<>();
    private int routesSpelled;
    private int sitesSpelled;

    /// A reference, and where it led.
    record Asked(BackendReference reference, Path place, Backends.Found found) {}

    private record Route(ConfigObject<?> object, List<Asked> asked, RuleSpeller.Spelling spelling) {

        boolean holds(ConfigObject<?> now, Backends backends) {
            return object == now
                    && asked.stream()
                            .allMatch(each -> backends.find(object, each.reference(), each.place())
                                    .equals(each.found()));
        }
    }

    private record Site(List<SpelledRule> rules, Spelled spelled) {

        boolean holds(List<SpelledRule> now) {
            if (rules.size() != now.size()) {
                return false;
            }
            for (int i = 0; i < now.size(); i++) {
                if (rules.get(i) != now.get(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    /// How many routes the last image had spelled anew.
    public int routesSpelled() {
        return routesSpelled;
    }

    /// How many hosts the last image had spelled anew.
    public int sitesSpelled() {
        return sitesSpelled;
    }

    void begin() {
        nextRoutes = new HashMap<>();
        nextSites = new HashMap<>();
        routesSpelled = 0;
        sitesSpelled = 0;
    }

    void end() {
        routes = nextRoutes;
        sites = nextSites;
    }

    RuleSpeller.Spelling route(ConfigObject<?> object, Backends backends, Supplier<RuleSpeller.Spelling> spell) {
        var known = routes.get(object.ref());
        if (known == null || !known.holds(object, backends)) {
            routesSpelled++;
            var asked = new ArrayList<Asked>();
            known = new Route(object, asked, backends.noting(asked, spell));
        }
        nextRoutes.put(object.ref(), known);
        return known.spelling();
    }

    Spelled site(SiteSpeller.Site site, List<SpelledRule> rules) {
        var known = sites.get(site);
        if (known == null || !known.holds(rules)) {
            sitesSpelled++;
            known = new Site(List.copyOf(rules), SiteSpeller.spell(site, rules));
        }
        nextSites.put(site, known);
        return known.spelled();
    }
}
