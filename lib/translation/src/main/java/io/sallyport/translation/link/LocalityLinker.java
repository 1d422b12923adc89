package io.sallyport.translation.link;

import io.sallyport.model.LocalityLoadBalancerSetting;
import io.sallyport.model.LocalityLoadBalancerSetting.Distribute;
import io.sallyport.model.LocalityLoadBalancerSetting.Failover;
import io.sallyport.translation.plan.Upstream.Ejection;
import io.sallyport.translation.plan.Upstream.Endpoint;
import io.sallyport.translation.plan.Upstream.Group;
import io.sallyport.translation.plan.Upstream.Locality;
import io.sallyport.translation.plan.Upstream.Spread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// Puts endpoints into groups by place, and says which groups come first and how much each gets. Without ejection
/// nobody would notice that a near endpoint fails, so nothing comes first then; balancing by zones alone always puts
/// the proxy's own region first, and takes all zones of it for one.
/// (Istio: `ApplyLocalityLoadBalancer` in `pilot/pkg/networking/core/loadbalancer/loadbalancer.go`.)
final class LocalityLinker {

    private static final String OWN = "istio-locality";
    private static final String REGION = "topology.kubernetes.io/region";
    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final String SUBZONE = "topology.istio.io/subzone";
    private static final String NETWORK = "topology.istio.io/network";
    /// The labels that say where something is.
    static final List<String> LABELS = List.of(OWN, REGION, ZONE, SUBZONE, NETWORK);

    // Distances: the same subzone, zone, region, elsewhere, and elsewhere where a rule sends to another place.
    private static final int ELSEWHERE = 3;
    private static final int UNWANTED = 4;
    private static final int DISTANCES = 5;

    /// An endpoint, where it is, and what else is known about it.
    record Placed(Endpoint endpoint, Locality locality, Map<String, String> labels, String network) {}

    /// The groups, and whether their own weights count.
    record Grouped(List<Group> groups, Spread spread) {}

    private final Map<String, String> proxy;
    private final Optional<LocalityLoadBalancerSetting> setting;
    private final boolean ejects;
    private final boolean byRegion;

    private LocalityLinker(
            Map<String, String> proxy,
            Optional<LocalityLoadBalancerSetting> setting,
            boolean ejects,
            boolean byRegion) {
        this.proxy = proxy;
        this.setting = setting;
        this.ejects = ejects;
        this.byRegion = byRegion;
    }

    /// By zones where the policy wants that, else by places as it says.
    static LocalityLinker of(Map<String, String> proxy, PolicyLinker policy) {
        var zones = policy.zones();
        return zones.isPresent()
                ? new LocalityLinker(proxy, zones, true, true)
                : new LocalityLinker(proxy, policy.locality(), !(policy.ejection() instanceof Ejection.None), false);
    }

    /// A place of Istio's form `region/zone/subzone`, parts of which may be missing.
    static Locality read(String text) {
        if (text.isEmpty()) {
            return Locality.NONE;
        }
        var parts = text.split("/", 3);
        return new Locality(parts[0], parts.length > 1 ? parts[1] : "", parts.length > 2 ? parts[2] : "");
    }

    /// Where labels say that something is: by Istio's own label, in which dots may stand for slashes, else by those of
    /// the topology.
    static Locality of(Map<String, String> labels) {
        var own = labels.getOrDefault(OWN, "");
        if (!own.isEmpty()) {
            return read(own.contains("/") ? own : own.replace('.', '/'));
        }
        return new Locality(
                labels.getOrDefault(REGION, ""), labels.getOrDefault(ZONE, ""), labels.getOrDefault(SUBZONE, ""));
    }

    Grouped group(List<Placed> endpoints) {
        var places = new TreeMap<Locality, List<Placed>>();
        endpoints.forEach(each ->
                places.computeIfAbsent(each.locality(), _ -> new ArrayList<>()).add(each));
        if (setting.isEmpty()) {
            return new Grouped(plain(places), Spread.ENDPOINTS);
        }
        var wanted = setting.get();
        if (!wanted.distribute().isEmpty()) {
            return distribute(places, wanted.distribute());
        }
        return ejects ? failover(places, wanted) : new Grouped(plain(places), Spread.ENDPOINTS);
    }

    private static List<Group> plain(Map<Locality, List<Placed>> places) {
        var groups = new ArrayList<Group>();
        places.forEach((place, endpoints) -> groups.add(new Group(place, 0, 0, endpointsOf(endpoints))));
        return groups;
    }

    private static List<Endpoint> endpointsOf(List<Placed> placed) {
        return placed.stream().map(Placed::endpoint).toList();
    }

    // An endpoint without a weight weighs 1.
    private static int weight(List<Placed> endpoints) {
        long sum = endpoints.stream()
                .mapToLong(each -> Math.max(1, each.endpoint().weight()))
                .sum();
        return Math.toIntExact(Math.min(sum, Integer.MAX_VALUE));
    }

    // Distribution.

    // The first entry for the proxy's own place counts. Places that it does not name get nothing.
    private Grouped distribute(Map<Locality, List<Placed>> places, List<Distribute> entries) {
        var here = of(proxy);
        var entry = entries.stream().filter(each -> covers(each.from(), here)).findFirst();
        var weights = new HashMap<Locality, Integer>();
        places.forEach((place, endpoints) -> weights.put(place, weight(endpoints)));
        if (entry.isPresent()) {
            var shares = shares(weights, entry.get().to());
            weights.keySet().retainAll(shares.keySet());
            weights.putAll(shares);
        }
        var groups = new ArrayList<Group>();
        places.forEach((place, endpoints) -> {
            var weight = weights.get(place);
            if (weight != null) {
                groups.add(new Group(place, weight, 0, endpointsOf(endpoints)));
            }
        });
        return new Grouped(groups, Spread.GROUPS);
    }

    // Several places under one pattern divide its share by their weights.
    private static Map<Locality, Integer> shares(Map<Locality, Integer> weights, Map<String, Long> to) {
        var shares = new HashMap<Locality, Integer>();
        to.forEach((pattern, percent) -> {
            var covered = weights.keySet().stream()
                    .filter(place -> !shares.containsKey(place) && covers(pattern, place))
                    .toList();
            double total = covered.stream().mapToDouble(weights::get).sum();
            for (var place : covered) {
                int weight = weights.getOrDefault(place, 0);
                var share = (int) Math.ceil(weight * percent / total);
                shares.put(place, share > 0 ? share : weight);
            }
        });
        return shares;
    }

    /// `eu/*` covers `eu/west/a`; so does `eu`.
    private static boolean covers(String pattern, Locality place) {
        var wanted = read(pattern);
        return (wanted.region().equals("*") || wanted.region().equals(place.region()))
                && isPart(wanted.zone(), place.zone())
                && isPart(wanted.subzone(), place.subzone());
    }

    private static boolean isPart(String wanted, String part) {
        return wanted.equals("*") || wanted.isEmpty() || wanted.equals(part);
    }

    // Failover.

    private Grouped failover(Map<Locality, List<Placed>> places, LocalityLoadBalancerSetting wanted) {
        var byLabels = !wanted.failoverPriority().isEmpty();
        boolean isSaid = !byRegion && (byLabels || !wanted.failover().isEmpty());
        var ranked = new ArrayList<Ranked>();
        places.forEach((place, endpoints) -> {
            var parts = new TreeMap<Integer, List<Placed>>();
            for (var endpoint : endpoints) {
                int rank = byLabels ? rank(endpoint, wanted.failoverPriority()) : 0;
                parts.computeIfAbsent(rank, _ -> new ArrayList<>()).add(endpoint);
            }
            boolean byPlace = byRegion || !byLabels || !wanted.failover().isEmpty();
            int distance = byPlace ? distance(place, wanted.failover()) : 0;
            parts.forEach((rank, part) -> ranked.add(new Ranked(place, rank * DISTANCES + distance, part)));
        });
        // Envoy wants priorities without gaps.
        var ranks =
                new ArrayList<>(new TreeSet<>(ranked.stream().map(Ranked::rank).toList()));
        var groups = ranked.stream()
                .map(each -> new Group(
                        each.place(),
                        isSaid ? weight(each.endpoints()) : 0,
                        ranks.indexOf(each.rank()),
                        endpointsOf(each.endpoints())))
                .toList();
        return new Grouped(groups, isSaid ? Spread.GROUPS : Spread.ENDPOINTS);
    }

    private record Ranked(Locality place, int rank, List<Placed> endpoints) {}

    private int distance(Locality place, List<Failover> failover) {
        var here = of(proxy);
        if (here.region().equals(place.region())) {
            if (byRegion) {
                return 0;
            }
            if (!here.zone().equals(place.zone())) {
                return 2;
            }
            return here.subzone().equals(place.subzone()) ? 0 : 1;
        }
        return failover.stream()
                .filter(each -> each.from().equals(here.region()))
                .findFirst()
                .filter(each -> !each.to().equals(place.region()))
                .map(_ -> UNWANTED)
                .orElse(ELSEWHERE);
    }

    /// The label that an entry of `failoverPriority` asks about: `app` of `app=web`.
    static String label(String priority) {
        return priority.split("=", 2)[0];
    }

    // Labels are asked in order: who differs in the first comes last. `label=value` asks for a value of its own.
    private int rank(Placed endpoint, List<String> priority) {
        var theirs = augmented(endpoint.labels(), endpoint.locality(), endpoint.network());
        var ours = augmented(proxy, of(proxy), "");
        for (int i = 0; i < priority.size(); i++) {
            var label = label(priority.get(i));
            var own = priority.get(i).substring(label.length());
            var wanted = own.isEmpty() ? ours.getOrDefault(label, "") : own.substring(1);
            if (!wanted.equals(theirs.getOrDefault(label, ""))) {
                return priority.size() - i;
            }
        }
        return 0;
    }

    private static Map<String, String> augmented(Map<String, String> labels, Locality place, String network) {
        var all = new HashMap<>(labels);
        put(all, REGION, place.region());
        put(all, ZONE, place.zone());
        put(all, SUBZONE, place.subzone());
        put(all, NETWORK, network);
        return all;
    }

    private static void put(Map<String, String> labels, String name, String value) {
        if (!value.isEmpty()) {
            labels.put(name, value);
        }
    }
}
