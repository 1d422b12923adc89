package io.sallyport.translation.egress;

import static io.sallyport.translation.egress.EgressProxies.DOOR;
import static io.sallyport.translation.egress.EgressProxies.client;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import io.sallyport.translation.egress.Errand.Protocol;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two tenants with clients of their own and one egress gateway. Whatever EgressPolicies the one writes for
/// his clients, the proxies of the other's are given the same to the byte, and at the gateway their requests
/// go where they went.
@Tag("V15")
@Tag("M18")
class EgressTenantsTest {

    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 2_000 : 40;
    private static final List<String> CLAIMED =
            List.of("pay.example.com", "\"*.example.com\"", "straight.example.com", "mine.example.com");
    private static final List<String> PORTS = List.of(
            "{number: 80, protocol: HTTP}",
            "{number: 443, protocol: TLS}",
            "{number: 80, protocol: GRPC}",
            "{number: 80, protocol: TLS}",
            "{number: 443, protocol: HTTP}");

    private static final String PLATFORM = """
            proxies:
            - {name: istio-egressgateway, namespace: istio-system, labels: {istio: egressgateway}}
            """;
    private static final String SHARED = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                outboundTrafficPolicy: {mode: REGISTRY_ONLY}
            ---
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: a, name: pay}
            spec:
              from: [{labels: {app: cart}}]
              hosts: [pay.example.com]
              ports: [{number: 80, protocol: HTTP}, {number: 443, protocol: TLS}]
              gateway: {namespace: istio-system, name: istio-egressgateway}
            ---
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: a, name: straight}
            spec:
              hosts: [straight.example.com]
              ports: [{number: 80, protocol: HTTP}, {number: 443, protocol: TLS}]
            """;

    private static final ProxyClass CART = client("a", "cart");
    private static final ProxyClass OTHER = client("a", "other");
    private static final ProxyClass THEIRS = client("b", "cart");

    @Test
    void policiesOfOneTenantForHisClientsChangeNothingForTheOthers() {
        var before = of(Checked.of(PLATFORM, SHARED));
        assertThat(before.values().toString()).contains("ThroughGateway", "Direct", "to outbound");
        var opened = 0;
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var random = new Random(seed);
            var theirs = new ArrayList<String>();
            int count = 1 + random.nextInt(4);
            for (int n = 0; n < count; n++) {
                theirs.add(policy(random, n));
            }
            var image = Checked.of(PLATFORM, SHARED + "---\n" + String.join("---\n", theirs));

            assertThat(changed(before, of(image)))
                    .as("seed %d: %s", seed, theirs)
                    .isEmpty();
            opened += judge(image, THEIRS, new Errand("mine.example.com", 80, Protocol.HTTP)) instanceof Verdict.Blocked
                    ? 0
                    : 1;
        }
        assertThat(opened).as("policies that let his own clients out").isPositive();
    }

    // Names of what differs, which are shorter than its bytes.
    private static List<String> changed(Map<String, Object> before, Map<String, Object> after) {
        var names = new TreeSet<>(before.keySet());
        names.addAll(after.keySet());
        return names.stream()
                .filter(name -> !Objects.equals(before.get(name), after.get(name)))
                .map(name -> name + ": " + before.get(name) + ", then " + after.get(name))
                .toList();
    }

    private static String policy(Random random, int number) {
        return """
                apiVersion: sallyport.io/v1alpha1
                kind: EgressPolicy
                metadata: {namespace: b, name: n%d}
                spec:
                  hosts: [%s]
                  ports: [%s]
                %s%s%s""".formatted(
                        number,
                        one(random, CLAIMED),
                        one(random, PORTS),
                        one(random, List.of("", "  from: [{labels: {app: cart}}]\n", "  from: [{namespace: b}]\n")),
                        one(random, List.of("", "  gateway: {namespace: istio-system, name: istio-egressgateway}\n")),
                        one(random, List.of("", "  tlsOrigination: {mode: SIMPLE, sni: evil.example.com}\n")));
    }

    private static String one(Random random, List<String> words) {
        return words.get(random.nextInt(words.size()));
    }

    // What the proxies of the one tenant are given, and what the gateway does with what they send there.
    private static Map<String, Object> of(CheckedImage image) {
        var all = new TreeMap<String, Object>();
        for (var proxy : List.of(CART, OTHER)) {
            var resources = new Translator().translate(image, proxy);
            for (var type : ResourceType.values()) {
                resources
                        .all(type)
                        .forEach((name, resource) -> all.put(proxy + " " + type + " " + name, resource.bytes()));
            }
            for (var host : List.of("pay.example.com", "straight.example.com", "mine.example.com")) {
                for (var errand : List.of(new Errand(host, 80, Protocol.HTTP), new Errand(host, 443, Protocol.TLS))) {
                    all.put(proxy + " " + errand, said(judge(image, proxy, errand)));
                }
            }
        }
        var door = new Translator().translate(image, DOOR);
        var simulator = new TrafficSimulator(door);
        for (var request : List.of(
                Request.get(80, "pay.example.com", "/"),
                new Request(
                        443,
                        "pay.example.com",
                        "192.0.2.1",
                        Request.Protocol.HTTP1,
                        "GET",
                        "pay.example.com",
                        "/",
                        List.of()))) {
            var cluster = cluster(simulator.answer(request));
            all.put("at the gateway: " + request, "to " + cluster);
            all.put(
                    "the gateway's " + cluster,
                    door.find(ResourceType.CLUSTER, cluster)
                            .map(EnvoyResource::bytes)
                            .orElse(ByteString.EMPTY));
        }
        return all;
    }

    // Near misses that are told beside a verdict may name anybody's objects.
    private static String said(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Direct direct -> "Direct to " + direct.host();
            case Verdict.ThroughGateway through -> "ThroughGateway " + through.gateway();
            case Verdict.Blocked blocked -> "Blocked " + blocked.symptom();
        };
    }

    private static String cluster(Answer answer) {
        return switch (answer) {
            case Answer.Forwarded forwarded -> forwarded.shares().getFirst().cluster();
            case Answer.Tunnelled tunnelled -> tunnelled.shares().getFirst().cluster();
            default -> String.valueOf(answer);
        };
    }

    private static Verdict judge(CheckedImage image, ProxyClass client, Errand errand) {
        return new EgressJudge(image, new Translator())
                .judge(client, Door.of(client).getFirst(), errand);
    }
}
