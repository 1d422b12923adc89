package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.EndpointSlice;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.WorkloadEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads the objects that declare hosts to send to.
/// (Istio: `pilot/pkg/serviceregistry/serviceentry/conversion.go`, `pilot/pkg/serviceregistry/kube`.)
final class BackendReader {

    private static final String EXPORT_TO = "networking.istio.io/exportTo";

    private BackendReader() {}

    /// One backend for each host of a ServiceEntry. `workloads` are the WorkloadEntries of its namespace.
    static ImmutableList<Backend> ofEntry(
            ConfigObject<ServiceEntry> object, Collection<ConfigObject<WorkloadEntry>> workloads, MeshSettings mesh) {
        var spec = object.spec();
        var ports = spec.ports().stream()
                .map(port -> new Backend.Port(
                        port.number(),
                        port.name(),
                        AppProtocol.parse(port.protocol()),
                        port.targetPort() > 0 ? port.targetPort() : port.number()))
                .collect(ImmutableList.toImmutableList());
        var backends = ImmutableList.<Backend>builder();
        for (int i = 0; i < spec.hosts().size(); i++) {
            var written = spec.hosts().get(i);
            var host = HostNames.qualify(written, object.namespace());
            backends.add(new Backend(
                    host,
                    object.namespace(),
                    new Origin(object.ref(), Path.of("spec", "hosts").index(i)),
                    object.source().digest(),
                    object.age(),
                    source(spec.resolution()),
                    ports,
                    endpoints(object, written, ports, workloads),
                    Visibility.of(object.namespace(), spec.exportTo(), mesh.serviceExportTo()),
                    spec.subjectAltNames(),
                    "",
                    spec.addresses()));
        }
        return backends.build();
    }

    private static Backend.Source source(ServiceEntry.Resolution resolution) {
        return switch (resolution) {
            case NONE -> Backend.Source.CLIENT;
            case STATIC -> Backend.Source.LISTED;
            case DNS -> Backend.Source.DNS;
            case DNS_ROUND_ROBIN -> Backend.Source.DNS_ROUND_ROBIN;
            case DYNAMIC_DNS -> Backend.Source.DYNAMIC_DNS;
        };
    }

    private static ImmutableList<Backend.Endpoint> endpoints(
            ConfigObject<ServiceEntry> object,
            String host,
            List<Backend.Port> ports,
            Collection<ConfigObject<WorkloadEntry>> workloads) {
        var spec = object.spec();
        if (spec.resolution() == ServiceEntry.Resolution.NONE) {
            return ImmutableList.of();
        }
        if (spec.workloadSelector() != null) {
            var selector = spec.workloadSelector().labels();
            return workloads.stream()
                    .filter(workload -> isSelected(workload, selector))
                    .sorted(ConfigObject.BY_AGE)
                    .map(workload -> endpoint(labelled(workload), ports))
                    .collect(ImmutableList.toImmutableList());
        }
        boolean looksUp = spec.resolution() == ServiceEntry.Resolution.DNS
                || spec.resolution() == ServiceEntry.Resolution.DNS_ROUND_ROBIN;
        if (spec.endpoints().isEmpty() && looksUp && !HostNames.isWildcard(host)) {
            // Looked up as it is written: the name server knows `mydb`, and not our long form of it.
            return ImmutableList.of(endpoint(itself(host), ports));
        }
        return spec.endpoints().stream().map(entry -> endpoint(entry, ports)).collect(ImmutableList.toImmutableList());
    }

    private static boolean isSelected(ConfigObject<WorkloadEntry> object, Map<String, String> selector) {
        return selector.entrySet().stream()
                .allMatch(wanted -> wanted.getValue().equals(label(object, wanted.getKey())));
    }

    // The labels of its metadata count beside those of its spec, and before them.
    private static @Nullable String label(ConfigObject<WorkloadEntry> object, String name) {
        var own = object.metadata().labels().get(name);
        return own != null ? own : object.spec().labels().get(name);
    }

    // With the labels of both.
    private static WorkloadEntry labelled(ConfigObject<WorkloadEntry> object) {
        var spec = object.spec();
        if (object.metadata().labels().isEmpty()) {
            return spec;
        }
        var labels = new TreeMap<>(spec.labels());
        labels.putAll(object.metadata().labels());
        return new WorkloadEntry(
                spec.address(),
                spec.ports(),
                ImmutableSortedMap.copyOfSorted(labels),
                spec.network(),
                spec.locality(),
                spec.weight(),
                spec.serviceAccount());
    }

    private static WorkloadEntry itself(String host) {
        return new WorkloadEntry(host, ImmutableSortedMap.of(), ImmutableSortedMap.of(), "", "", 0, "");
    }

    private static Backend.Endpoint endpoint(WorkloadEntry entry, List<Backend.Port> ports) {
        var targets = new TreeMap<Integer, Integer>();
        for (var port : ports) {
            targets.put(port.number(), entry.ports().getOrDefault(port.name(), port.target()));
        }
        return new Backend.Endpoint(
                entry.address(),
                ImmutableSortedMap.copyOfSorted(targets),
                entry.labels(),
                entry.locality(),
                entry.network(),
                entry.weight(),
                false);
    }

    /// The backend of a Kubernetes Service, with the endpoints of its slices; and, of a Service without an address of
    /// its own, one for each host name that a slice gives: `db-0.db.shop.svc.cluster.local`. (Istio sends a request
    /// for such a name where its connection was going.)
    static ImmutableList<Backend> ofService(
            ConfigObject<Service> object, Collection<ConfigObject<EndpointSlice>> slices, MeshSettings mesh) {
        var spec = object.spec();
        var ports = spec.ports().stream()
                .map(port -> new Backend.Port(
                        port.port(),
                        port.name(),
                        AppProtocol.ofServicePort(port.protocol(), port.appProtocol(), port.name()),
                        target(port)))
                .collect(ImmutableList.toImmutableList());
        var host = HostNames.service(object.name(), object.namespace());
        if (spec.type() == Service.Type.ExternalName) {
            return ImmutableList.of(service(object, host, ports, ImmutableList.of(), spec.externalName(), mesh));
        }
        var found = endpoints(spec, ports, slices);
        var all = found.stream().map(Found::endpoint).collect(ImmutableList.toImmutableList());
        var backends = ImmutableList.<Backend>builder().add(service(object, host, ports, all, "", mesh));
        if (isHeadless(spec)) {
            var named = new TreeMap<String, List<Backend.Endpoint>>();
            found.stream()
                    .filter(each -> !each.hostname().isEmpty())
                    .forEach(each -> named.computeIfAbsent(each.hostname(), _ -> new ArrayList<>())
                            .add(each.endpoint()));
            named.forEach((name, own) ->
                    backends.add(service(object, name + "." + host, ports, ImmutableList.copyOf(own), "", mesh)));
        }
        return backends.build();
    }

    private static Backend service(
            ConfigObject<Service> object,
            String host,
            ImmutableList<Backend.Port> ports,
            ImmutableList<Backend.Endpoint> endpoints,
            String alias,
            MeshSettings mesh) {
        return new Backend(
                host,
                object.namespace(),
                new Origin(object.ref(), Path.ROOT),
                object.source().digest(),
                object.age(),
                Backend.Source.LISTED,
                ports,
                endpoints,
                Visibility.of(object.namespace(), exportTo(object), mesh.serviceExportTo()),
                ImmutableList.of(),
                alias,
                addresses(object.spec()));
    }

    private static boolean isHeadless(Service spec) {
        return spec.clusterIP().equals("None") || spec.clusterIPs().contains("None");
    }

    private static ImmutableList<String> addresses(Service spec) {
        var all = spec.clusterIPs().isEmpty() ? List.of(spec.clusterIP()) : spec.clusterIPs();
        return all.stream()
                .filter(address -> !address.isEmpty() && !address.equals("None"))
                .collect(ImmutableList.toImmutableList());
    }

    private static List<String> exportTo(ConfigObject<Service> object) {
        var text = object.metadata().annotations().getOrDefault(EXPORT_TO, "");
        return Stream.of(text.split(",", -1))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /// The number behind a Service's port; a name is known by the slices alone.
    private static int target(Service.ServicePort port) {
        var target = port.targetPort();
        return target == null ? port.port() : target.asNumber().orElse(port.port());
    }

    // An endpoint, and the host name of its own that its slice gives, or "".
    private record Found(String hostname, Backend.Endpoint endpoint) {}

    private static ImmutableList<Found> endpoints(
            Service service, List<Backend.Port> ports, Collection<ConfigObject<EndpointSlice>> slices) {
        var endpoints = new LinkedHashMap<String, Found>();
        slices.stream().sorted(ConfigObject.BY_AGE).forEach(slice -> {
            var targets = targets(ports, slice.spec());
            var facts = SliceFacts.of(slice);
            for (var endpoint : slice.spec().endpoints()) {
                var conditions = endpoint.conditions();
                boolean isReady = conditions == null || conditions.isReady() || service.publishNotReadyAddresses();
                boolean isDraining = conditions != null
                        && Boolean.TRUE.equals(conditions.serving())
                        && Boolean.TRUE.equals(conditions.terminating());
                if (!isReady && !isDraining) {
                    continue;
                }
                for (var address : endpoint.addresses()) {
                    endpoints.putIfAbsent(
                            address + " " + targets,
                            new Found(
                                    endpoint.hostname(),
                                    new Backend.Endpoint(
                                            address,
                                            targets,
                                            facts.labels(address),
                                            facts.locality(address, endpoint.zone()),
                                            "",
                                            0,
                                            !isReady)));
                }
            }
        });
        return ImmutableList.copyOf(endpoints.values());
    }

    private static ImmutableSortedMap<Integer, Integer> targets(List<Backend.Port> ports, EndpointSlice slice) {
        var targets = new TreeMap<Integer, Integer>();
        for (var port : ports) {
            for (var served : slice.ports()) {
                var number = served.port();
                if (served.name().equals(port.name())) {
                    targets.put(port.number(), number == null ? port.target() : number);
                }
            }
        }
        return ImmutableSortedMap.copyOfSorted(targets);
    }

    /// The routers of this machine, each a backend with one endpoint. Their ports are those that they map, and
    /// those that Gateways ask of them.
    static ImmutableList<Backend> ofPlatform(
            ConfigObject<Platform> object, Collection<ConfigObject<Gateway>> gateways) {
        var backends = ImmutableList.<Backend>builder();
        var proxies = object.spec().proxiesOrDefault();
        for (int i = 0; i < proxies.size(); i++) {
            var proxy = proxies.get(i);
            if (proxy.kind() == Platform.ProxyKind.router) {
                backends.add(router(
                        proxy, new Origin(object.ref(), Path.of("proxies").index(i)), object, gateways));
            }
        }
        return backends.build();
    }

    private static Backend router(
            Platform.Proxy proxy,
            Origin origin,
            ConfigObject<Platform> object,
            Collection<ConfigObject<Gateway>> gateways) {
        var protocols = new TreeMap<Integer, AppProtocol>();
        proxy.listen().keySet().stream()
                .filter(port -> port.matches("[0-9]{1,5}"))
                .forEach(port ->
                        protocols.put(Integer.valueOf(port), port.equals("443") ? AppProtocol.TLS : AppProtocol.HTTP));
        gateways.stream()
                .filter(gateway -> World.selects(gateway, proxy.namespace(), proxy.labels()))
                .sorted(ConfigObject.BY_AGE.reversed())
                .flatMap(gateway -> gateway.spec().servers().stream())
                .forEach(server -> {
                    var port = server.port();
                    if (port != null) {
                        protocols.put(port.number(), AppProtocol.parse(port.protocol()));
                    }
                });
        var ports = new ArrayList<Backend.Port>();
        var targets = new TreeMap<Integer, Integer>();
        protocols.forEach((number, protocol) -> {
            int bound = proxy.listen().getOrDefault(number.toString(), number);
            ports.add(new Backend.Port(number, "port-" + number, protocol, bound));
            targets.put(number, bound);
        });
        var address = proxy.address().equals("0.0.0.0") ? "127.0.0.1" : proxy.address();
        return new Backend(
                HostNames.service(proxy.name(), proxy.namespace()),
                proxy.namespace(),
                origin,
                object.source().digest(),
                object.age(),
                Backend.Source.LISTED,
                ImmutableList.copyOf(ports),
                ImmutableList.of(new Backend.Endpoint(
                        address, ImmutableSortedMap.copyOfSorted(targets), proxy.labels(), "", "", 0, false)),
                new Visibility(proxy.namespace(), ImmutableSortedSet.of("*")),
                ImmutableList.of(),
                "",
                ImmutableList.of());
    }

    static ObjectRef serviceOf(ConfigObject<EndpointSlice> slice) {
        return new ObjectRef(
                Kind.SERVICE,
                slice.namespace(),
                slice.metadata().labels().getOrDefault(EndpointSlice.SERVICE_NAME_LABEL, ""));
    }
}
