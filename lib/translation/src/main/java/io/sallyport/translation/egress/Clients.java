package io.sallyport.translation.egress;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Platform;
import io.sallyport.model.Sidecar;
import io.sallyport.translation.ProxyClass;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Which classes of clients a configuration tells apart: the client proxies of `sallyport.yaml`, and the workloads that
/// Sidecars and rules name. All others of a namespace are as the one of it without labels.
public final class Clients {

    private Clients() {}

    /// The classes, those that run here first.
    public static List<ProxyClass> of(CheckedImage image) {
        var classes = new LinkedHashSet<ProxyClass>();
        GatewayFinder.platform(image).proxiesOrDefault().stream()
                .filter(proxy -> proxy.kind() == Platform.ProxyKind.sidecar)
                .map(GatewayFinder::of)
                .forEach(classes::add);
        var root = image.world().mesh().rootNamespace();
        image.image()
                .all(Kind.SIDECAR, Sidecar.class)
                .sorted(ConfigObject.BY_AGE)
                .filter(sidecar -> !sidecar.namespace().equals(root))
                .map(Clients::selected)
                .filter(wanted -> classes.stream().noneMatch(known -> isLike(known, wanted)))
                .toList()
                .forEach(classes::add);
        if (classes.isEmpty()) {
            classes.add(redirected("default", Map.of()));
        }
        return new ArrayList<>(classes);
    }

    /// The class of a client: the one that runs here under that name or with those labels, else one that is redirected
    /// as Istio does it.
    public static ProxyClass named(CheckedImage image, String namespace, String name, Map<String, String> labels) {
        return GatewayFinder.platform(image).proxiesOrDefault().stream()
                .filter(proxy -> proxy.kind() == Platform.ProxyKind.sidecar)
                .map(GatewayFinder::of)
                .filter(proxy -> proxy.namespace().equals(namespace))
                .filter(proxy -> name.isEmpty() || proxy.name().equals(name))
                .filter(proxy -> proxy.labels().entrySet().containsAll(labels.entrySet()))
                .findFirst()
                .orElseGet(() -> redirected(namespace, labels));
    }

    private static ProxyClass selected(ConfigObject<Sidecar> sidecar) {
        var selector = sidecar.spec().workloadSelector();
        return redirected(
                sidecar.namespace(), selector == null ? ImmutableSortedMap.<String, String>of() : selector.labels());
    }

    private static boolean isLike(ProxyClass known, ProxyClass wanted) {
        return known.namespace().equals(wanted.namespace())
                && known.labels().entrySet().containsAll(wanted.labels().entrySet());
    }

    private static ProxyClass redirected(String namespace, Map<String, String> labels) {
        return new ProxyClass(
                ProxyClass.Role.SIDECAR, namespace, "", new TreeMap<>(labels), new TreeMap<>(), "0.0.0.0", true);
    }
}
