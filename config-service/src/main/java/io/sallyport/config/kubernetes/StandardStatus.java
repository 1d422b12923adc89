package io.sallyport.config.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.sallyport.analysis.gatewayapi.ObjectStatus;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfGateway;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfListener;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfParent;
import io.sallyport.analysis.gatewayapi.ObjectStatus.OfRoute;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.gatewayapi.ParentReference;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The status of the Gateway API's objects and of Ingresses, as the standard has it. A route or a policy has an entry
/// for each of its parents and each controller that speaks for one: ours say [#CONTROLLER], and those of others are
/// copied as they stand. What the API server would fill in is written out, so that what is read back is what was
/// written.
///
/// Source: the Gateway API's `GatewayStatus`, `RouteStatus` and `PolicyStatus`, v1.
final class StandardStatus implements StatusText {

    /// Who says it. The same for Gateways of a class of Istio's controller, so that nobody mistakes it for Istio's
    /// word.
    static final String CONTROLLER = "sallyport.io/gateway-controller";

    private static final String GROUP = "gateway.networking.k8s.io";
    private static final int MOST_PARENTS = 32;
    private static final int MOST_ANCESTORS = 16;
    private static final int MOST_ADDRESSES = 16;

    private final Judgement judgement;
    private final ServiceAddresses addresses;
    private final ConditionList conditions;

    StandardStatus(Judgement judgement, ServiceAddresses addresses, InstantSource clock) {
        this.judgement = judgement;
        this.addresses = addresses;
        this.conditions = new ConditionList(clock);
    }

    /// One entry of a route's or policy's status: about what, and what is said.
    private record Entry(Map<String, Object> about, List<Condition> said) {}

    @Override
    public Optional<Map<String, Object>> status(
            ClusterObject name, GenericKubernetesResource object, Map<?, ?> before) {
        var refused = judgement.refused(name.ref());
        if (refused.isEmpty() && !judgement.isStored(name.ref())) {
            return Optional.empty();
        }
        var said = judgement.standard(name.ref());
        return switch (name.kind()) {
            case GATEWAY_CLASS ->
                said.filter(ObjectStatus.OfClass.class::isInstance)
                        .map(each -> own(
                                object,
                                before,
                                instead(
                                        each.conditions()
                                                .map(StandardStatus::of)
                                                .toList(),
                                        refused,
                                        "InvalidParameters")));
            case KUBERNETES_GATEWAY ->
                said.filter(OfGateway.class::isInstance)
                        .map(each -> gateway(name.ref(), object, before, (OfGateway) each, refused));
            case HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, TCP_ROUTE -> route(name, object, before, said, refused);
            case BACKEND_TLS_POLICY -> policy(name, object, before, said, refused);
            case INGRESS ->
                said.filter(ObjectStatus.OfIngress.class::isInstance)
                        .flatMap(each -> ingress(before, (ObjectStatus.OfIngress) each));
            // The others have no status.
            default -> Optional.empty();
        };
    }

    private static Condition of(io.sallyport.analysis.gatewayapi.Condition condition) {
        return new Condition(condition.type().text(), condition.holds(), condition.reason(), condition.message());
    }

    private static List<Condition> of(List<io.sallyport.analysis.gatewayapi.Condition> conditions) {
        return conditions.stream().map(StandardStatus::of).toList();
    }

    // An older version may be in force, of which everything else holds.
    private static List<Condition> instead(List<Condition> said, Optional<Condition> refused, String reason) {
        if (refused.isEmpty()) {
            return said;
        }
        var all = new ArrayList<Condition>();
        all.add(new Condition("Accepted", false, reason, refused.get().message()));
        said.stream().filter(each -> !each.type().equals("Accepted")).forEach(all::add);
        return all;
    }

    private static Map<String, Object> copy(Map<?, ?> before) {
        var status = new LinkedHashMap<String, Object>();
        before.forEach((key, value) -> status.put(String.valueOf(key), value));
        return status;
    }

    private Map<String, Object> own(GenericKubernetesResource object, Map<?, ?> before, List<Condition> said) {
        var status = copy(before);
        status.put(
                "conditions",
                conditions.merged(
                        before.get("conditions"), said, object.getMetadata().getGeneration()));
        return status;
    }

    private Map<String, Object> gateway(
            ObjectRef ref,
            GenericKubernetesResource object,
            Map<?, ?> before,
            OfGateway said,
            Optional<Condition> refused) {
        var running = judgement.programmed(ref);
        var generation = object.getMetadata().getGeneration();
        var listeners = new ArrayList<Map<String, Object>>();
        boolean isAnyServed = false;
        for (var listener : said.listeners()) {
            var known = earlier(before.get("listeners"), map -> listener.name().equals(map.get("name")));
            var judged = new ListenerSecrets(judgement.keyPairs())
                    .judged(listener, of(listener.conditions()), known, generation);
            isAnyServed |= judged.stream().anyMatch(each -> each.type().equals("Programmed") && each.isTrue());
            listeners.add(listener(listener, known, programmed(judged, running), generation));
        }
        var own = isAnyServed ? of(said.own()) : unserved(of(said.own()));
        var status = own(object, before, instead(programmed(own, running), refused, "Invalid"));
        status.put("listeners", listeners);
        var reached = said.services().stream()
                .flatMap(host -> reached(host).stream())
                .distinct()
                .limit(MOST_ADDRESSES)
                .toList();
        if (reached.isEmpty()) {
            status.remove("addresses");
        } else {
            status.put("addresses", reached);
        }
        return status;
    }

    private static List<Condition> unserved(List<Condition> said) {
        return said.stream()
                .map(each -> each.type().equals("Programmed") && each.isTrue()
                        ? new Condition(
                                "Programmed",
                                false,
                                "Invalid",
                                "none of its listeners can be served (expected: one whose certificates can)")
                        : each)
                .toList();
    }

    // Translated is not enough where it is known what proxies run.
    private static List<Condition> programmed(List<Condition> said, Optional<Condition> running) {
        return said.stream()
                .map(each -> each.type().equals("Programmed") && each.isTrue() && running.isPresent()
                        ? new Condition(
                                "Programmed",
                                running.get().isTrue(),
                                reason(running.get()),
                                running.get().message())
                        : each)
                .toList();
    }

    private static String reason(Condition running) {
        if (running.isTrue()) {
            return "Programmed";
        }
        return running.reason().equals("Withheld") ? "Invalid" : "Pending";
    }

    private Map<String, Object> listener(
            OfListener said, @Nullable Object known, List<Condition> judged, @Nullable Long generation) {
        var listener = new LinkedHashMap<String, Object>();
        listener.put("name", said.name());
        listener.put(
                "supportedKinds",
                said.supportedKinds().stream()
                        .map(kind -> Map.of("group", GROUP, "kind", kind.kind()))
                        .toList());
        listener.put("attachedRoutes", said.attachedRoutes());
        listener.put("conditions", conditions.merged(known, judged, generation));
        return listener;
    }

    // The conditions of one entry of a list as they stand.
    private static @Nullable Object earlier(@Nullable Object entries, Predicate<Map<?, ?>> isIt) {
        if (entries instanceof List<?> list) {
            for (var each : list) {
                if (each instanceof Map<?, ?> map && isIt.test(map)) {
                    return map.get("conditions");
                }
            }
        }
        return null;
    }

    // Where a Service is not reached from outside, its name is what there is.
    private List<Map<String, Object>> reached(String host) {
        return addresses
                .of(host)
                .map(all -> all.isEmpty() ? List.of(new ServiceAddresses.Address(true, host)) : all)
                .orElse(List.of())
                .stream()
                .map(each ->
                        Map.<String, Object>of("type", each.isName() ? "Hostname" : "IPAddress", "value", each.value()))
                .toList();
    }

    private Optional<Map<String, Object>> route(
            ClusterObject name,
            GenericKubernetesResource object,
            Map<?, ?> before,
            Optional<ObjectStatus> said,
            Optional<Condition> refused) {
        var entries = new ArrayList<Entry>();
        said.filter(OfRoute.class::isInstance)
                .map(OfRoute.class::cast)
                .ifPresent(route -> route.parents().stream()
                        .filter(OfParent::ours)
                        .forEach(parent -> entries.add(new Entry(
                                reference(parent.parent()),
                                instead(of(parent.conditions()), refused, "UnsupportedValue")))));
        if (entries.isEmpty() && refused.isPresent()) {
            gateways(name, object)
                    .forEach(parent -> entries.add(new Entry(parent, instead(List.of(), refused, "UnsupportedValue"))));
        }
        return entries(object, before, "parents", "parentRef", entries, MOST_PARENTS);
    }

    private static Map<String, Object> reference(ParentReference parent) {
        var reference = new LinkedHashMap<String, Object>();
        reference.put("group", parent.group() == null ? GROUP : parent.group());
        reference.put("kind", parent.kind() == null ? "Gateway" : parent.kind());
        if (!parent.namespace().isEmpty()) {
            reference.put("namespace", parent.namespace());
        }
        reference.put("name", parent.name());
        if (!parent.sectionName().isEmpty()) {
            reference.put("sectionName", parent.sectionName());
        }
        if (parent.port() != 0) {
            reference.put("port", parent.port());
        }
        return reference;
    }

    // The parents that a route names which was never taken: those that are Gateways of ours.
    private List<Map<String, Object>> gateways(ClusterObject name, GenericKubernetesResource object) {
        var parents = new ArrayList<Map<String, Object>>();
        if (object.get("spec", "parentRefs") instanceof List<?> references) {
            for (var each : references) {
                if (each instanceof Map<?, ?> reference && isOurs(name, reference)) {
                    var parent = copy(reference);
                    parent.putIfAbsent("group", GROUP);
                    parent.putIfAbsent("kind", "Gateway");
                    parents.add(parent);
                }
            }
        }
        return parents;
    }

    private boolean isOurs(ClusterObject route, Map<?, ?> reference) {
        var namespace = Objects.requireNonNullElse(
                reference.get("namespace"), route.key().namespace());
        var gateway = new ObjectRef(
                Kind.KUBERNETES_GATEWAY, String.valueOf(namespace), String.valueOf(reference.get("name")));
        return GROUP.equals(Objects.requireNonNullElse(reference.get("group"), GROUP))
                && "Gateway".equals(Objects.requireNonNullElse(reference.get("kind"), "Gateway"))
                && judgement
                        .standard(gateway)
                        .filter(OfGateway.class::isInstance)
                        .isPresent();
    }

    private Optional<Map<String, Object>> policy(
            ClusterObject name,
            GenericKubernetesResource object,
            Map<?, ?> before,
            Optional<ObjectStatus> said,
            Optional<Condition> refused) {
        var entries = new ArrayList<Entry>();
        said.filter(ObjectStatus.OfPolicy.class::isInstance)
                .map(ObjectStatus.OfPolicy.class::cast)
                .ifPresent(policy -> policy.ancestors().forEach(gateway -> {
                    int slash = gateway.indexOf('/');
                    var about = new LinkedHashMap<String, Object>();
                    about.put("group", GROUP);
                    about.put("kind", "Gateway");
                    if (!gateway.substring(0, slash).equals(name.key().namespace())) {
                        about.put("namespace", gateway.substring(0, slash));
                    }
                    about.put("name", gateway.substring(slash + 1));
                    entries.add(new Entry(about, instead(of(policy.own()), refused, "Invalid")));
                }));
        return entries(object, before, "ancestors", "ancestorRef", entries, MOST_ANCESTORS);
    }

    // Each entry where it stands: two controllers that both put theirs last would write for ever. Where we never had
    // any
    // and have none, nothing is written.
    private Optional<Map<String, Object>> entries(
            GenericKubernetesResource object,
            Map<?, ?> before,
            String list,
            String about,
            List<Entry> entries,
            int most) {
        var known = before.get(list) instanceof List<?> all ? all : List.of();
        if (entries.isEmpty() && known.stream().noneMatch(StandardStatus::isOurs)) {
            return Optional.empty();
        }
        var left = new ArrayList<>(entries);
        var next = new ArrayList<Object>();
        for (var each : known) {
            if (!isOurs(each)) {
                next.add(each);
            } else if (each instanceof Map<?, ?> old) {
                var same = left.stream()
                        .filter(entry -> entry.about().equals(old.get(about)))
                        .findFirst();
                same.ifPresent(entry -> {
                    left.remove(entry);
                    next.add(spelled(about, entry, old, object));
                });
            }
        }
        left.stream()
                .limit(Math.max(0, most - next.size()))
                .forEach(entry -> next.add(spelled(about, entry, null, object)));
        var status = copy(before);
        status.put(list, next);
        return Optional.of(status);
    }

    private Map<String, Object> spelled(
            String about, Entry entry, @Nullable Map<?, ?> old, GenericKubernetesResource object) {
        var spelled = new LinkedHashMap<String, Object>();
        spelled.put(about, entry.about());
        spelled.put("controllerName", CONTROLLER);
        spelled.put(
                "conditions",
                conditions.merged(
                        old == null ? null : old.get("conditions"),
                        entry.said(),
                        object.getMetadata().getGeneration()));
        return spelled;
    }

    private static boolean isOurs(Object entry) {
        return entry instanceof Map<?, ?> map && CONTROLLER.equals(map.get("controllerName"));
    }

    // Where the cluster has no such Service, nothing is known: what stands there stays.
    private Optional<Map<String, Object>> ingress(Map<?, ?> before, ObjectStatus.OfIngress said) {
        var known = said.services().stream()
                .flatMap(host -> addresses.of(host).stream())
                .toList();
        if (known.isEmpty()) {
            return Optional.empty();
        }
        var points = known.stream()
                .flatMap(List::stream)
                .distinct()
                .limit(MOST_ADDRESSES)
                .map(each -> Map.<String, Object>of(each.isName() ? "hostname" : "ip", each.value()))
                .toList();
        var status = copy(before);
        status.put("loadBalancer", points.isEmpty() ? Map.of() : Map.of("ingress", points));
        return Optional.of(status);
    }
}
