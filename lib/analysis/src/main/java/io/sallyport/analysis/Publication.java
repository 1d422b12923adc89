package io.sallyport.analysis;

import io.sallyport.analysis.expansion.EgressExpansion;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.EndpointSlice;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.Platform;
import io.sallyport.model.RequestAuthentication;
import io.sallyport.model.Secret;
import io.sallyport.model.SecretGrant;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.VirtualService;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Under which keys an object can be found.
final class Publication {

    private Publication() {}

    static Set<Index.Key> keys(ConfigObject<?> object) {
        var keys = new LinkedHashSet<Index.Key>();
        if (object.name().contains(EgressExpansion.MARK)) {
            keys.add(new Index.Key(Topic.EXPANDED, object.ref().toString()));
        }
        switch (object.spec()) {
            case Gateway gateway -> gateway(object, gateway, keys);
            case VirtualService service -> virtualService(object, service, keys);
            case DestinationRule rule ->
                keys.add(new Index.Key(Topic.RULE_HOST, Hosts.fullName(rule.host(), object.namespace())));
            case SecretGrant _ -> keys.add(new Index.Key(Topic.GRANT, object.namespace()));
            case Secret _ -> {
                keys.add(new Index.Key(Topic.SECRET, object.name()));
                keys.add(new Index.Key(Topic.SECRET_AT, object.ref().qualifiedName()));
                keys.add(new Index.Key(Topic.ANY_SECRET, ""));
            }
            default -> {
                for (var host : hosts(object)) {
                    keys.add(new Index.Key(Topic.HOST, host));
                    keys.add(new Index.Key(Topic.ANY_HOST, ""));
                }
                if (object.spec() instanceof ServiceEntry entry) {
                    Tcp.ports(entry).forEach(port -> keys.add(new Index.Key(Topic.TCP_PORT, Integer.toString(port))));
                }
                if (object.spec() instanceof Service service) {
                    service.selector()
                            .forEach(
                                    (name, value) -> keys.add(new Index.Key(Topic.SELECTED_LABEL, name + "=" + value)));
                }
                if (object.spec() instanceof EndpointSlice) {
                    var service = object.metadata().labels().getOrDefault(EndpointSlice.SERVICE_NAME_LABEL, "");
                    keys.add(new Index.Key(Topic.SLICE, object.namespace() + "/" + service));
                }
                if (object.spec() instanceof RequestAuthentication) {
                    keys.add(new Index.Key(Topic.AUTHENTICATION, ""));
                }
                Selection.of(object).ifPresent(selection -> keys.add(new Index.Key(Topic.SELECTION, selection)));
                if (object.spec() instanceof ConfigMap map && map.mesh() != null) {
                    keys.add(new Index.Key(Topic.PLATFORM, ""));
                }
                if (object.spec() instanceof Platform platform) {
                    keys.add(new Index.Key(Topic.PLATFORM, ""));
                    // A proxy counts as a Service of its name; it says nothing about which others are known.
                    platform.proxiesOrDefault()
                            .forEach(proxy -> keys.add(new Index.Key(
                                    Topic.HOST, proxy.name() + "." + proxy.namespace() + ".svc.cluster.local")));
                }
            }
        }
        return keys;
    }

    /// The full host names that a Service or ServiceEntry provides.
    static List<String> hosts(ConfigObject<?> object) {
        if (object.spec() instanceof ServiceEntry entry) {
            return entry.hosts().stream()
                    .map(host -> Hosts.fullName(host, object.namespace()))
                    .toList();
        }
        return object.ref().kind() == Kind.SERVICE
                ? List.of(object.name() + "." + object.namespace() + ".svc.cluster.local")
                : List.of();
    }

    private static void gateway(ConfigObject<?> object, Gateway gateway, Set<Index.Key> keys) {
        keys.add(new Index.Key(Topic.GATEWAY, object.ref().qualifiedName()));
        keys.add(new Index.Key(Topic.ANY_GATEWAY, ""));
        for (var server : gateway.servers()) {
            var door = Bindings.door(server);
            var listening = Bindings.listening(server);
            keys.add(new Index.Key(Topic.SERVER_PORT, door + "|" + listening));
            if (listening == Bindings.Listening.TLS) {
                for (var host : server.hosts()) {
                    keys.add(new Index.Key(Topic.SERVER_HOST, door + "|" + Bindings.bareHost(host)));
                }
            }
        }
    }

    private static void virtualService(ConfigObject<?> object, VirtualService service, Set<Index.Key> keys) {
        keys.add(new Index.Key(Topic.VIRTUAL_SERVICE, object.ref().qualifiedName()));
        if (service.hosts().isEmpty()) {
            keys.add(Lookup.ANY_DELEGATE);
        }
        var gateways = service.gateways().isEmpty() ? List.of("mesh") : service.gateways();
        for (var gateway : gateways) {
            for (var host : service.hosts()) {
                keys.add(new Index.Key(
                        Topic.BOUND_HOST,
                        Bindings.gatewayName(gateway, object.namespace()) + "|"
                                + Hosts.fullName(host, object.namespace())));
            }
        }
    }
}
