package io.sallyport.analysis.gatewayapi;

import io.sallyport.analysis.ConfigImage;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.Service;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.VirtualService.Destination;
import io.sallyport.model.VirtualService.PortSelector;
import io.sallyport.model.gatewayapi.BackendReference;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Where references of routes lead. What leads nowhere becomes [#NOWHERE], which nobody declares: its share of the
/// requests is answered with 500.
final class Backends {

    static final String NOWHERE = "backend.invalid";

    private static final String ISTIO = "networking.istio.io";

    private final ConfigImage image;
    private final Grants grants;
    private final Set<String> entries = new HashSet<>();
    private boolean knowsServices;
    private @Nullable List<SpelledBefore.Asked> asked;

    Backends(ConfigImage image, Grants grants) {
        this.image = image;
        this.grants = grants;
        image.all(Kind.SERVICE_ENTRY, ServiceEntry.class)
                .forEach(entry ->
                        entry.spec().hosts().forEach(host -> entries.add(Hosts.fullName(host, entry.namespace()))));
        this.knowsServices = !entries.isEmpty()
                || image.objects().stream().anyMatch(object -> object.ref().kind() == Kind.SERVICE);
    }

    /// A destination, and what is wrong with the reference.
    record Found(Destination destination, Optional<Condition> trouble) {}

    /// Does something, and adds to `asked` what it wanted to know meanwhile.
    <T> T noting(List<SpelledBefore.Asked> asked, Supplier<T> work) {
        this.asked = asked;
        try {
            return work.get();
        } finally {
            this.asked = null;
        }
    }

    Found find(ConfigObject<?> route, BackendReference reference, Path place) {
        var found = look(route, reference, place);
        if (asked != null) {
            asked.add(new SpelledBefore.Asked(reference, place, found));
        }
        return found;
    }

    private Found look(ConfigObject<?> route, BackendReference reference, Path place) {
        var namespace = reference.namespace().isEmpty() ? route.namespace() : reference.namespace();
        if (reference.kindOrService().equals("Hostname") && reference.group().equals(ISTIO)) {
            return host(reference, reference.name(), place);
        }
        if (!reference.kindOrService().equals("Service") || !reference.group().isEmpty()) {
            return lost(
                    reference,
                    "InvalidKind",
                    "kind \"%s\" of group \"%s\" (expected: a Service, or a Hostname of %s)"
                            .formatted(reference.kindOrService(), reference.group(), ISTIO),
                    place.field("kind"));
        }
        if (!grants.allow(route.ref().kind(), route.namespace(), "Service", namespace, reference.name())) {
            return lost(
                    reference,
                    "RefNotPermitted",
                    "Service \"%s/%s\" is of another namespace, which does not let itself be referred to (expected: a ReferenceGrant in \"%s\" from %s of \"%s\")"
                            .formatted(
                                    namespace,
                                    reference.name(),
                                    namespace,
                                    route.ref().kind().word(),
                                    route.namespace()),
                    place.field("namespace"));
        }
        var host = HostNames.service(reference.name(), namespace);
        var service = image.find(new ObjectRef(Kind.SERVICE, namespace, reference.name()));
        if (service.isPresent()
                && service.get().spec() instanceof Service spec
                && spec.ports().stream().noneMatch(port -> port.port() == reference.port())) {
            return lost(
                    reference,
                    "BackendNotFound",
                    "Service \"%s/%s\" has no port %d (expected: %s)"
                            .formatted(
                                    namespace,
                                    reference.name(),
                                    reference.port(),
                                    spec.ports().stream()
                                            .map(port -> Integer.toString(port.port()))
                                            .reduce((one, other) -> one + ", " + other)
                                            .orElse("one that has ports")),
                    place.field("port"));
        }
        if (service.isEmpty() && !isRouter(namespace, reference.name())) {
            return host(reference, host, place.field("name"));
        }
        return new Found(destination(host, reference.port()), Optional.empty());
    }

    // In a file without any Service nothing is known about them.
    private Found host(BackendReference reference, String host, Path place) {
        if (entries.contains(host) || !knowsServices) {
            return new Found(destination(host, reference.port()), Optional.empty());
        }
        return new Found(
                destination(host, reference.port()),
                Optional.of(Condition.no(
                        Condition.Type.RESOLVED_REFS,
                        "BackendNotFound",
                        "nothing declares \"%s\" (expected: a Service)".formatted(host),
                        place)));
    }

    /// Whether there is a Service of that name, or what stands for one. In a file without any Service nothing is known
    /// about them, and each may be there.
    boolean isDeclared(String namespace, String name) {
        return !knowsServices
                || image.find(new ObjectRef(Kind.SERVICE, namespace, name)).isPresent()
                || entries.contains(HostNames.service(name, namespace))
                || isRouter(namespace, name);
    }

    private boolean isRouter(String namespace, String name) {
        return image.find(Platform.REF).stream()
                .flatMap(platform -> ((Platform) platform.spec()).proxiesOrDefault().stream())
                .anyMatch(
                        proxy -> proxy.name().equals(name) && proxy.namespace().equals(namespace));
    }

    private static Found lost(BackendReference reference, String reason, String message, Path place) {
        return new Found(
                destination(NOWHERE, reference.port()),
                Optional.of(Condition.no(Condition.Type.RESOLVED_REFS, reason, message, place)));
    }

    private static Destination destination(String host, int port) {
        return new Destination(host, "", port == 0 ? new PortSelector(80) : new PortSelector(port));
    }
}
