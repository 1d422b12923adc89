package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.translation.Translator;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What cannot be served is left out, and leaves no wider door behind: no request that got nowhere gets to an upstream
/// because an object, or what it names, is broken, and requests for other objects' hosts get where they got before. On
/// the broken object's own hosts a rule that is withheld lets the next rule of the host answer, as in Istio.
@Tag("V8")
class WithholdingTest {

    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 1_000 : 8;
    private static final List<String> HOSTS =
            List.of("a.test", "b.test", "x.a.test", "*.test", "*.a.test", "*", "c.example");
    private static final List<String> ASKED = List.of("a.test", "b.test", "x.a.test", "y.test", "c.example", "d.other");
    private static final List<String> PREFIXES = List.of("/a/", "/b/", "/a/b/", "/");
    private static final List<String> PATHS = List.of("/", "/a/", "/a/b/c", "/b/x", "/other");

    /// How one rule is broken, each in a way that admission accepts.
    private enum Damage {
        DESTINATION("route: [{destination: {host: gone.test}}]"),
        SUBSET("route: [{destination: {host: OWN, subset: gone}}]"),
        WEIGHTS(
                "route: [{destination: {host: OWN}, weight: 2147483647}, {destination: {host: OWN}, weight: 2147483647},"
                        + " {destination: {host: OWN}, weight: 2147483647}]"),
        DELEGATE("delegate: {name: gone}"),
        REDIRECT("redirect: {uri: /x, redirectCode: 304}"),
        MIRROR("route: [{destination: {host: OWN}}], mirror: {host: gone.test}");

        private final String action;

        Damage(String action) {
            this.action = action;
        }
    }

    // Kept from one configuration to the next, as in a service: it is the quicker way, and the one that is served.
    private final Analyzer analyzer = new Analyzer();
    private final Translator translator = new Translator();

    private record Rule(String prefix) {}

    private record Service(int number, List<String> hosts, List<Rule> rules) {

        String upstream(int rule) {
            return "u%d-%d.test".formatted(number, rule);
        }
    }

    @Test
    void whatIsBrokenOpensNoDoorForOthers() {
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var random = new Random(seed);
            var services = services(random);
            var before = reached(text(services, -1, 0, Damage.MIRROR));
            var broken = random.nextInt(services.size());
            var rule = random.nextInt(services.get(broken).rules().size());
            for (var damage : Damage.values()) {
                var after = reached(text(services, broken, rule, damage));
                assertThat(after.keySet())
                        .as("seed %d, %s of rule %d of service %d\n%s", seed, damage, rule, broken, services)
                        .allSatisfy(request -> {
                            assertThat(before).containsKey(request);
                            if (!isFor(services.get(broken), request)) {
                                assertThat(before.getOrDefault(request, Set.of()))
                                        .as(request)
                                        .containsAll(after.getOrDefault(request, Set.of()));
                            }
                        });
            }
        }
    }

    private static boolean isFor(Service service, String request) {
        var host = request.substring(0, request.indexOf('/'));
        return service.hosts().stream().anyMatch(own -> Hosts.covers(own, host));
    }

    @Test
    void whatIsMissingOpensNoDoorForOthers() {
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var random = new Random(seed);
            var services = services(random);
            var whole = text(services, -1, 0, Damage.MIRROR);
            var before = reached(whole);
            var documents = new ArrayList<>(List.of(whole.split("---\n")));
            var entries = documents.stream()
                    .filter(one -> one.contains("ServiceEntry"))
                    .toList();
            documents.remove(entries.get(random.nextInt(entries.size())));
            var after = reached(String.join("---\n", documents));
            assertThat(after.keySet())
                    .as("seed %d", seed)
                    .allSatisfy(request -> assertThat(before.getOrDefault(request, Set.of()))
                            .as(request)
                            .containsAll(after.getOrDefault(request, Set.of())));
        }
    }

    // Which service's upstreams a request gets to.
    private Map<String, Set<String>> reached(String yaml) {
        var checked = analyzer.check(Images.image(yaml));
        var simulator = new TrafficSimulator(translator.translate(checked, Images.INGRESS));
        var reached = new TreeMap<String, Set<String>>();
        for (var host : ASKED) {
            for (var path : PATHS) {
                if (simulator.answer(Request.get(8080, host, path)) instanceof Answer.Forwarded forwarded) {
                    var owners = new TreeSet<String>();
                    forwarded.shares().stream()
                            .filter(share -> !share.endpoints().isEmpty())
                            .forEach(share -> owners.add(owner(share.cluster())));
                    reached.put(host + path, owners);
                }
            }
        }
        return reached;
    }

    private static String owner(String cluster) {
        int from = cluster.indexOf("|u") + 1;
        return cluster.substring(from, cluster.indexOf('-', from));
    }

    private static List<Service> services(Random random) {
        var services = new ArrayList<Service>();
        int count = 2 + random.nextInt(3);
        for (int n = 0; n < count; n++) {
            var hosts = List.of(HOSTS.get(random.nextInt(HOSTS.size())));
            var rules = new ArrayList<Rule>();
            for (int r = random.nextInt(3); r >= 0; r--) {
                rules.add(new Rule(PREFIXES.get(random.nextInt(PREFIXES.size()))));
            }
            services.add(new Service(n, hosts, List.copyOf(rules)));
        }
        return services;
    }

    private static String text(List<Service> services, int broken, int brokenRule, Damage damage) {
        var text = new StringBuilder("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: istio-system, name: edge}
                spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
                """);
        for (var service : services) {
            var rules = new ArrayList<String>();
            for (int r = 0; r < service.rules().size(); r++) {
                var own = service.upstream(r);
                var action = service.number() == broken && r == brokenRule
                        ? damage.action.replace("OWN", own)
                        : "route: [{destination: {host: %s}}]".formatted(own);
                rules.add("{match: [{uri: {prefix: %s}}], %s}"
                        .formatted(service.rules().get(r).prefix(), action));
                text.append("""
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: ServiceEntry
                        metadata: {namespace: istio-system, name: e%1$d-%2$d}
                        spec: {hosts: [%3$s], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 10.0.%1$d.%2$d}]}
                        """.formatted(service.number(), r, own));
            }
            text.append(
                    """
                    ---
                    apiVersion: networking.istio.io/v1
                    kind: VirtualService
                    metadata: {namespace: istio-system, name: s%d}
                    spec: {hosts: ["%s"], gateways: [edge], http: [%s]}
                    """.formatted(service.number(), String.join("\", \"", service.hosts()), String.join(", ", rules)));
        }
        return text.toString();
    }
}
