package io.sallyport.analysis.gatewayapi;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.WorldRule;
import io.sallyport.model.Ingress;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Spec;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The rules about the Gateway API's objects and Ingresses. What refuses one is in [AdmissionRules].
public final class GatewayApiRules {

    static final String GATEWAY = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              gatewayClassName: istio
              listeners: [%s]
            """;
    static final String ROUTE = """
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {namespace: shop, name: cart}
            spec:
              parentRefs: [{name: %s}]
              rules: [{backendRefs: [{name: %s, port: 80}]}]
            """;
    static final String LISTENER = "{name: http, port: 80, protocol: HTTP}";
    private static final String SERVICE = """
            ---
            apiVersion: v1
            kind: Service
            metadata: {namespace: shop, name: cart}
            spec: {ports: [{name: http, port: 80}]}
            """;
    private static final String INGRESS = """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {namespace: shop, name: cart%s}
            spec:
              ingressClassName: istio
              defaultBackend: {service: {name: cart, port: {number: 80}}}
            """;

    private GatewayApiRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .addAll(AdmissionRules.all())
                .add(new IsAccepted())
                .add(new ReferencesResolve())
                .add(new GatewayIsServed())
                .add(new SomebodyServes())
                .add(new AnnotationsAreOurs())
                .build();
    }

    /// SP2981: what nobody takes: a route without a listener, a listener that cannot be told from another one, an
    /// object of
    /// a class that does not exist.
    static final class IsAccepted extends OfStatus {
        IsAccepted() {
            super(
                    "SP2981",
                    "Not accepted by its parent or its class",
                    Set.of(Condition.Type.ACCEPTED, Condition.Type.CONFLICTED),
                    new Page(
                            "A route must name a Gateway that exists, and a listener of it must take routes of its kind, namespace and hostnames. The status says the same: Accepted, with a reason of the standard.",
                            GATEWAY.formatted(LISTENER) + ROUTE.formatted("edg", "cart") + SERVICE,
                            GATEWAY.formatted(LISTENER) + ROUTE.formatted("edge", "cart") + SERVICE));
        }
    }

    /// SP2982: a Service, a Secret or a filter that is not there, or may not be named from here.
    static final class ReferencesResolve extends OfStatus {
        ReferencesResolve() {
            super(
                    "SP2982",
                    "Reference of the Gateway API leads nowhere",
                    Set.of(Condition.Type.RESOLVED_REFS),
                    new Page(
                            "What a reference to nothing would get is answered with 500. Names of other namespaces need a ReferenceGrant there. The status says the same: ResolvedRefs, with a reason of the standard.",
                            GATEWAY.formatted(LISTENER) + ROUTE.formatted("edge", "card") + SERVICE,
                            GATEWAY.formatted(LISTENER) + ROUTE.formatted("edge", "cart") + SERVICE));
        }
    }

    /// SP2983: a Gateway of which nothing is served.
    static final class GatewayIsServed extends OfStatus {
        GatewayIsServed() {
            super(
                    "SP2983",
                    "Nothing of a Gateway is served",
                    Set.of(Condition.Type.PROGRAMMED),
                    new Page(
                            "Its addresses name Services whose proxies serve it, and at least one of its listeners must be right.",
                            GATEWAY.formatted(LISTENER) + "  addresses: [{type: Hostname, value: nobody.shop}]\n",
                            GATEWAY.formatted(LISTENER)));
        }
    }

    /// SP2984: a Gateway or an Ingress of a class that nobody declares, which waits for a controller; a route of which
    /// a parent is no Gateway.
    static final class SomebodyServes extends WorldRule<Spec> {
        SomebodyServes() {
            super(
                    "SP2984",
                    WARNING,
                    "Nobody here serves it",
                    ImmutableSet.of(
                            Kind.KUBERNETES_GATEWAY,
                            Kind.INGRESS,
                            Kind.HTTP_ROUTE,
                            Kind.GRPC_ROUTE,
                            Kind.TLS_ROUTE,
                            Kind.TCP_ROUTE),
                    Spec.class,
                    new Page(
                            "The classes istio and sallyport are served here, and those that a GatewayClass or IngressClass gives to their controllers. An Ingress without any class is served under ingressControllerMode: DEFAULT, or where an IngressClass of ours is the default.",
                            INGRESS.formatted("").replace("istio", "istoi"),
                            INGRESS.formatted("")));
        }

        @Override
        public void check(At<Spec> spec, Lookup world, Report report) {
            world.status(report.object().ref()).stream()
                    .flatMap(SomebodyServes::said)
                    .forEach(condition -> report.at(condition.place(), condition.message()));
        }

        private static Stream<Condition> said(ObjectStatus status) {
            return switch (status) {
                case ObjectStatus.Unserved _ -> status.conditions();
                case ObjectStatus.OfRoute route ->
                    route.parents().stream()
                            .filter(parent -> !parent.parent().isGateway())
                            .map(parent -> parent.conditions().getFirst());
                case ObjectStatus.OfGateway _,
                        ObjectStatus.OfClass _,
                        ObjectStatus.OfPolicy _,
                        ObjectStatus.OfIngress _ -> Stream.empty();
            };
        }
    }

    abstract static class OfStatus extends WorldRule<Spec> {
        private final Set<Condition.Type> types;

        OfStatus(String id, String title, Set<Condition.Type> types, Page page) {
            super(id, ERROR, title, GatewayApi.KINDS, Spec.class, page);
            this.types = types;
        }

        @Override
        public final void check(At<Spec> spec, Lookup world, Report report) {
            world.status(report.object().ref()).stream()
                    .flatMap(OfStatus::said)
                    .filter(condition -> types.contains(condition.type()) && condition.isTrouble())
                    .distinct()
                    .forEach(condition -> report.at(condition.place(), condition.message()));
        }

        // That a listener is not served is said by its other conditions.
        private static Stream<Condition> said(ObjectStatus status) {
            return switch (status) {
                case ObjectStatus.OfGateway gateway ->
                    Stream.concat(
                            gateway.own().stream(),
                            gateway.conditions().filter(each -> each.type() != Condition.Type.PROGRAMMED));
                case ObjectStatus.Unserved _ -> Stream.empty();
                case ObjectStatus.OfRoute route ->
                    route.parents().stream()
                            .filter(parent -> parent.parent().isGateway())
                            .flatMap(parent -> parent.conditions().stream());
                case ObjectStatus.OfClass _, ObjectStatus.OfPolicy _, ObjectStatus.OfIngress _ -> status.conditions();
            };
        }
    }

    /// SP4981: what other controllers read in annotations of an Ingress does nothing here.
    static final class AnnotationsAreOurs extends ObjectRule<Ingress> {
        private static final ImmutableSet<String> OTHERS = ImmutableSet.of(
                "nginx.ingress.kubernetes.io/",
                "nginx.org/",
                "haproxy.org/",
                "haproxy-ingress.github.io/",
                "traefik.ingress.kubernetes.io/",
                "alb.ingress.kubernetes.io/",
                "konghq.com/",
                "ingress.kubernetes.io/");

        AnnotationsAreOurs() {
            super(
                    "SP4981",
                    WARNING,
                    "Annotation of another controller",
                    Kind.INGRESS,
                    Ingress.class,
                    new Page(
                            "An Ingress says hosts, paths and certificates; what else controllers read from annotations of their own is said by an HTTPRoute or a VirtualService here. Plain TCP takes a Gateway.",
                            INGRESS.formatted(", annotations: {nginx.ingress.kubernetes.io/rewrite-target: /}"),
                            INGRESS.formatted(", annotations: {team: cart}")));
        }

        @Override
        public void check(At<Ingress> ingress, Report report) {
            for (var name : report.object().metadata().annotations().keySet()) {
                if (OTHERS.stream().anyMatch(name::startsWith)) {
                    report.at(
                            Path.of("metadata", "annotations").field(name),
                            "annotation \"%s\" has no effect here (expected: an HTTPRoute or VirtualService that says the same)"
                                    .formatted(name));
                }
            }
        }
    }
}
