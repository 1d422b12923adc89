package io.sallyport.translation.egress;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.World;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Platform;
import io.sallyport.model.Service;
import io.sallyport.translation.ProxyClass;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Which gateway stands behind a host that clients are sent to: a router of this machine, or the pods of a Service that
/// some Gateway selects.
final class GatewayFinder {

    private final World world;
    private final Platform platform;
    private final Map<String, Optional<ProxyClass>> known = new TreeMap<>();

    GatewayFinder(CheckedImage image) {
        this.world = image.world();
        this.platform = platform(image);
    }

    static Platform platform(CheckedImage image) {
        return image.image()
                .find(Platform.REF)
                .map(ConfigObject::spec)
                .filter(Platform.class::isInstance)
                .map(Platform.class::cast)
                .orElse(Platform.DEFAULT);
    }

    /// The gateway behind a host.
    Optional<ProxyClass> behind(String host) {
        return known.computeIfAbsent(host, this::find);
    }

    private Optional<ProxyClass> find(String host) {
        var service = service(host);
        var labels = service.map(found -> found.spec().selector()).orElse(ImmutableSortedMap.of());
        var router = platform.proxiesOrDefault().stream()
                .filter(proxy -> proxy.kind() == Platform.ProxyKind.router)
                .filter(proxy -> service.isPresent()
                        ? isBehind(service.get(), proxy)
                        : HostNames.service(proxy.name(), proxy.namespace()).equals(host))
                .findFirst()
                .map(GatewayFinder::of);
        if (router.isPresent() || service.isEmpty() || labels.isEmpty()) {
            return router;
        }
        var isGateway = world.gateways().stream()
                .anyMatch(gateway -> !gateway.spec().selector().isEmpty() && World.selects(gateway.spec(), labels));
        return isGateway
                ? Optional.of(new ProxyClass(
                        ProxyClass.Role.ROUTER,
                        service.get().namespace(),
                        service.get().name(),
                        labels,
                        new TreeMap<>(),
                        "0.0.0.0",
                        true))
                : Optional.empty();
    }

    private Optional<ConfigObject<Service>> service(String host) {
        return world.backends(host).stream()
                .map(backend -> backend.origin().object())
                .filter(ref -> ref.kind() == Kind.SERVICE)
                .flatMap(ref -> world.image().find(ref).stream())
                .map(object -> ConfigImage.cast(object, Service.class))
                .findFirst();
    }

    private static boolean isBehind(ConfigObject<Service> service, Platform.Proxy proxy) {
        return service.namespace().equals(proxy.namespace())
                && (World.selects(service.spec(), proxy.labels())
                        || service.name().equals(proxy.name()));
    }

    static ProxyClass of(Platform.Proxy proxy) {
        return new ProxyClass(
                switch (proxy.kind()) {
                    case router -> ProxyClass.Role.ROUTER;
                    case sidecar -> ProxyClass.Role.SIDECAR;
                },
                proxy.namespace(),
                proxy.name(),
                proxy.labels(),
                proxy.listen(),
                proxy.address(),
                true);
    }
}
