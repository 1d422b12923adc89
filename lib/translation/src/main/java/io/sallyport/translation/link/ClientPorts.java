package io.sallyport.translation.link;

import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.MeshSettings;
import io.sallyport.model.MeshConfig.OutboundMode;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Action.Share;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.Chain.Content;
import io.sallyport.translation.plan.Chain.Match;
import io.sallyport.translation.plan.HttpOptions;
import io.sallyport.translation.plan.HttpOptions.ClientCertificate;
import io.sallyport.translation.plan.HttpOptions.OwnHeaders;
import io.sallyport.translation.plan.HttpOptions.Precautions;
import io.sallyport.translation.plan.HttpOptions.Server;
import io.sallyport.translation.plan.HttpOptions.Side;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.ListenerPlan.Door;
import io.sallyport.translation.plan.NameGuard;
import io.sallyport.translation.plan.RouteTable.Others;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.TcpOptions;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Makes the listeners of a client proxy, port by port. All HTTP services of a port share `0.0.0.0`; what is copied as
/// bytes listens on its own address where it has one, and shares `0.0.0.0` otherwise: TLS services by name, of others
/// the oldest has the port, and each the address that it was given. HTTP beside bytes is told apart by its first bytes,
/// except from protocols whose servers
/// speak first. (Istio: `buildSidecarOutboundListeners` in `pilot/pkg/networking/core/listener.go`.)
final class ClientPorts {

    private static final String EVERYWHERE = "0.0.0.0";
    private static final Origin PLATFORM = new Origin(Platform.REF, Path.of("proxies"));

    private final ProxyClass proxy;
    private final MeshSettings mesh;
    private final ClientView view;
    private final ClientScope scope;
    private final ClientChains chains;
    private final AccessLogs logs;
    private final Map<Integer, Map<String, Entry>> entriesByPort = new HashMap<>();

    ClientPorts(
            ProxyClass proxy,
            MeshSettings mesh,
            ClientView view,
            ClientScope scope,
            ClientChains chains,
            AccessLogs logs) {
        this.proxy = proxy;
        this.mesh = mesh;
        this.view = view;
        this.scope = scope;
        this.chains = chains;
        this.logs = logs;
    }

    /// What one port of the services becomes: nothing, listeners that are handed connections over, or a socket of this
    /// machine, as the proxy's `listen` says.
    List<ListenerPlan> at(int port) {
        var redirected = proxy.redirectedPort();
        var local = proxy.listen().get(Integer.toString(port));
        // The port of all redirected connections cannot be handed any over.
        if (redirected.isPresent() && redirected.getAsInt() == port && local == null) {
            return List.of();
        }
        var entries = entries(port);
        var listeners = new ArrayList<ListenerPlan>();
        if (redirected.isPresent()) {
            entries.forEach((address, entry) ->
                    listeners.add(listener(new Bind(address, port), heard(address), entry, Door.HANDED_OVER)));
        }
        if (local != null) {
            var entry = Optional.ofNullable(entries.get(EVERYWHERE))
                    .or(() -> entries.values().stream().findFirst())
                    .orElseGet(Entry::new);
            listeners.add(listener(new Bind(EVERYWHERE, local), proxy.address(), entry, Door.LOCAL));
        }
        return listeners;
    }

    // A proxy of both families is handed connections of both over, by the one listener that is for every address.
    private String heard(String address) {
        return address.equals(EVERYWHERE) && proxy.address().equals(Bind.BOTH_FAMILIES) ? Bind.BOTH_FAMILIES : address;
    }

    private ListenerPlan listener(Bind bind, String address, Entry entry, Door door) {
        return new ListenerPlan(bind, address, closed(entry.chains), false, false, origins(entry), logs, door);
    }

    private static List<Origin> origins(Entry entry) {
        return entry.chains.stream().map(Chain::origin).distinct().toList();
    }

    // What no chain takes goes where unknown connections go.
    private List<Chain> closed(List<Chain> made) {
        var all = new ArrayList<>(made);
        if (made.stream().noneMatch(chain -> chain.match() instanceof Match.Rest)) {
            all.add(new Chain(new Match.Rest(), new Chain.Tls.None(), unknown(), PLATFORM));
        }
        return all;
    }

    /// The ports of the proxy itself: for redirected connections, and for clients that know of it.
    List<ListenerPlan> own() {
        var listeners = new ArrayList<ListenerPlan>();
        proxy.redirectedPort().ifPresent(port -> {
            var direct =
                    new Chain(new Match.Direct(port), new Chain.Tls.None(), bytes(UpstreamId.BLACK_HOLE), PLATFORM);
            var rest = new Chain(new Match.Rest(), new Chain.Tls.None(), unknown(), PLATFORM);
            listeners.add(new ListenerPlan(
                    new Bind(EVERYWHERE, port),
                    proxy.address(),
                    List.of(direct, rest),
                    false,
                    false,
                    List.of(PLATFORM),
                    logs,
                    Door.REDIRECTED));
        });
        proxy.proxiedPort().ifPresent(port -> {
            var http = new Chain(
                    new Match.Any(),
                    new Chain.Tls.None(),
                    new Content.Http(new RouteTableId.Proxied(), options(Side.CLIENT_OF_PROXY)),
                    PLATFORM);
            listeners.add(new ListenerPlan(
                    new Bind(proxy.address(), port),
                    proxy.address(),
                    List.of(http),
                    false,
                    false,
                    List.of(PLATFORM),
                    logs,
                    Door.LOCAL));
        });
        return listeners;
    }

    /// What becomes of a tunnel to a service at the door for clients that know of the proxy. There the name counts as
    /// the one in a TLS hello; nothing where a connection of that name would be unknown.
    Optional<Tunnel> tunnel(ClientService service, int port) {
        var offer = service.at(port).orElseThrow();
        if (ClientChains.isTls(offer.port().protocol()) && isEverywhere(service)) {
            return Optional.ofNullable(entries(port).get(EVERYWHERE)).flatMap(entry -> entry.tunnel(service.host()));
        }
        return chains.of(service, port, offer, List.of(), false).stream()
                .filter(chain -> !(chain.match() instanceof Match.Names names) || covers(names, service.host()))
                .flatMap(chain -> tcp(chain).stream())
                .findFirst();
    }

    private static boolean covers(Match.Names names, String host) {
        return names.servers().stream().anyMatch(server -> HostNames.isSubset(host, server));
    }

    // Whether connections to any address may be meant for it.
    private static boolean isEverywhere(ClientService service) {
        return service.addresses().isEmpty() || !service.networks().isEmpty();
    }

    /// Where a tunnel leads, and which rule or service says so.
    record Tunnel(List<Share> shares, Origin origin) {}

    private static Optional<Tunnel> tcp(Chain chain) {
        return chain.content() instanceof Content.Tcp tcp
                ? Optional.of(new Tunnel(tcp.shares(), chain.origin()))
                : Optional.empty();
    }

    /// What requests for unknown hosts are answered at a table.
    Others others(RouteTableId table, String namespace) {
        boolean isProxied = table instanceof RouteTableId.Proxied;
        return switch (scope.mode()) {
            case REGISTRY_ONLY -> new Others.Blocked(isProxied);
            case ALLOW_ANY_DYNAMIC_DNS ->
                new Others.Passed(egressProxy(namespace).orElse(UpstreamId.BY_NAME), isProxied);
            case ALLOW_ANY -> {
                // Without redirection nobody knows where a request was going, except by the name in it.
                var original = isProxied || !proxy.isRedirected() ? UpstreamId.BY_NAME : UpstreamId.PASSTHROUGH;
                yield new Others.Passed(egressProxy(namespace).orElse(original), isProxied);
            }
        };
    }

    private Content unknown() {
        if (scope.mode() == OutboundMode.REGISTRY_ONLY) {
            return bytes(UpstreamId.BLACK_HOLE);
        }
        return bytes(egressProxy(scope.namespace()).orElse(UpstreamId.PASSTHROUGH));
    }

    private Optional<UpstreamId> egressProxy(String namespace) {
        return scope.egressProxy().map(wanted -> {
            var selector = wanted.port();
            return new UpstreamId(
                    selector == null ? 0 : selector.number(),
                    wanted.subset(),
                    HostNames.qualify(wanted.host(), namespace));
        });
    }

    private static Content bytes(UpstreamId id) {
        return new Content.Tcp(ResourceNames.cluster(id), List.of(Share.whole(id)), TcpOptions.NONE);
    }

    private HttpOptions options(Side side) {
        // The one workload is no stranger: what it says is kept, and Envoy calls itself as it does by default.
        return new HttpOptions(
                0,
                mesh.speaksHttp10(),
                HttpOptionsLinker.link(mesh).paths(),
                Precautions.OF_CLIENTS,
                new OwnHeaders(new Server.Named("envoy"), true, true, false, false),
                new ClientCertificate(ClientCertificate.Forwarding.SANITIZE, false, false, false, false, false),
                side,
                new NameGuard.None());
    }

    /// What is at one address of a port. The older service keeps what two ask for.
    private static final class Entry {
        private final List<Chain> chains = new ArrayList<>();
        private final Set<AppProtocol> protocols = EnumSet.noneOf(AppProtocol.class);
        // The chain of each name in a TLS hello, and what chains match that look at no name.
        private final Map<String, Named> byName = new HashMap<>();
        private final List<String> wildcards = new ArrayList<>();
        private final Set<Match> others = new HashSet<>();
        private boolean hasHttp;

        private record Named(int rank, Chain chain) {}

        void addHttp(Chain chain) {
            hasHttp = true;
            chains.addFirst(chain);
        }

        void add(Chain chain) {
            if (!(chain.match() instanceof Match.Names(var servers, var alpn))) {
                if (others.add(chain.match())) {
                    chains.add(chain);
                }
                return;
            }
            var left = servers.stream()
                    .filter(server -> !byName.containsKey(server))
                    .toList();
            if (!left.isEmpty()) {
                var apart = new Chain(new Match.Names(left, alpn), chain.tls(), chain.content(), chain.origin());
                chains.add(apart);
                left.forEach(server -> byName.put(server, new Named(chains.size(), apart)));
                left.stream().filter(HostNames::isWildcard).forEach(wildcards::add);
            }
        }

        // Servers that speak first would wait for the look at the client's first bytes.
        boolean collides(AppProtocol protocol) {
            return protocols.stream()
                    .anyMatch(other -> other != protocol && (speaksFirst(other) || speaksFirst(protocol)));
        }

        /// Where a connection of this name goes; the first chain counts.
        Optional<Tunnel> tunnel(String host) {
            var covering = wildcards.stream().filter(server -> HostNames.isSubset(host, server));
            return Stream.concat(Stream.of(host), covering)
                    .flatMap(server -> Stream.ofNullable(byName.get(server)))
                    .filter(named -> named.chain().content() instanceof Content.Tcp)
                    .min(Comparator.comparingInt(Named::rank))
                    .flatMap(named -> tcp(named.chain()));
        }
    }

    private Map<String, Entry> entries(int port) {
        return entriesByPort.computeIfAbsent(port, this::readEntries);
    }

    private Map<String, Entry> readEntries(int port) {
        var entries = new LinkedHashMap<String, Entry>();
        for (var service : view.at(port, scope)) {
            var offer = service.at(port).orElseThrow();
            var protocol = protocol(port, offer);
            switch (protocol) {
                case HTTP, HTTP2, GRPC, GRPC_WEB -> addHttp(entries, port, protocol, offer);
                case HTTPS, TLS, TCP, MONGO, MYSQL, REDIS -> addBytes(entries, port, protocol, service, offer);
                case UNSUPPORTED -> {
                    addBytes(entries, port, protocol, service, offer);
                    addHttp(entries, port, protocol, offer);
                }
                case UDP, HBONE -> {}
            }
        }
        return entries;
    }

    // A port that a Sidecar declares has the protocol that the Sidecar says.
    private AppProtocol protocol(int port, ClientService.Offer offer) {
        var own = scope.ports().get(port);
        return own == null || own.protocol() == AppProtocol.UNSUPPORTED
                ? offer.port().protocol()
                : own.protocol();
    }

    private void addHttp(Map<String, Entry> entries, int port, AppProtocol protocol, ClientService.Offer offer) {
        var entry = entries.computeIfAbsent(EVERYWHERE, _ -> new Entry());
        if (entry.hasHttp || entry.collides(protocol)) {
            return;
        }
        entry.protocols.add(protocol);
        entry.addHttp(new Chain(
                new Match.PlainHttp(),
                new Chain.Tls.None(),
                new Content.Http(new RouteTableId.Outbound(port), options(Side.CLIENT)),
                offer.backend().origin()));
    }

    private void addBytes(
            Map<String, Entry> entries,
            int port,
            AppProtocol protocol,
            ClientService service,
            ClientService.Offer offer) {
        var networks = service.networks();
        if (isEverywhere(service)) {
            add(entries, EVERYWHERE, protocol, chains.of(service, port, offer, networks, true));
        }
        for (var address : service.addresses()) {
            add(entries, address, protocol, chains.of(service, port, offer, List.of(), false));
        }
        // What names tell apart needs no address of its own. One of IPv6 can be heard by a proxy of both families
        // alone.
        if (!ClientChains.isTls(protocol)) {
            service.automaticAddresses().stream()
                    .filter(address -> !address.contains(":") || proxy.address().equals(Bind.BOTH_FAMILIES))
                    .forEach(address ->
                            add(entries, address, protocol, chains.of(service, port, offer, List.of(), false)));
        }
    }

    private static void add(Map<String, Entry> entries, String address, AppProtocol protocol, List<Chain> made) {
        var entry = entries.computeIfAbsent(address, _ -> new Entry());
        if (entry.collides(protocol)) {
            return;
        }
        entry.protocols.add(protocol);
        made.forEach(entry::add);
    }

    private static boolean speaksFirst(AppProtocol protocol) {
        return protocol == AppProtocol.MYSQL || protocol == AppProtocol.MONGO;
    }

    /// Whether requests are read on a port.
    static boolean readsHttp(List<ListenerPlan> listeners) {
        return listeners.stream()
                .flatMap(listener -> listener.chains().stream())
                .anyMatch(chain -> chain.content() instanceof Content.Http);
    }
}
