package io.sallyport.analysis.gatewayapi;

import static io.sallyport.analysis.gatewayapi.Condition.Type.ACCEPTED;
import static io.sallyport.analysis.gatewayapi.Condition.Type.PROGRAMMED;
import static io.sallyport.analysis.gatewayapi.Condition.Type.RESOLVED_REFS;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfGateway;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfListener;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfParent;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfRoute;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Ingress;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.Spec;
import io.sallyport.model.gatewayapi.BackendReference;
import io.sallyport.model.gatewayapi.BackendTlsPolicy;
import io.sallyport.model.gatewayapi.GatewayClass;
import io.sallyport.model.gatewayapi.GrpcRoute;
import io.sallyport.model.gatewayapi.HttpRoute;
import io.sallyport.model.gatewayapi.KubernetesGateway;
import io.sallyport.model.gatewayapi.TcpRoute;
import io.sallyport.model.gatewayapi.TlsRoute;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/// What the Gateway API's objects and the Ingresses of one image stand for, and what their status is to say. A
/// function of the image alone.
public final class GatewayApi {

    public static final GatewayApi EMPTY = new GatewayApi(List.of(), new TreeMap<>());

    /// The kinds that are spelled.
    public static final Set<Kind> KINDS = ImmutableSet.of(
            Kind.GATEWAY_CLASS,
            Kind.KUBERNETES_GATEWAY,
            Kind.HTTP_ROUTE,
            Kind.GRPC_ROUTE,
            Kind.TLS_ROUTE,
            Kind.TCP_ROUTE,
            Kind.REFERENCE_GRANT,
            Kind.BACKEND_TLS_POLICY,
            Kind.INGRESS,
            Kind.INGRESS_CLASS);

    /// What else the answer depends on.
    public static final Set<Kind> NEIGHBOURS =
            ImmutableSet.of(Kind.SERVICE, Kind.SERVICE_ENTRY, Kind.NAMESPACE, Kind.PLATFORM, Kind.CONFIG_MAP);

    private final List<Spelled> spelled;
    private final SortedMap<ObjectRef, ObjectStatus> statuses;

    private GatewayApi(Collection<Spelled> spelled, SortedMap<ObjectRef, ObjectStatus> statuses) {
        this.spelled = List.copyOf(spelled);
        this.statuses = Collections.unmodifiableSortedMap(statuses);
    }

    /// The Istio objects that say the same.
    public List<Spelled> spelled() {
        return spelled;
    }

    /// What the status of each object is to say; of those that are somebody else's, nothing.
    public SortedMap<ObjectRef, ObjectStatus> statuses() {
        return statuses;
    }

    public Optional<ObjectStatus> status(ObjectRef ref) {
        return Optional.ofNullable(statuses.get(ref));
    }

    /// All of it, as if nothing had been spelled before.
    public static GatewayApi of(ConfigImage image) {
        return of(image, new SpelledBefore());
    }

    /// The same, with the parts of it that were spelled before and hold.
    public static GatewayApi of(ConfigImage image, SpelledBefore before) {
        before.begin();
        var draft = new Draft(image, before);
        draft.classes();
        draft.gateways();
        draft.routes();
        draft.sites();
        draft.statuses();
        draft.ingresses();
        draft.policies();
        before.end();
        return new GatewayApi(draft.spelled.values(), draft.statuses);
    }

    private static <S extends Spec> List<ConfigObject<S>> byAge(ConfigImage image, Kind kind, Class<S> type) {
        return image.all(kind, type).sorted(ConfigObject.BY_AGE).toList();
    }

    private static final class Draft {

        private final ConfigImage image;
        private final Classes classes;
        private final Grants grants;
        private final Backends backends;
        private final SpelledBefore before;
        private final Map<String, List<ListenerState>> listeners = new TreeMap<>();
        private final Map<String, List<Door>> doors = new TreeMap<>();
        private final List<ConfigObject<KubernetesGateway>> ours = new ArrayList<>();
        private final Map<ListenerState, Map<String, List<SpelledRule>>> sites = new LinkedHashMap<>();
        final Map<ObjectRef, Spelled> spelled = new LinkedHashMap<>();
        final SortedMap<ObjectRef, ObjectStatus> statuses = new TreeMap<>();

        Draft(ConfigImage image, SpelledBefore before) {
            this.image = image;
            this.before = before;
            this.classes = new Classes(image);
            this.grants = Grants.of(image);
            this.backends = new Backends(image, grants);
        }

        void add(Spelled made) {
            spelled.putIfAbsent(made.object().ref(), made);
        }

        void classes() {
            image.all(Kind.GATEWAY_CLASS, GatewayClass.class)
                    .filter(object -> Classes.CONTROLLERS.contains(object.spec().controllerName()))
                    .forEach(object -> statuses.put(
                            object.ref(), new ObjectStatus.OfClass(Condition.yes(ACCEPTED, ObjectStatus.SPEC))));
        }

        void gateways() {
            for (var gateway : byAge(image, Kind.KUBERNETES_GATEWAY, KubernetesGateway.class)) {
                var name = gateway.ref().qualifiedName();
                var className = gateway.spec().gatewayClassName();
                if (!classes.isKnown(className)) {
                    statuses.put(
                            gateway.ref(),
                            new ObjectStatus.Unserved(Condition.no(
                                    ACCEPTED,
                                    "UnknownClass",
                                    "class \"%s\" does not exist (expected: istio, sallyport, or a GatewayClass)"
                                            .formatted(className),
                                    Path.of("spec", "gatewayClassName"))));
                }
                if (!classes.isOurs(className)) {
                    continue;
                }
                ours.add(gateway);
                var states = Listeners.of(gateway, grants);
                boolean isReachable = unusable(gateway).isEmpty();
                var through = isReachable ? Door.of(image, gateway) : List.<Door>of();
                listeners.put(name, states);
                doors.put(name, through);
                states.forEach(state -> GatewaySpeller.spell(state, through).forEach(this::add));
            }
        }

        // Without a value it is left to us, and so what the Gateway would get anyway.
        private static boolean isAny(KubernetesGateway.Address address) {
            return address.value().isEmpty()
                    && (address.type().isEmpty() || address.type().equals("IPAddress"));
        }

        private static Optional<String> unusable(ConfigObject<KubernetesGateway> gateway) {
            return gateway.spec().addresses().stream()
                    .filter(address -> !address.type().equals("Hostname") && !isAny(address))
                    .map(address -> address.type().isEmpty() ? "IPAddress" : address.type())
                    .findFirst();
        }

        void routes() {
            var others = new LinkedHashSet<String>();
            image.all(Kind.KUBERNETES_GATEWAY, KubernetesGateway.class)
                    .filter(gateway -> !listeners.containsKey(gateway.ref().qualifiedName()))
                    .forEach(gateway -> others.add(gateway.ref().qualifiedName()));
            var attachments = new Attachments(listeners, others, new NamespaceLabels(image));
            // Both kinds together, since one keeps the other from its hosts.
            var turns = new TreeMap<ConfigObject<?>, Runnable>(Attachments.ORDER);
            for (var route : byAge(image, Kind.HTTP_ROUTE, HttpRoute.class)) {
                var spec = route.spec();
                turns.put(
                        route,
                        () -> http(
                                route,
                                attachments.bind(route, spec.parentRefs(), spec.hostnames()),
                                () -> RuleSpeller.http(backends, route)));
            }
            for (var route : byAge(image, Kind.GRPC_ROUTE, GrpcRoute.class)) {
                var spec = route.spec();
                turns.put(
                        route,
                        () -> http(
                                route,
                                attachments.bind(route, spec.parentRefs(), spec.hostnames()),
                                () -> RuleSpeller.grpc(backends, route)));
            }
            turns.values().forEach(Runnable::run);
            var streams = new StreamSpeller(backends);
            for (var route : byAge(image, Kind.TLS_ROUTE, TlsRoute.class)) {
                var references = route.spec().rules().isEmpty()
                        ? List.<BackendReference>of()
                        : route.spec().rules().getFirst().backendRefs();
                stream(
                        streams,
                        route,
                        attachments.bind(
                                route, route.spec().parentRefs(), route.spec().hostnames()),
                        references);
            }
            for (var route : byAge(image, Kind.TCP_ROUTE, TcpRoute.class)) {
                var references = route.spec().rules().isEmpty()
                        ? List.<BackendReference>of()
                        : route.spec().rules().getFirst().backendRefs();
                stream(streams, route, attachments.bind(route, route.spec().parentRefs(), List.of()), references);
            }
        }

        private void http(ConfigObject<?> route, Attachments.Bound bound, Supplier<RuleSpeller.Spelling> spell) {
            var spelling = before.route(route, backends, spell);
            bound.hosts()
                    .forEach((state, hosts) ->
                            hosts.forEach(host -> sites.computeIfAbsent(state, _ -> new LinkedHashMap<>())
                                    .computeIfAbsent(host, _ -> new ArrayList<>())
                                    .addAll(spelling.rules())));
            status(route, bound, spelling.troubles());
        }

        private void stream(
                StreamSpeller streams,
                ConfigObject<?> route,
                Attachments.Bound bound,
                List<BackendReference> references) {
            var troubles = new ArrayList<Condition>();
            var target = streams.target(route, references, troubles::add);
            bound.hosts().forEach((state, hosts) -> {
                if (state.isServed() && !target.shares().isEmpty()) {
                    add(StreamSpeller.spell(route, state, hosts, target));
                }
            });
            status(route, bound, troubles);
        }

        // Several references may be wrong; a status has room for one, findings name the first too.
        private void status(ConfigObject<?> route, Attachments.Bound bound, List<Condition> troubles) {
            if (bound.parents().isEmpty()) {
                return;
            }
            var refs = troubles.isEmpty()
                    ? List.of(Condition.yes(RESOLVED_REFS, ObjectStatus.SPEC))
                    : List.of(troubles.getFirst());
            statuses.put(
                    route.ref(),
                    new OfRoute(bound.parents().stream()
                            .map(parent ->
                                    new OfParent(parent.parent(), parent.ours(), joined(parent.conditions(), refs)))
                            .toList()));
        }

        private static List<Condition> joined(List<Condition> first, List<Condition> second) {
            var all = new ArrayList<>(first);
            all.addAll(second);
            return all;
        }

        void sites() {
            for (var states : listeners.values()) {
                for (var state : states) {
                    if (!state.isServed() || !isHttp(state)) {
                        continue;
                    }
                    var byHost = sites.getOrDefault(state, Map.of());
                    byHost.forEach((host, rules) -> add(
                            rules.isEmpty()
                                    ? SiteSpeller.empty(site(state, host), state.gateway, state.path())
                                    : before.site(site(state, host), rules)));
                    boolean isBeside = states.stream().anyMatch(other -> other.yields(state.host(), states));
                    if (isBeside && !byHost.containsKey(state.host())) {
                        add(SiteSpeller.empty(site(state, state.host()), state.gateway, state.path()));
                    }
                }
            }
        }

        private static boolean isHttp(ListenerState state) {
            return state.protocol() == ListenerState.Protocol.HTTP || state.protocol() == ListenerState.Protocol.HTTPS;
        }

        private static SiteSpeller.Site site(ListenerState state, String host) {
            return new SiteSpeller.Site(
                    state.gateway.namespace(),
                    "%s~%s~%s".formatted(state.gateway.name(), state.listener.name(), host),
                    host,
                    state.names,
                    Spelled.GATEWAY);
        }

        void statuses() {
            for (var gateway : ours) {
                var name = gateway.ref().qualifiedName();
                var states = listeners.getOrDefault(name, List.of());
                var through = doors.getOrDefault(name, List.of());
                statuses.put(
                        gateway.ref(),
                        new OfGateway(
                                own(gateway, states, through),
                                states.stream().map(Draft::status).toList(),
                                through.stream()
                                        .flatMap(door -> door.service().stream())
                                        .toList()));
            }
        }

        void ingresses() {
            var mesh = MeshSettings.of(image);
            var known = new IngressClasses(image, mesh);
            var all = byAge(image, Kind.INGRESS, Ingress.class);
            var served = all.stream().filter(known::isOurs).toList();
            all.stream()
                    .filter(ingress -> !known.isOurs(ingress) && !known.isKnown(ingress))
                    .forEach(
                            ingress -> statuses.put(ingress.ref(), new ObjectStatus.Unserved(known.unserved(ingress))));
            if (served.isEmpty()) {
                return;
            }
            var speller = new IngressSpeller(image, backends, mesh);
            served.forEach(ingress ->
                    statuses.put(ingress.ref(), new ObjectStatus.OfIngress(speller.add(ingress), speller.services())));
            speller.spell(served.getFirst()).forEach(this::add);
        }

        void policies() {
            var speller = new BackendTlsSpeller(image, backends);
            for (var policy : byAge(image, Kind.BACKEND_TLS_POLICY, BackendTlsPolicy.class)) {
                var conditions = speller.add(policy);
                statuses.put(
                        policy.ref(),
                        new ObjectStatus.OfPolicy(
                                ours.stream()
                                        .map(gateway -> gateway.ref().qualifiedName())
                                        .filter(name -> sendsTo(name, policy))
                                        .toList(),
                                conditions));
            }
            speller.spell(this::add);
        }

        // Whether a route of the Gateway leads to a target of the policy.
        private boolean sendsTo(String gateway, ConfigObject<BackendTlsPolicy> policy) {
            var hosts = policy.spec().targetRefs().stream()
                    .map(target -> HostNames.service(target.name(), policy.namespace()))
                    .toList();
            return sites.entrySet().stream()
                    .filter(site -> site.getKey().gateway.ref().qualifiedName().equals(gateway))
                    .flatMap(site -> site.getValue().values().stream())
                    .flatMap(List::stream)
                    .flatMap(rule -> rule.route().route().stream())
                    .anyMatch(share -> share.destination() != null
                            && hosts.contains(share.destination().host()));
        }

        private static List<Condition> own(
                ConfigObject<KubernetesGateway> gateway, List<ListenerState> states, List<Door> through) {
            var addresses = Path.of("spec", "addresses");
            var unusable = unusable(gateway);
            var conditions = new ArrayList<Condition>();
            boolean isGood = states.stream().allMatch(ListenerState::isAccepted);
            if (unusable.isPresent()) {
                conditions.add(Condition.no(
                        ACCEPTED,
                        "UnsupportedAddress",
                        "address of type \"%s\" (expected: Hostname, the Service of the proxies that serve the Gateway)"
                                .formatted(unusable.get()),
                        addresses));
            } else {
                conditions.add(new Condition(
                        ACCEPTED, true, isGood ? "Accepted" : "ListenersNotValid", "", ObjectStatus.SPEC));
            }
            if (states.stream().anyMatch(ListenerState::isServed)) {
                conditions.add(Condition.yes(PROGRAMMED, ObjectStatus.SPEC));
            } else if (through.isEmpty()) {
                conditions.add(Condition.no(
                        PROGRAMMED,
                        "AddressNotUsable",
                        "no proxies are behind its addresses (expected: the host of a Service that selects gateway proxies)",
                        addresses));
            } else {
                conditions.add(Condition.no(
                        PROGRAMMED,
                        "Invalid",
                        "none of its listeners can be served (expected: one that can)",
                        ObjectStatus.SPEC));
            }
            return conditions;
        }

        private static OfListener status(ListenerState state) {
            var conditions = new ArrayList<Condition>();
            conditions.add(state.first(ACCEPTED).orElse(Condition.yes(ACCEPTED, state.path())));
            conditions.add(state.first(Condition.Type.CONFLICTED)
                    .orElse(Condition.no(Condition.Type.CONFLICTED, "NoConflicts", "", state.path())));
            conditions.add(state.first(RESOLVED_REFS).orElse(Condition.yes(RESOLVED_REFS, state.path())));
            conditions.add(
                    state.isServed()
                            ? Condition.yes(PROGRAMMED, state.path())
                            : Condition.no(
                                    PROGRAMMED,
                                    "Invalid",
                                    state.names.isEmpty() && state.isAccepted()
                                            ? "no proxies are behind the Gateway's addresses"
                                            : "the listener is not served (expected: none of the other conditions against it)",
                                    state.path()));
            return new OfListener(
                    state.listener.name(),
                    state.supportedKinds(),
                    state.attached,
                    List.copyOf(state.credentials.keySet()),
                    conditions);
        }
    }
}
