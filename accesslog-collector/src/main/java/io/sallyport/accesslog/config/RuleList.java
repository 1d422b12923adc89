package io.sallyport.accesslog.config;

import io.sallyport.model.VirtualService;
import io.sallyport.model.read.YamlReader;
import io.sallyport.proto.config.v1.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The rules that the configuration has at the moment, so that those which nothing reached can be listed too.
public final class RuleList {

    static final int MAX_OBJECTS = 20_000;

    // What rows may name beside VirtualServices. Whoever attaches an Envoy may claim others.
    private static final Set<String> ROUTING = Set.of(
            "EgressPolicy", "Gateway", "GRPCRoute", "HTTPRoute", "Service", "ServiceEntry", "TCPRoute", "TLSRoute");

    /// One rule.
    ///
    /// @param object `VirtualService shop/shop`
    /// @param rule `http[1]`
    /// @param name as its author calls it; empty: it has none
    public record Rule(String object, String namespace, String rule, String name) {}

    /// There are more objects than are read for one answer.
    public static final class TooManyException extends Exception {

        private static final long serialVersionUID = 1L;

        TooManyException() {
            super("more than " + MAX_OBJECTS + " VirtualServices (expected: ask by rule with Top)");
        }
    }

    private final ConfigurationSource source;
    private final YamlReader reader = new YamlReader();

    public RuleList(ConfigurationSource source) {
        this.source = source;
    }

    /// What the rules of rows said, then and now.
    public RuleTexts texts() {
        return new RuleTexts(source);
    }

    /// All of them, by object and in its order. A rule that only hands over to a delegate decides nothing itself.
    public List<Rule> rules() throws TooManyException {
        var resources = source.all("VirtualService", MAX_OBJECTS);
        if (resources.size() > MAX_OBJECTS) {
            throw new TooManyException();
        }
        return resources.stream().flatMap(this::rules).toList();
    }

    private Stream<Rule> rules(Resource resource) {
        var text = YamlReader.source(resource.getSourceName(), 1, 0, resource.getSourceText());
        var object = reader.readDocument(text).object();
        if (object == null || !(object.spec() instanceof VirtualService routes)) {
            return Stream.empty();
        }
        var name = object.ref().toString();
        var found = new ArrayList<Rule>();
        for (var i = 0; i < routes.http().size(); i++) {
            if (routes.http().get(i).delegate() == null) {
                found.add(new Rule(
                        name,
                        object.namespace(),
                        "http[" + i + "]",
                        routes.http().get(i).name()));
            }
        }
        for (var i = 0; i < routes.tls().size(); i++) {
            found.add(new Rule(name, object.namespace(), "tls[" + i + "]", ""));
        }
        for (var i = 0; i < routes.tcp().size(); i++) {
            found.add(new Rule(name, object.namespace(), "tcp[" + i + "]", ""));
        }
        return found.stream();
    }

    /// The objects of a kind that have no list of rules here, as rows name them: `ServiceEntry shop/catalogue`.
    /// Empty for kinds that route nothing.
    public Set<String> objects(String kind) throws TooManyException {
        if (!ROUTING.contains(kind)) {
            return Set.of();
        }
        var resources = source.all(kind, MAX_OBJECTS);
        if (resources.size() > MAX_OBJECTS) {
            throw new TooManyException();
        }
        return resources.stream()
                .map(resource -> kind + " " + resource.getRef().getNamespace() + "/"
                        + resource.getRef().getName())
                .collect(Collectors.toUnmodifiableSet());
    }

    /// The rule of a row without the match that fitted: `http[1].match[0]` is `http[1]`.
    public static String ruleOf(String path) {
        var end = path.indexOf(']');
        return end < 0 ? path : path.substring(0, end + 1);
    }
}
