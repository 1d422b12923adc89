package io.sallyport.analysis.world;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.Lineage;
import io.sallyport.analysis.gatewayapi.Spelled;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.Sidecar;
import io.sallyport.model.Telemetry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/// What refers to what: which hosts exist and who sees them, which VirtualServices bind to which Gateway, which
/// DestinationRule shapes which host. Immutable; the next world shares what did not change, and costs what did.
public final class World {

    public static final World EMPTY = new World(WorldDraft.empty(), Map.of(), Lineage.start());

    private static final int MAX_EDITS = 3;

    final ConfigImage image;
    final MeshSettings mesh;
    final PMap<ObjectRef, List<Backend>> backendsOf;
    final Grouping<String, List<Backend>> backendsByHost;
    final PMap<ObjectRef, ConfigObject<Gateway>> gateways;
    final PMap<ObjectRef, Routing> routings;
    final Grouping<String, Routing> routingsByGateway;
    final Grouping<String, Routing> routingsByDestination;
    final Grouping<ObjectRef, Routing> routingsByDelegate;
    final PMap<String, NamespaceRules> rules;
    final Grouping<String, ConfigObject<Telemetry>> telemetries;
    final Grouping<String, ConfigObject<Sidecar>> sidecars;
    final WorldDraft.Sources sources;
    final PMap<ObjectRef, ConfigObject<ServiceEntry>> lookedUp;
    final PMap<ObjectRef, ConfigObject<ServiceEntry>> addressed;
    final AutomaticAddresses automatic;
    private final Lookups lookups;
    private final Map<ObjectRef, Spelled> spelled;
    // Of the hosts that are declared.
    private final Lineage<String> lineage;

    private World(WorldDraft draft, Map<ObjectRef, Spelled> spelled, Lineage<String> lineage) {
        this.spelled = spelled;
        this.image = draft.image;
        this.mesh = draft.mesh;
        this.backendsOf = draft.backendsOf;
        this.backendsByHost = draft.backendsByHost;
        this.gateways = draft.gateways;
        this.routings = draft.routings;
        this.routingsByGateway = draft.routingsByGateway;
        this.routingsByDestination = draft.routingsByDestination;
        this.routingsByDelegate = draft.routingsByDelegate;
        this.rules = draft.rules;
        this.telemetries = draft.telemetries;
        this.sidecars = draft.sidecars;
        this.sources = draft.sources;
        this.lookedUp = draft.lookedUp;
        this.addressed = draft.addressed;
        this.automatic = draft.automatic;
        this.lookups = Lookups.of(draft.lookedUp.values());
        this.lineage = lineage;
    }

    /// The world over `next`, made from this one by what changed.
    public World next(ConfigImage next) {
        return next(next, Map.of());
    }

    /// The same where some objects of the image are spelled for other ones.
    public World next(ConfigImage next, Map<ObjectRef, Spelled> made) {
        if (next == image) {
            return this;
        }
        var draft = WorldDraft.of(this, next);
        return new World(draft, made, lineage.next(Set.copyOf(draft.changedHosts)));
    }

    /// What an object is spelled for, if nobody wrote it.
    public Optional<Spelled> spelled(ObjectRef ref) {
        return Optional.ofNullable(spelled.get(ref));
    }

    /// The part of what people wrote that an origin comes from.
    public Origin written(Origin origin) {
        var made = spelled.get(origin.object());
        return made == null ? origin : made.written(origin.path()).origin();
    }

    public ConfigImage image() {
        return image;
    }

    public MeshSettings mesh() {
        return mesh;
    }

    /// Which names gateways look up, and where these may lead.
    public Lookups lookups() {
        return lookups;
    }

    // Gateways.

    /// Every Gateway, in no particular order.
    public Collection<ConfigObject<Gateway>> gateways() {
        return gateways.values();
    }

    /// The Gateway of a completed name: `shop/edge`.
    public Optional<ConfigObject<Gateway>> gateway(String qualifiedName) {
        int slash = qualifiedName.indexOf('/');
        return Optional.ofNullable(gateways.get(new ObjectRef(
                Kind.GATEWAY, qualifiedName.substring(0, Math.max(slash, 0)), qualifiedName.substring(slash + 1))));
    }

    /// The Gateways that a proxy with these labels serves, oldest first. One without a selector is for every proxy.
    public List<ConfigObject<Gateway>> gatewaysFor(String namespace, Map<String, String> labels) {
        return gateways.values().stream()
                .filter(gateway -> selects(gateway, namespace, labels))
                .sorted(ConfigObject.BY_AGE)
                .toList();
    }

    /// Whether a Gateway is for a proxy with these labels.
    public static boolean selects(Gateway gateway, Map<String, String> labels) {
        return labels.entrySet().containsAll(gateway.selector().entrySet());
    }

    /// The same of a proxy in a namespace: what a Gateway of the Gateway API is spelled as may be for one namespace
    /// alone.
    public static boolean selects(ConfigObject<Gateway> gateway, String namespace, Map<String, String> labels) {
        var scope = gateway.metadata().annotations().get(Spelled.SCOPE);
        return selects(gateway.spec(), labels) && (scope == null || scope.equals(namespace));
    }

    /// The name that was probably meant by `qualifiedName`: in the same namespace first, a few typing errors away.
    public Optional<String> nearestGateway(String qualifiedName) {
        return nearest(
                qualifiedName,
                gateways.keySet().stream().map(ObjectRef::qualifiedName).toList());
    }

    // Logs.

    /// The Telemetries of a namespace, oldest first.
    public List<ConfigObject<Telemetry>> telemetries(String namespace) {
        return telemetries.get(namespace).values().stream()
                .sorted(ConfigObject.BY_AGE)
                .toList();
    }

    // Client proxies.

    /// The Sidecars of a namespace, oldest first.
    public List<ConfigObject<Sidecar>> sidecars(String namespace) {
        return sidecars.get(namespace).values().stream()
                .sorted(ConfigObject.BY_AGE)
                .toList();
    }

    // VirtualServices.

    public Optional<Routing> routing(ObjectRef ref) {
        return Optional.ofNullable(routings.get(ref));
    }

    /// The VirtualServices that name a Gateway (`shop/edge`) or `mesh`, in no particular order.
    public Collection<Routing> routingsOf(String gateway) {
        return routingsByGateway.get(gateway).values();
    }

    /// The VirtualServices that send to a host themselves, in no particular order.
    public Collection<Routing> routingsTo(String host) {
        return routingsByDestination.get(host).values();
    }

    /// The VirtualServices that delegate to one, in no particular order.
    public Collection<Routing> delegatorsOf(ObjectRef delegate) {
        return routingsByDelegate.get(delegate).values();
    }

    // Hosts to send to.

    /// What declares a host, for anyone: oldest first.
    public List<Backend> backends(String host) {
        return backendsByHost.get(host).values().stream()
                .flatMap(List::stream)
                .filter(backend -> backend.host().equals(host))
                .sorted(Backend.BY_AGE)
                .toList();
    }

    /// What declares a host, as seen from a namespace: its own objects first, then the oldest. The first one
    /// counts.
    public List<Backend> backends(String host, String viewer) {
        return backends(host).stream()
                .filter(backend -> backend.visibility().visibleTo(viewer))
                .sorted(Comparator.comparing(backend -> !backend.namespace().equals(viewer)))
                .toList();
    }

    /// What one object declares: a ServiceEntry has one backend for each host.
    public List<Backend> backendsOf(ObjectRef ref) {
        return backendsOf.getOrDefault(ref, List.of());
    }

    /// Every host that is declared, in order.
    public SortedSet<String> hosts() {
        return new TreeSet<>(backendsByHost.groups().keySet());
    }

    /// The host that was probably meant.
    public Optional<String> nearestHost(String host, String viewer) {
        return nearest(
                host,
                backendsByHost.groups().keySet().stream()
                        .filter(known -> !backends(known, viewer).isEmpty())
                        .toList());
    }

    /// The Kubernetes Services of a namespace whose selector takes a workload with these labels, oldest first.
    public List<ConfigObject<Service>> servicesFor(String namespace, Map<String, String> labels) {
        return sources.services().get(namespace).values().stream()
                .filter(service -> selects(service.spec(), labels))
                .sorted(ConfigObject.BY_AGE)
                .toList();
    }

    /// Whether a Service takes a workload with these labels. One without a selector takes none.
    public static boolean selects(Service service, Map<String, String> labels) {
        return !service.selector().isEmpty()
                && labels.entrySet().containsAll(service.selector().entrySet());
    }

    /// The hosts that are declared otherwise here than in `previous`. Cheap when this world was made from
    /// `previous` by some small steps; otherwise all hosts are compared.
    public SortedSet<String> changedHosts(World previous) {
        return lineage.since(previous.lineage)
                .<SortedSet<String>>map(TreeSet::new)
                .orElseGet(() -> differingHosts(previous));
    }

    private SortedSet<String> differingHosts(World previous) {
        var differing = new TreeSet<String>();
        var hosts = new TreeSet<>(backendsByHost.groups().keySet());
        hosts.addAll(previous.backendsByHost.groups().keySet());
        for (var host : hosts) {
            if (!backends(host).equals(previous.backends(host))) {
                differing.add(host);
            }
        }
        differing.addAll(automatic.differing(previous.automatic));
        return differing;
    }

    /// The address that was given to a host of a namespace's ServiceEntries because it has none and cannot be
    /// told from others without: `240.240.50.162`. [io.sallyport.analysis.text.AutoAddresses#six] is the same
    /// for IPv6.
    public Optional<String> automaticAddress(String namespace, String host) {
        return automatic.of(namespace, host);
    }

    // DestinationRules.

    /// What DestinationRules say to a proxy in `viewer` with these labels about a host of `owner`: those of the
    /// proxy's own namespace, then those exported from the host's, then those exported from the root namespace. The
    /// first place that has one decides. (Istio: `destinationRule` in `pilot/pkg/model/push_context.go`.)
    public TrafficRule rule(String host, String owner, String viewer, Map<String, String> labels) {
        var root = mesh.rootNamespace();
        var own = rulesIn(viewer)
                .covering(host, rule -> viewer.equals(root) ? visibility(rule).isPrivate() : isLocal(rule));
        if (!own.isEmpty()) {
            return choose(own, viewer, labels);
        }
        var theirs = exported(owner, host, viewer);
        return choose(theirs.isEmpty() ? exported(root, host, viewer) : theirs, viewer, labels);
    }

    private List<ConfigObject<DestinationRule>> exported(String namespace, String host, String viewer) {
        return rulesIn(namespace).covering(host, rule -> !visibility(rule).isPrivate()).stream()
                .filter(rule -> isExportedTo(rule, viewer))
                .toList();
    }

    // With several groups for one host, those with a selector of this workload win, else the youngest group
    // without.
    private TrafficRule choose(List<ConfigObject<DestinationRule>> byAge, String viewer, Map<String, String> labels) {
        var groups = new LinkedHashMap<List<Object>, List<ConfigObject<DestinationRule>>>();
        for (var rule : byAge) {
            var selector = rule.spec().workloadSelector();
            groups.computeIfAbsent(
                            List.of(visibility(rule).exportTo(), selector == null ? "" : selector),
                            _ -> new ArrayList<>())
                    .add(rule);
        }
        var chosen = TrafficRule.NONE;
        for (var group : groups.values()) {
            var selector = group.getFirst().spec().workloadSelector();
            if (selector == null) {
                chosen = TrafficRule.merge(group);
            } else if (group.getFirst().namespace().equals(viewer)
                    && labels.entrySet().containsAll(selector.matchLabels().entrySet())) {
                return TrafficRule.merge(group);
            }
        }
        return chosen;
    }

    private NamespaceRules rulesIn(String namespace) {
        return rules.getOrDefault(namespace, NamespaceRules.EMPTY);
    }

    // A rule that is exported to other namespaces by name alone does not count in its own.
    private boolean isLocal(ConfigObject<DestinationRule> rule) {
        return visibility(rule).visibleTo(rule.namespace());
    }

    private boolean isExportedTo(ConfigObject<DestinationRule> rule, String viewer) {
        var visibility = visibility(rule);
        return visibility.isPublic() || visibility.exportTo().contains(viewer);
    }

    private Visibility visibility(ConfigObject<DestinationRule> rule) {
        return rule.spec().workloadSelector() == null
                ? Visibility.of(rule.namespace(), rule.spec().exportTo(), mesh.destinationRuleExportTo())
                : Visibility.of(rule.namespace(), List.of("."), List.of());
    }

    private static Optional<String> nearest(String meant, Collection<String> known) {
        return known.stream()
                .filter(name -> distance(meant, name) <= MAX_EDITS)
                .min(Comparator.<String>comparingInt(name -> distance(meant, name))
                        .thenComparing(Comparator.naturalOrder()));
    }

    private static int distance(String first, String second) {
        if (Math.abs(first.length() - second.length()) > MAX_EDITS) {
            return MAX_EDITS + 1;
        }
        var row = new int[second.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= first.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int substituted = diagonal + (first.charAt(i - 1) == second.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[second.length()];
    }

    static Set<ObjectRef> delegatesOf(Routing routing) {
        var delegates = new TreeSet<ObjectRef>();
        for (var rule : routing.object().spec().http()) {
            var delegate = rule.delegate();
            if (delegate != null) {
                delegates.add(new ObjectRef(
                        Kind.VIRTUAL_SERVICE,
                        delegate.namespace().isEmpty() ? routing.object().namespace() : delegate.namespace(),
                        delegate.name()));
            }
        }
        return delegates;
    }

    static <K, V> PMap<K, V> none() {
        return HashTreePMap.empty();
    }
}
