package io.sallyport.analysis.world;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.EndpointSlice;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Platform;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.Sidecar;
import io.sallyport.model.Spec;
import io.sallyport.model.Telemetry;
import io.sallyport.model.VirtualService;
import io.sallyport.model.WorkloadEntry;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/// The next [World] while it is made: each changed object is taken out of the indexes as it was and put in as
/// it is; then the backends that depend on several objects are read again.
final class WorldDraft {

    ConfigImage image;
    MeshSettings mesh;
    PMap<ObjectRef, List<Backend>> backendsOf;
    Grouping<String, List<Backend>> backendsByHost;
    PMap<ObjectRef, ConfigObject<Gateway>> gateways;
    PMap<ObjectRef, Routing> routings;
    Grouping<String, Routing> routingsByGateway;
    Grouping<String, Routing> routingsByDestination;
    Grouping<ObjectRef, Routing> routingsByDelegate;
    PMap<String, NamespaceRules> rules;
    Grouping<String, ConfigObject<Telemetry>> telemetries;
    Grouping<String, ConfigObject<Sidecar>> sidecars;
    Sources sources;
    PMap<ObjectRef, ConfigObject<ServiceEntry>> lookedUp;
    PMap<ObjectRef, ConfigObject<ServiceEntry>> addressed;
    AutomaticAddresses automatic;
    SortedSet<String> changedHosts = new TreeSet<>();

    // Objects whose backends are to be read again.
    private final SortedSet<ObjectRef> stale = new TreeSet<>();

    /// The objects behind backends, by what joins them: slices by Service, Services and workloads by namespace,
    /// and the ServiceEntries that choose workloads, by namespace.
    record Sources(
            Grouping<ObjectRef, ConfigObject<EndpointSlice>> slices,
            Grouping<String, ConfigObject<Service>> services,
            Grouping<String, ConfigObject<WorkloadEntry>> workloads,
            Grouping<String, ConfigObject<ServiceEntry>> choosers) {}

    private WorldDraft() {
        image = ConfigImage.EMPTY;
        mesh = MeshSettings.DEFAULT;
        backendsOf = World.none();
        backendsByHost = Grouping.empty();
        gateways = World.none();
        routings = World.none();
        routingsByGateway = Grouping.empty();
        routingsByDestination = Grouping.empty();
        routingsByDelegate = Grouping.empty();
        rules = World.none();
        telemetries = Grouping.empty();
        sidecars = Grouping.empty();
        lookedUp = World.none();
        addressed = World.none();
        automatic = AutomaticAddresses.NONE;
        sources = new Sources(Grouping.empty(), Grouping.empty(), Grouping.empty(), Grouping.empty());
    }

    private WorldDraft(World world) {
        image = world.image;
        mesh = world.mesh;
        backendsOf = world.backendsOf;
        backendsByHost = world.backendsByHost;
        gateways = world.gateways;
        routings = world.routings;
        routingsByGateway = world.routingsByGateway;
        routingsByDestination = world.routingsByDestination;
        routingsByDelegate = world.routingsByDelegate;
        rules = world.rules;
        telemetries = world.telemetries;
        sidecars = world.sidecars;
        sources = world.sources;
        lookedUp = world.lookedUp;
        addressed = world.addressed;
        automatic = world.automatic;
    }

    static WorldDraft empty() {
        return new WorldDraft();
    }

    static WorldDraft of(World previous, ConfigImage next) {
        var changed = next.changesSince(previous.image);
        var mesh = changed.contains(Platform.REF) || changed.contains(MeshSettings.MAP)
                ? MeshSettings.of(next)
                : previous.mesh;
        if (mesh.equals(previous.mesh)) {
            var draft = new WorldDraft(previous);
            draft.image = next;
            changed.stream().sorted().forEach(ref -> draft.replace(ref, previous.image.find(ref), next.find(ref)));
            draft.readStale();
            draft.giveAddresses(previous);
            return draft;
        }
        // Defaults are in every node, so a change of them is a new world.
        var draft = new WorldDraft();
        draft.image = next;
        draft.mesh = mesh;
        next.objects().forEach(object -> draft.replace(object.ref(), Optional.empty(), Optional.of(object)));
        draft.readStale();
        draft.giveAddresses(previous);
        draft.changedHosts.addAll(previous.backendsByHost.groups().keySet());
        return draft;
    }

    private void giveAddresses(World previous) {
        if (addressed != previous.addressed) {
            automatic = AutomaticAddresses.of(addressed.values());
            changedHosts.addAll(automatic.differing(previous.automatic));
        }
    }

    private void replace(ObjectRef ref, Optional<ConfigObject<?>> before, Optional<ConfigObject<?>> after) {
        before.ifPresent(this::remove);
        after.ifPresent(this::add);
        if (ref.kind() == Kind.SERVICE_ENTRY) {
            var entry = after.map(object -> as(object, ServiceEntry.class)).filter(Lookups::isLookedUp);
            lookedUp = entry.isPresent() ? lookedUp.plus(ref, entry.get()) : lookedUp.minus(ref);
            var concerned = after.map(object -> as(object, ServiceEntry.class)).filter(AutomaticAddresses::isConcerned);
            addressed = concerned.isPresent() ? addressed.plus(ref, concerned.get()) : addressed.minus(ref);
        }
        switch (ref.kind()) {
            case SERVICE, SERVICE_ENTRY -> stale.add(ref);
            case PLATFORM, GATEWAY -> stale.add(Platform.REF);
            default -> {}
        }
    }

    private void remove(ConfigObject<?> object) {
        var ref = object.ref();
        switch (ref.kind()) {
            case GATEWAY -> gateways = gateways.minus(ref);
            case VIRTUAL_SERVICE -> remove(routings.get(ref));
            case DESTINATION_RULE -> change(as(object, DestinationRule.class), false);
            case TELEMETRY -> telemetries = telemetries.minus(List.of(ref.namespace()), ref);
            case SIDECAR -> sidecars = sidecars.minus(List.of(ref.namespace()), ref);
            case SERVICE_ENTRY, SERVICE, ENDPOINT_SLICE, WORKLOAD_ENTRY -> sources = changed(object, false);
            default -> {}
        }
    }

    private void add(ConfigObject<?> object) {
        var ref = object.ref();
        switch (ref.kind()) {
            case GATEWAY -> gateways = gateways.plus(ref, as(object, Gateway.class));
            case VIRTUAL_SERVICE -> add(Routing.of(as(object, VirtualService.class), mesh));
            case DESTINATION_RULE -> change(as(object, DestinationRule.class), true);
            case SIDECAR -> sidecars = sidecars.plus(List.of(ref.namespace()), ref, as(object, Sidecar.class));
            case TELEMETRY ->
                telemetries = telemetries.plus(List.of(ref.namespace()), ref, as(object, Telemetry.class));
            case SERVICE_ENTRY, SERVICE, ENDPOINT_SLICE, WORKLOAD_ENTRY -> sources = changed(object, true);
            default -> {}
        }
    }

    private void add(Routing routing) {
        var ref = routing.object().ref();
        routings = routings.plus(ref, routing);
        routingsByGateway = routingsByGateway.plus(routing.gateways(), ref, routing);
        routingsByDestination = routingsByDestination.plus(routing.destinations(), ref, routing);
        routingsByDelegate = routingsByDelegate.plus(World.delegatesOf(routing), ref, routing);
    }

    private void remove(@Nullable Routing routing) {
        if (routing == null) {
            return;
        }
        var ref = routing.object().ref();
        routings = routings.minus(ref);
        routingsByGateway = routingsByGateway.minus(routing.gateways(), ref);
        routingsByDestination = routingsByDestination.minus(routing.destinations(), ref);
        routingsByDelegate = routingsByDelegate.minus(World.delegatesOf(routing), ref);
    }

    private void change(ConfigObject<DestinationRule> object, boolean add) {
        var host = HostNames.qualify(object.spec().host(), object.namespace());
        var before = rules.getOrDefault(object.namespace(), NamespaceRules.EMPTY);
        var after = add ? before.plus(host, object) : before.minus(host, object.ref());
        rules = after.isEmpty() ? rules.minus(object.namespace()) : rules.plus(object.namespace(), after);
    }

    private Sources changed(ConfigObject<?> object, boolean add) {
        var ref = object.ref();
        var namespace = List.of(ref.namespace());
        var old = sources;
        return switch (object.spec()) {
            case EndpointSlice _ -> {
                var slice = as(object, EndpointSlice.class);
                var service = BackendReader.serviceOf(slice);
                stale.add(service);
                yield new Sources(
                        change(old.slices(), List.of(service), slice, add),
                        old.services(),
                        old.workloads(),
                        old.choosers());
            }
            case Service _ ->
                new Sources(
                        old.slices(),
                        change(old.services(), namespace, as(object, Service.class), add),
                        old.workloads(),
                        old.choosers());
            case WorkloadEntry _ -> {
                stale.addAll(old.choosers().get(ref.namespace()).keySet());
                yield new Sources(
                        old.slices(),
                        old.services(),
                        change(old.workloads(), namespace, as(object, WorkloadEntry.class), add),
                        old.choosers());
            }
            case ServiceEntry entry
            when entry.workloadSelector() != null ->
                new Sources(
                        old.slices(),
                        old.services(),
                        old.workloads(),
                        change(old.choosers(), namespace, as(object, ServiceEntry.class), add));
            default -> old;
        };
    }

    private static <K, S extends Spec> Grouping<K, ConfigObject<S>> change(
            Grouping<K, ConfigObject<S>> grouping, List<K> keys, ConfigObject<S> object, boolean add) {
        return add ? grouping.plus(keys, object.ref(), object) : grouping.minus(keys, object.ref());
    }

    // Routers come last: a Service document of the same name stands in for one.
    private void readStale() {
        boolean serviceChanged = stale.stream().anyMatch(ref -> ref.kind() == Kind.SERVICE);
        stale.stream().filter(ref -> ref.kind() != Kind.PLATFORM).forEach(ref -> store(ref, read(ref)));
        if (stale.contains(Platform.REF) || serviceChanged) {
            store(Platform.REF, routers());
        }
    }

    private List<Backend> read(ObjectRef ref) {
        var object = image.find(ref);
        if (object.isEmpty()) {
            return List.of();
        }
        if (ref.kind() == Kind.SERVICE) {
            var service = as(object.get(), Service.class);
            return BackendReader.ofService(service, sources.slices().get(ref).values(), mesh);
        }
        var entry = as(object.get(), ServiceEntry.class);
        return BackendReader.ofEntry(
                entry, sources.workloads().get(ref.namespace()).values(), mesh);
    }

    private List<Backend> routers() {
        var platform = image.find(Platform.REF);
        if (platform.isEmpty()) {
            return List.of();
        }
        return BackendReader.ofPlatform(as(platform.get(), Platform.class), gateways.values()).stream()
                .filter(router -> backendsByHost.get(router.host()).keySet().stream()
                        .noneMatch(ref -> ref.kind() == Kind.SERVICE))
                .toList();
    }

    private void store(ObjectRef ref, List<Backend> after) {
        var before = backendsOf.getOrDefault(ref, List.of());
        if (before.equals(after)) {
            return;
        }
        var hosts = new TreeSet<String>();
        before.forEach(backend -> hosts.add(backend.host()));
        backendsByHost = backendsByHost.minus(hosts, ref);
        changedHosts.addAll(hosts);
        hosts.clear();
        after.forEach(backend -> hosts.add(backend.host()));
        backendsByHost = backendsByHost.plus(hosts, ref, after);
        changedHosts.addAll(hosts);
        backendsOf = after.isEmpty() ? backendsOf.minus(ref) : backendsOf.plus(ref, after);
    }

    private static <S extends Spec> ConfigObject<S> as(ConfigObject<?> object, Class<S> type) {
        return ConfigImage.cast(object, type);
    }
}
