package io.sallyport.translation.link;

import com.google.common.base.Splitter;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.Backend;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.TrafficRule;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.DestinationRule.Subset;
import io.sallyport.model.DestinationRule.TlsMode;
import io.sallyport.model.DestinationRule.TrafficPolicy;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.link.LocalityLinker.Placed;
import io.sallyport.translation.plan.NameGuard;
import io.sallyport.translation.plan.TcpOptions;
import io.sallyport.translation.plan.Upstream;
import io.sallyport.translation.plan.Upstream.Address;
import io.sallyport.translation.plan.Upstream.Balancing;
import io.sallyport.translation.plan.Upstream.Discovery;
import io.sallyport.translation.plan.Upstream.Endpoint;
import io.sallyport.translation.plan.Upstream.Group;
import io.sallyport.translation.plan.Upstream.Health;
import io.sallyport.translation.plan.Upstream.Locality;
import io.sallyport.translation.plan.UpstreamId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Makes one upstream from what declares its host and the DestinationRule that shapes it. What nobody declares is
/// unknown, and answers 503. (Istio: `pilot/pkg/networking/core/cluster.go`, `cluster_builder.go`.)
final class UpstreamLinker {

    private static final String CONFIG_MAP = "configmap://";

    private static final String UNIX = "unix://";

    private final World world;
    private final ProxyClass proxy;

    UpstreamLinker(World world, ProxyClass proxy) {
        this.world = world;
        this.proxy = proxy;
    }

    Upstream link(UpstreamId id) {
        var backends = world.backends(id.host(), proxy.namespace());
        if (backends.isEmpty()) {
            return new Upstream.Unknown(id, "no service declares the host");
        }
        var served = backends.stream()
                .filter(backend -> backend.alias().isEmpty())
                .filter(backend -> backend.port(id.port())
                        .filter(port -> port.protocol() != AppProtocol.UDP)
                        .isPresent())
                .toList();
        if (served.isEmpty()) {
            return new Upstream.Unknown(id, "the service has no port " + id.port());
        }
        var backend = served.getFirst();
        var rule = world.rule(id.host(), backend.namespace(), proxy.namespace(), proxy.labels());
        var subset = rule.subset(id.subset());
        if (!id.subset().isEmpty() && subset.isEmpty()) {
            return new Upstream.Unknown(id, "no DestinationRule declares the subset");
        }
        if (leavesOutTls(id, rule)) {
            return new Upstream.Unknown(id, "the DestinationRule's credentialName is not for client proxies");
        }
        return known(id, served, rule, subset);
    }

    /// How bytes are copied to an upstream that is the first, or only, one of its rule.
    TcpOptions tcp(UpstreamId id) {
        var backends = world.backends(id.host(), proxy.namespace());
        if (backends.isEmpty()) {
            return TcpOptions.NONE;
        }
        var rule = world.rule(id.host(), backends.getFirst().namespace(), proxy.namespace(), proxy.labels());
        var options = TrafficPolicies.effective(rule, id).map(PolicyLinker::tcp).orElse(TcpOptions.NONE);
        if (!isLookedUp(backends.getFirst())) {
            return options;
        }
        var guard = proxy.role() == ProxyClass.Role.ROUTER ? guard(world) : new NameGuard.None();
        return options.withTarget(new TcpOptions.Target.Hello(id.port(), guard));
    }

    /// What holds at gateways. A client proxy reaches what its workload can reach without it.
    static NameGuard guard(World world) {
        return world.lookups().isUsed()
                ? new NameGuard.Outside(world.lookups().allowed().asList())
                : new NameGuard.None();
    }

    private static boolean isLookedUp(Backend backend) {
        return backend.source() == Backend.Source.DYNAMIC_DNS && HostNames.isWildcard(backend.host());
    }

    // Istio's client proxies send plain text then, to a port that expects TLS. Nothing at all is better.
    private boolean leavesOutTls(UpstreamId id, TrafficRule rule) {
        return proxy.role() == ProxyClass.Role.SIDECAR
                && rule.objects().stream().allMatch(object -> object.spec().workloadSelector() == null)
                && TrafficPolicies.effective(rule, id)
                        .flatMap(policy -> Optional.ofNullable(policy.tls()))
                        .filter(tls -> tls.mode() == TlsMode.SIMPLE || tls.mode() == TlsMode.MUTUAL)
                        .filter(tls -> !tls.credentialName().isEmpty())
                        .isPresent();
    }

    private Upstream known(UpstreamId id, List<Backend> served, TrafficRule rule, Optional<Subset> subset) {
        var backend = served.getFirst();
        var port = backend.port(id.port()).orElseThrow();
        var policy = TrafficPolicies.effective(rule, id);
        var settings = new PolicyLinker(policy, world.mesh(), port, id);
        var placed = endpoints(id, served, subset);
        boolean looksUp = backend.source() == Backend.Source.DNS || backend.source() == Backend.Source.DNS_ROUND_ROBIN;
        if (placed.isEmpty() && looksUp) {
            return new Upstream.Unknown(id, "no endpoint is declared");
        }
        var ejection = settings.ejection();
        var localities = LocalityLinker.of(proxy.labels(), settings);
        // One name is asked alone: there is nothing to choose from.
        var grouped =
                localities.group(backend.source() == Backend.Source.DNS_ROUND_ROBIN ? placed.subList(0, 1) : placed);
        var discovery =
                isPassedThrough(policy) ? new Discovery.Original(0) : discovery(backend, port, grouped.groups());
        return new Upstream.Known(
                id,
                discovery,
                chooses(discovery) ? settings.balancing() : new Balancing.AsDiscovered(),
                grouped.spread(),
                settings.limits(),
                ejection,
                settings.protocol(),
                settings.preamble(),
                settings.tls(backend, this::authorities),
                backend.origin(),
                rule.objects().stream()
                        .map(object -> world.written(new Origin(object.ref(), Path.ROOT)))
                        .toList());
    }

    // Authorities are public: those of ConfigMaps need nobody to deliver them.
    private Optional<String> authorities(String credential) {
        if (!credential.startsWith(CONFIG_MAP)) {
            return Optional.empty();
        }
        var name = credential.substring(CONFIG_MAP.length());
        int slash = name.indexOf('/');
        var namespace = name.substring(0, Math.max(slash, 0));
        var text = Splitter.on(',')
                .splitToStream(name.substring(slash + 1))
                .flatMap(each -> world.image().find(new ObjectRef(Kind.CONFIG_MAP, namespace, each)).stream())
                .map(object ->
                        ConfigImage.cast(object, ConfigMap.class).spec().data().getOrDefault("ca.crt", ""))
                .filter(pem -> !pem.isEmpty())
                .collect(Collectors.joining("\n"));
        return Optional.of(text).filter(pem -> !pem.isEmpty());
    }

    // Where the request or its connection says where to, there is nothing to choose from.
    private static boolean chooses(Discovery discovery) {
        return switch (discovery) {
            case Discovery.Listed _, Discovery.Dns _, Discovery.DnsOne _ -> true;
            case Discovery.Original _, Discovery.ByRequest _, Discovery.Nowhere _ -> false;
        };
    }

    private static boolean isPassedThrough(Optional<TrafficPolicy> policy) {
        return policy.flatMap(wanted -> Optional.ofNullable(wanted.loadBalancer()))
                .filter(balancer -> balancer.simple() == io.sallyport.model.DestinationRule.SimpleLb.PASSTHROUGH)
                .isPresent();
    }

    private Discovery discovery(Backend backend, Backend.Port port, List<Group> groups) {
        return switch (backend.source()) {
            case LISTED -> new Discovery.Listed(groups);
            case DNS -> new Discovery.Dns(groups, world.mesh().dnsRefreshRate());
            case DNS_ROUND_ROBIN -> new Discovery.DnsOne(groups, world.mesh().dnsRefreshRate());
            case CLIENT -> whereClientWent(port);
            case DYNAMIC_DNS -> isLookedUp(backend) ? new Discovery.ByRequest() : new Discovery.Listed(List.of());
        };
    }

    // A gateway's client was going to the gateway itself, so there is nowhere to send to. One that came to its
    // client proxy by name was going to that name.
    private Discovery whereClientWent(Backend.Port port) {
        if (proxy.role() == ProxyClass.Role.ROUTER) {
            return new Discovery.Listed(List.of());
        }
        return proxy.isRedirected()
                ? new Discovery.Original(port.target() == port.number() ? 0 : port.target())
                : new Discovery.ByRequest();
    }

    // Several objects of one namespace may declare the host: their endpoints for ports of one name add up.
    // Link-local addresses are left out, and what is the proxy's own (SP4506): the metadata service of the
    // gateway's machine answers there, or Sallyport itself.
    private static List<Placed> endpoints(UpstreamId id, List<Backend> served, Optional<Subset> subset) {
        var first = served.getFirst();
        var name = first.port(id.port()).orElseThrow().name();
        var placed = new ArrayList<Placed>();
        for (var backend : served) {
            boolean belongs = backend.namespace().equals(first.namespace())
                    && backend.source() == first.source()
                    && backend.port(id.port())
                            .filter(port -> port.name().equals(name))
                            .isPresent();
            if (!belongs) {
                continue;
            }
            for (var endpoint : backend.endpoints()) {
                var target = endpoint.targets().get(id.port());
                if (target != null
                        && !Addresses.isLinkLocal(endpoint.address())
                        && !Addresses.isOwnSocket(endpoint.address())
                        && !Addresses.isOwnDoor(endpoint.address(), target)
                        && subset.filter(wanted -> !TrafficPolicies.contains(wanted, endpoint.labels()))
                                .isEmpty()) {
                    placed.add(new Placed(
                            endpoint(endpoint, target), locality(endpoint), endpoint.labels(), endpoint.network()));
                }
            }
        }
        return placed;
    }

    private static Locality locality(Backend.Endpoint endpoint) {
        return endpoint.locality().isEmpty()
                ? LocalityLinker.of(endpoint.labels())
                : LocalityLinker.read(endpoint.locality());
    }

    private static Endpoint endpoint(Backend.Endpoint endpoint, int port) {
        var address = endpoint.address();
        return new Endpoint(
                address.startsWith(UNIX)
                        ? new Address.Pipe(address.substring(UNIX.length()))
                        : new Address.Socket(address, port),
                Math.toIntExact(Math.min(endpoint.weight(), Integer.MAX_VALUE)),
                endpoint.draining() ? Health.DRAINING : Health.HEALTHY);
    }
}
