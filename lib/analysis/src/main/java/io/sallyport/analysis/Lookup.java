package io.sallyport.analysis;

import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// How a rule asks about other objects. What was asked is remembered for the object that is judged: when an answer may
/// have changed, that object is judged again, and no other.
public final class Lookup {

    /// Nobody reads more neighbours than these in a message.
    private static final int MOST = 64;

    private final Index index;
    private final Set<Index.Key> asked = new LinkedHashSet<>();

    Lookup(Index index) {
        this.index = index;
    }

    Set<Index.Key> asked() {
        return asked;
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
                all(Topic.ANY_GATEWAY)
                        .map(object -> object.ref().qualifiedName())
                        .toList());
    }

    public boolean hasGateways() {
        return count(Topic.ANY_GATEWAY, "") > 0;
    }

    /// The VirtualService of this name, for delegates.
    public Optional<ConfigObject<VirtualService>> virtualService(String qualifiedName) {
        return find(Topic.VIRTUAL_SERVICE, qualifiedName).stream()
                .findFirst()
                .map(object -> ConfigImage.cast(object, VirtualService.class));
    }

    /// Services and ServiceEntries that answer for a full host name, exactly or by a wildcard; the exact ones first.
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
        all(Topic.ANY_HOST).forEach(object -> names.addAll(Publication.hosts(object)));
        return Hosts.nearest(host, List.copyOf(names));
    }

    /// The oldest objects under a key of another topic.
    List<ConfigObject<?>> find(Topic topic, String name) {
        var key = new Index.Key(topic, name);
        asked.add(key);
        return index.find(key, MOST);
    }

    int count(Topic topic, String name) {
        var key = new Index.Key(topic, name);
        asked.add(key);
        return index.count(key);
    }

    /// The file that describes this machine's proxies.
    public Optional<ConfigObject<?>> platform() {
        return find(Topic.PLATFORM, "").stream()
                .filter(object -> object.ref().kind() == Kind.PLATFORM)
                .findFirst();
    }

    private Stream<ConfigObject<?>> all(Topic topic) {
        var key = new Index.Key(topic, "");
        asked.add(key);
        return index.find(key, 10_000).stream();
    }

    private List<ConfigObject<?>> byHost(Topic topic, String host) {
        var found = new ArrayList<>(find(topic, host));
        for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
            found.addAll(find(topic, "*" + host.substring(dot)));
        }
        return found;
    }
}
