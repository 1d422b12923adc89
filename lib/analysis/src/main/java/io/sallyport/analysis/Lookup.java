package io.sallyport.analysis;

import com.google.common.collect.ImmutableMap;
import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.analysis.gatewayapi.ObjectStatus;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Platform;
import io.sallyport.model.Secret;
import io.sallyport.model.SecretGrant;
import io.sallyport.model.Service;
import io.sallyport.model.VirtualService;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// How a rule asks about other objects. What was asked is remembered for the object that is judged: when an
/// answer may have changed, that object is judged again, and no other.
public final class Lookup {

    /// Nobody reads more neighbours than these in a message.
    private static final int MOST = 64;

    private static final int NEAREST = 500;

    private static final Index.Key ANY_HOST = new Index.Key(Topic.ANY_HOST, "");
    private static final Index.Key ANY_GATEWAY = new Index.Key(Topic.ANY_GATEWAY, "");
    private static final Index.Key ANY_SECRET = new Index.Key(Topic.ANY_SECRET, "");
    static final Index.Key ANY_DELEGATE = new Index.Key(Topic.ANY_DELEGATE, "");

    /// Whether anything stands under a key is asked under a key of its own: the answer changes with the first and the
    /// last of them only.
    static final Map<Index.Key, Index.Key> PRESENCE = ImmutableMap.of(
            ANY_HOST, new Index.Key(Topic.REGISTRY, ""),
            ANY_DELEGATE, new Index.Key(Topic.DELEGATES, ""),
            ANY_GATEWAY, new Index.Key(Topic.GATEWAYS, ""),
            ANY_SECRET, new Index.Key(Topic.SECRETS, ""));

    private final Index index;
    private final Optional<Instant> now;
    private final Optional<Instant> moment;
    private final GatewayApi gatewayApi;
    private final Set<Index.Key> asked = new LinkedHashSet<>();

    Lookup(Index index, Optional<Instant> now, Optional<Instant> moment, GatewayApi gatewayApi) {
        this.gatewayApi = gatewayApi;
        this.index = index;
        this.now = now;
        this.moment = moment;
    }

    Set<Index.Key> asked() {
        return asked;
    }

    /// What the status of an object of the Gateway API, or of an Ingress, is to say. When that changes, the
    /// object is judged again.
    public Optional<ObjectStatus> status(ObjectRef ref) {
        return gatewayApi.status(ref);
    }

    /// The Gateway of this name: `shop/edge`.
    public Optional<ConfigObject<Gateway>> gateway(String qualifiedName) {
        return find(Topic.GATEWAY, qualifiedName).stream()
                .findFirst()
                .map(object -> ConfigImage.cast(object, Gateway.class));
    }

    /// The declared Gateway that was meant, if one is near.
    public Optional<String> nearestGateway(String qualifiedName) {
        return Hosts.nearest(
                qualifiedName,
                all(ANY_GATEWAY).map(object -> object.ref().qualifiedName()).toList());
    }

    public boolean hasGateways() {
        return isPresent(ANY_GATEWAY);
    }

    /// The VirtualService of this name, for delegates.
    public Optional<ConfigObject<VirtualService>> virtualService(String qualifiedName) {
        return find(Topic.VIRTUAL_SERVICE, qualifiedName).stream()
                .findFirst()
                .map(object -> ConfigImage.cast(object, VirtualService.class));
    }

    /// Services and ServiceEntries that answer for a full host name, exactly or by a wildcard; the exact ones
    /// first.
    public List<ConfigObject<?>> providers(String host) {
        return byHost(Topic.HOST, host);
    }

    /// DestinationRules whose host is this one or covers it.
    public List<ConfigObject<?>> rules(String host) {
        return byHost(Topic.RULE_HOST, host);
    }

    /// Host names that something provides and that resemble this one.
    public Optional<String> nearestHost(String host) {
        var names = new TreeSet<String>();
        all(ANY_HOST).forEach(object -> names.addAll(Publication.hosts(object)));
        return Hosts.nearest(host, List.copyOf(names));
    }

    /// The oldest Gateways with a server of this kind at a door.
    public List<ConfigObject<Gateway>> listening(String door, Bindings.Listening listening) {
        return find(Topic.SERVER_PORT, door + "|" + listening).stream()
                .map(object -> ConfigImage.cast(object, Gateway.class))
                .toList();
    }

    /// The oldest Gateways with a TLS server for this host at a door.
    public List<ConfigObject<Gateway>> answering(String door, String host) {
        return find(Topic.SERVER_HOST, door + "|" + host).stream()
                .map(object -> ConfigImage.cast(object, Gateway.class))
                .toList();
    }

    /// The oldest VirtualServices for a host on a gateway, or on `mesh`.
    public List<ConfigObject<VirtualService>> bound(String gateway, String fullHost) {
        return find(Topic.BOUND_HOST, gateway + "|" + fullHost).stream()
                .map(object -> ConfigImage.cast(object, VirtualService.class))
                .toList();
    }

    /// Whether anything here declares services. If not, nothing is known about destinations.
    public boolean hasProviders() {
        return isPresent(ANY_HOST);
    }

    /// Whether any VirtualService here is a delegate. If not, a file is checked without them.
    public boolean hasDelegates() {
        return isPresent(ANY_DELEGATE);
    }

    /// Objects that declare exactly this host, the oldest first.
    public List<ConfigObject<?>> declaring(String fullHost) {
        return find(Topic.HOST, fullHost);
    }

    /// DestinationRules for exactly this host, the oldest first.
    public List<ConfigObject<?>> rulesFor(String fullHost) {
        return find(Topic.RULE_HOST, fullHost);
    }

    /// The Secret of this name: `istio-system/shop-cert`.
    public Optional<ConfigObject<Secret>> secret(String qualifiedName) {
        return find(Topic.SECRET_AT, qualifiedName).stream()
                .findFirst()
                .map(object -> ConfigImage.cast(object, Secret.class));
    }

    /// Whether Secrets are among the objects. They are where files are checked, and never where objects are served.
    public boolean hasSecrets() {
        return isPresent(ANY_SECRET);
    }

    /// Services that select every workload with these labels, and some more perhaps.
    public List<ConfigObject<?>> selectors(Map<String, String> labels) {
        var found = new LinkedHashSet<ConfigObject<?>>();
        labels.forEach((name, value) -> found.addAll(find(Topic.SELECTED_LABEL, name + "=" + value)));
        return found.stream()
                .filter(object -> object.spec() instanceof Service service
                        && labels.entrySet().containsAll(service.selector().entrySet()))
                .toList();
    }

    /// Services that select some workloads with these labels, as far as selectors tell: they name one of the labels,
    /// and
    /// none with another value.
    public List<ConfigObject<?>> possibleSelectors(Map<String, String> labels) {
        var found = new LinkedHashSet<ConfigObject<?>>();
        labels.forEach((name, value) -> found.addAll(find(Topic.SELECTED_LABEL, name + "=" + value)));
        return found.stream()
                .filter(object -> object.spec() instanceof Service service
                        && labels.entrySet().stream()
                                .allMatch(label -> label.getValue()
                                        .equals(service.selector().getOrDefault(label.getKey(), label.getValue()))))
                .toList();
    }

    /// The EndpointSlices of a Service.
    public List<ConfigObject<?>> slices(ConfigObject<?> service) {
        return find(Topic.SLICE, service.ref().qualifiedName());
    }

    /// Whoever says how tokens are checked.
    public List<ConfigObject<?>> authentications() {
        return find(Topic.AUTHENTICATION, "");
    }

    /// The oldest ServiceEntries with this TCP port and no address.
    public List<ConfigObject<?>> onTcpPort(int port) {
        return find(Topic.TCP_PORT, Integer.toString(port));
    }

    /// Objects of one kind, the oldest first, that select the same workloads of a namespace: see [Selection].
    public List<ConfigObject<?>> selecting(String selection) {
        return find(Topic.SELECTION, selection);
    }

    /// The moment for which dates are judged, where somebody asks for one: `check` does, a server does not.
    public Optional<Instant> now() {
        return now;
    }

    /// The moment for which EgressPolicies are judged: they are looked at again when one of them comes nearer
    /// its end.
    public Optional<Instant> moment() {
        return moment;
    }

    /// Objects with the name of one that an EgressPolicy stands for: that one itself, or what somebody wrote.
    public List<ConfigObject<?>> inPlaceOf(ObjectRef expanded) {
        return find(Topic.EXPANDED, expanded.toString());
    }

    private List<ConfigObject<?>> find(Topic topic, String name) {
        var key = new Index.Key(topic, name);
        asked.add(key);
        return index.find(key, most(topic));
    }

    private boolean isPresent(Index.Key any) {
        asked.add(Objects.requireNonNull(PRESENCE.get(any)));
        return !index.isEmpty(any);
    }

    /// How many of those under a key an answer speaks of at most.
    static int most(Topic topic) {
        return topic == Topic.ANY_HOST || topic == Topic.ANY_GATEWAY ? NEAREST : MOST;
    }

    /// What a namespace lends.
    public List<ConfigObject<SecretGrant>> grants(String lender) {
        return find(Topic.GRANT, lender).stream()
                .map(object -> ConfigImage.cast(object, SecretGrant.class))
                .toList();
    }

    /// Secrets of a name, in whatever namespaces.
    public List<ConfigObject<?>> secrets(String name) {
        return find(Topic.SECRET, name);
    }

    /// The mesh settings that hold: those of `sallyport.yaml`, else those of the ConfigMap.
    public Optional<MeshConfig> meshConfig() {
        return find(Topic.PLATFORM, "").stream()
                .sorted(Comparator.comparing(object -> object.ref().kind() != Kind.PLATFORM))
                .flatMap(object -> Optional.ofNullable(mesh(object)).stream())
                .findFirst();
    }

    private static @Nullable MeshConfig mesh(ConfigObject<?> object) {
        return switch (object.spec()) {
            case Platform platform -> platform.mesh();
            case ConfigMap map -> map.mesh();
            default -> null;
        };
    }

    /// The file that describes this machine's proxies.
    public Optional<ConfigObject<?>> platform() {
        return find(Topic.PLATFORM, "").stream()
                .filter(object -> object.ref().kind() == Kind.PLATFORM)
                .findFirst();
    }

    private Stream<ConfigObject<?>> all(Index.Key key) {
        asked.add(key);
        return index.find(key, most(key.topic())).stream();
    }

    private List<ConfigObject<?>> byHost(Topic topic, String host) {
        var found = new ArrayList<>(find(topic, host));
        for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
            found.addAll(find(topic, "*" + host.substring(dot)));
        }
        return found;
    }
}
