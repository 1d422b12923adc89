package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.sallyport.kubernetes.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Where the Services of gateways are reached from outside: what their load balancers were given, and their external
/// addresses.
final class ServiceAddresses {

    private final Function<ObjectKey, Optional<GenericKubernetesResource>> services;

    /// `services` finds a Service as the API server has it, with its status.
    ServiceAddresses(Function<ObjectKey, Optional<GenericKubernetesResource>> services) {
        this.services = services;
    }

    /// An IP address or a name.
    record Address(boolean isName, String value) {}

    /// The addresses of a Service by its host, `edge.shop.svc.cluster.local`; empty if the cluster has no such Service.
    Optional<List<Address>> of(String host) {
        var parts = host.split("\\.", 3);
        if (parts.length < 2) {
            return Optional.empty();
        }
        return services.apply(new ObjectKey(parts[1], parts[0])).map(ServiceAddresses::outside);
    }

    private static List<Address> outside(GenericKubernetesResource service) {
        var all = new ArrayList<Address>();
        if (service.get("status", "loadBalancer", "ingress") instanceof List<?> given) {
            for (var each : given) {
                if (each instanceof Map<?, ?> one) {
                    add(all, false, one.get("ip"));
                    add(all, true, one.get("hostname"));
                }
            }
        }
        if (service.get("spec", "externalIPs") instanceof List<?> external) {
            external.forEach(each -> add(all, false, each));
        }
        return all;
    }

    private static void add(List<Address> all, boolean isName, @Nullable Object value) {
        if (value instanceof String text && !text.isEmpty() && !all.contains(new Address(isName, text))) {
            all.add(new Address(isName, text));
        }
    }
}
