package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Platform;
import io.sallyport.model.Service;
import io.sallyport.model.gatewayapi.KubernetesGateway;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The proxies that serve a Gateway: those with `labels`, of one namespace if one is said. `service` is the
/// host of their Service, where one is known.
record Door(ImmutableSortedMap<String, String> labels, Optional<String> namespace, Optional<String> service) {

    /// The label by which proxies say which Gateway they are for, as those of Istio's deployments do.
    static final String NAME_LABEL = "gateway.networking.k8s.io/gateway-name";

    /// The doors of a Gateway: where it names Services by `addresses`, their proxies, as with Istio's manual
    /// deployment. Otherwise the proxies of its namespace that carry its name; where nobody declares any, the
    /// shared ingress gateway. (Sallyport deploys no proxies for a Gateway, as Istio does.)
    static List<Door> of(ConfigImage image, ConfigObject<KubernetesGateway> gateway) {
        var named = gateway.spec().addresses().stream()
                .filter(address ->
                        address.type().equals("Hostname") && !address.value().isEmpty())
                .toList();
        if (!named.isEmpty()) {
            var doors = new ArrayList<Door>();
            named.forEach(address ->
                    byService(image, gateway.namespace(), address.value()).ifPresent(doors::add));
            return doors;
        }
        var own = ImmutableSortedMap.of(NAME_LABEL, gateway.name());
        var declared = Stream.concat(
                        image.all(Kind.SERVICE, Service.class)
                                .filter(service -> service.namespace().equals(gateway.namespace()))
                                .filter(service ->
                                        service.spec().selector().entrySet().containsAll(own.entrySet()))
                                .sorted(ConfigObject.BY_AGE)
                                .map(service -> HostNames.service(service.name(), service.namespace())),
                        routers(image)
                                .filter(proxy -> proxy.namespace().equals(gateway.namespace()))
                                .filter(proxy -> proxy.labels().entrySet().containsAll(own.entrySet()))
                                .map(proxy -> HostNames.service(proxy.name(), proxy.namespace())))
                .findFirst();
        return List.of(
                declared.isPresent()
                        ? new Door(own, Optional.of(gateway.namespace()), declared)
                        : shared(image, "ingressgateway"));
    }

    /// The gateway that all share: `istio: ingressgateway`.
    static Door shared(ConfigImage image, String name) {
        var labels = ImmutableSortedMap.of("istio", name);
        var service = Stream.concat(
                        image.all(Kind.SERVICE, Service.class)
                                .filter(each ->
                                        each.spec().selector().entrySet().containsAll(labels.entrySet()))
                                .sorted(ConfigObject.BY_AGE)
                                .map(each -> HostNames.service(each.name(), each.namespace())),
                        routers(image)
                                .filter(proxy -> proxy.labels().entrySet().containsAll(labels.entrySet()))
                                .map(proxy -> HostNames.service(proxy.name(), proxy.namespace())))
                .findFirst();
        return new Door(labels, Optional.empty(), service);
    }

    // `edge`, `edge.shop` and `edge.shop.svc.cluster.local` are the same.
    private static Optional<Door> byService(ConfigImage image, String namespace, String host) {
        var parts = ImmutableList.copyOf(host.split("\\.", -1));
        var name = parts.getFirst();
        var place = parts.size() > 1 ? parts.get(1) : namespace;
        var full = HostNames.service(name, place);
        if (parts.size() > 2 && !host.equals(full) && !host.equals(name + "." + place + ".svc")) {
            return Optional.empty();
        }
        return image.find(new ObjectRef(Kind.SERVICE, place, name))
                .map(object -> ConfigImage.cast(object, Service.class).spec().selector())
                .filter(selector -> !selector.isEmpty())
                .or(() -> routers(image)
                        .filter(proxy ->
                                proxy.name().equals(name) && proxy.namespace().equals(place))
                        .map(Platform.Proxy::labels)
                        .findFirst())
                .map(labels -> new Door(labels, Optional.of(place), Optional.of(full)));
    }

    private static Stream<Platform.Proxy> routers(ConfigImage image) {
        var platform = image.find(Platform.REF)
                .map(object -> ConfigImage.cast(object, Platform.class).spec())
                .orElse(Platform.DEFAULT);
        return platform.proxiesOrDefault().stream().filter(proxy -> proxy.kind() == Platform.ProxyKind.router);
    }
}
