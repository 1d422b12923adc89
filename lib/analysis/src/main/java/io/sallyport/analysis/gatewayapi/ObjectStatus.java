package io.sallyport.analysis.gatewayapi;

import com.google.common.collect.ImmutableList;
import io.sallyport.model.Path;
import io.sallyport.model.gatewayapi.KubernetesGateway.RouteKind;
import io.sallyport.model.gatewayapi.ParentReference;
import java.util.List;
import java.util.stream.Stream;

/// What the standard wants said in the `status` of one object: the same for equal images. Who writes it adds
/// the times and the generation.
public sealed interface ObjectStatus {

    /// All conditions, of whatever part.
    Stream<Condition> conditions();

    /// Of a GatewayClass or an IngressClass.
    record OfClass(Condition accepted) implements ObjectStatus {
        @Override
        public Stream<Condition> conditions() {
            return Stream.of(accepted);
        }
    }

    /// Of a Gateway. `services` are the hosts of the Services whose proxies serve it, where it names any.
    record OfGateway(List<Condition> own, List<OfListener> listeners, List<String> services) implements ObjectStatus {
        public OfGateway {
            own = ImmutableList.copyOf(own);
            listeners = ImmutableList.copyOf(listeners);
            services = ImmutableList.copyOf(services);
        }

        @Override
        public Stream<Condition> conditions() {
            return Stream.concat(own.stream(), listeners.stream().flatMap(listener -> listener.conditions().stream()));
        }
    }

    /// Of one listener: which kinds of route it takes, how many it has, and which Secrets
    /// (`namespace/name`) it shows. Whether those exist is not known here: the conditions suppose it.
    record OfListener(
            String name,
            List<RouteKind> supportedKinds,
            int attachedRoutes,
            List<String> credentials,
            List<Condition> conditions) {
        public OfListener {
            supportedKinds = ImmutableList.copyOf(supportedKinds);
            credentials = ImmutableList.copyOf(credentials);
            conditions = ImmutableList.copyOf(conditions);
        }
    }

    /// Of a route: one entry for each parent but the Gateways of somebody else, who speaks for them.
    record OfRoute(List<OfParent> parents) implements ObjectStatus {
        public OfRoute {
            parents = ImmutableList.copyOf(parents);
        }

        @Override
        public Stream<Condition> conditions() {
            return parents.stream().flatMap(parent -> parent.conditions().stream());
        }
    }

    /// What one parent says of a route. Where it is not `ours` (of another kind, or a Gateway that does not exist) the
    /// conditions are for findings alone: a status names only the parents of whoever writes it.
    record OfParent(ParentReference parent, boolean ours, List<Condition> conditions) {
        public OfParent {
            conditions = ImmutableList.copyOf(conditions);
        }
    }

    /// Of a BackendTLSPolicy: the same for each of `ancestors`, the Gateways (`namespace/name`) that send to its
    /// targets.
    record OfPolicy(List<String> ancestors, List<Condition> own) implements ObjectStatus {
        public OfPolicy {
            ancestors = ImmutableList.copyOf(ancestors);
            own = ImmutableList.copyOf(own);
        }

        @Override
        public Stream<Condition> conditions() {
            return own.stream();
        }
    }

    /// Of an Ingress that is served here. Its status has no conditions: they are for findings alone. `services` are
    /// the hosts of the Services whose addresses its status names.
    record OfIngress(List<Condition> own, List<String> services) implements ObjectStatus {
        public OfIngress {
            own = ImmutableList.copyOf(own);
            services = ImmutableList.copyOf(services);
        }

        @Override
        public Stream<Condition> conditions() {
            return own.stream();
        }
    }

    /// Of an object that nobody serves, as far as can be seen: for findings alone.
    record Unserved(Condition accepted) implements ObjectStatus {
        @Override
        public Stream<Condition> conditions() {
            return Stream.of(accepted);
        }
    }

    /// The place of a whole object's spec.
    Path SPEC = Path.of("spec");
}
