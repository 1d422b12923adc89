package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A host has one form: whatever letters a request or a configuration spells it in, with a port or, at a strict edge,
/// with a dot at its end, it is the same virtual host, the same rule and the same host upstream.
@Tag("V12")
@Tag("N5")
@Tag("N6")
class SpellingsOfHostsTest {

    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 20_000 : 40;
    private static final String LETTERS = "abcxyz0189-";
    private static final String STRICT = """
            apiVersion: sallyport.io/v1alpha1
            kind: Platform
            metadata: {namespace: istio-system, name: sallyport}
            edge: strict
            ---
            """;

    @Test
    void everySpellingInARequestIsOneHost() {
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var random = new Random(seed);
            var host = host(random);
            var wildcard = "*." + host;
            var usual = simulator(configuration(host, wildcard));
            var strict = simulator(STRICT + configuration(host, wildcard));
            for (var name : List.of(host, "www." + host)) {
                var plain = told(usual, name);
                assertThat(plain).as("seed %d, %s", seed, name).startsWith("up.");
                for (int n = 0; n < 5; n++) {
                    var spelled = cased(random, name) + (random.nextBoolean() ? ":" + random.nextInt(65_536) : "");
                    assertThat(told(usual, spelled))
                            .as("seed %d, %s", seed, spelled)
                            .isEqualTo(plain);
                    var dotted = spelled.contains(":") ? spelled.replace(":", ".:") : spelled + ".";
                    assertThat(told(strict, dotted))
                            .as("seed %d, %s", seed, dotted)
                            .isEqualTo(plain);
                    assertThat(asked(strict, dotted))
                            .as("seed %d, %s", seed, dotted)
                            .isEqualToIgnoringCase(name);
                }
            }
        }
    }

    @Test
    void everySpellingInAConfigurationIsOneHost() {
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var random = new Random(seed);
            var host = host(random);
            var once = resources(configuration(host, "*." + host));

            var other = resources(configuration(cased(random, host), cased(random, "*." + host)));

            assertThat(domains(once)).contains(host, "*." + host);
            assertThat(domains(other)).as("seed %d, %s", seed, host).isEqualTo(domains(once));
        }
    }

    private static String host(Random random) {
        var name = new StringBuilder("h");
        int length = 1 + random.nextInt(12);
        for (int n = 0; n < length; n++) {
            name.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return name.append("z.test").toString();
    }

    private static String cased(Random random, String text) {
        var out = new StringBuilder();
        text.chars()
                .forEach(c -> out.append(
                        (char) (random.nextBoolean() ? Character.toUpperCase(c) : Character.toLowerCase(c))));
        return out.toString();
    }

    private static EnvoyResources resources(String yaml) {
        return new Translator().translate(new Analyzer().check(Images.image(yaml)), Images.INGRESS);
    }

    private static TrafficSimulator simulator(String yaml) {
        return new TrafficSimulator(resources(yaml));
    }

    // By which host's rule a request goes where.
    private static String told(TrafficSimulator simulator, String host) {
        return simulator.answer(Request.get(8080, host, "/")) instanceof Answer.Forwarded forwarded
                ? forwarded.shares().getFirst().cluster().replaceFirst(".*\\|", "") + " by "
                        + forwarded.trail().domain() + " " + forwarded.trail().route()
                : "nowhere";
    }

    private static String asked(TrafficSimulator simulator, String host) {
        return simulator.answer(Request.get(8080, host, "/")) instanceof Answer.Forwarded forwarded
                ? forwarded.shares().getFirst().request().find(":authority").orElse("")
                : "nowhere";
    }

    private static List<String> domains(EnvoyResources resources) {
        return resources.all(ResourceType.ROUTES).values().stream()
                .map(SpellingsOfHostsTest::parsed)
                .flatMap(table -> table.getVirtualHostsList().stream())
                .flatMap(host -> host.getDomainsList().stream())
                .sorted()
                .toList();
    }

    private static RouteConfiguration parsed(EnvoyResource resource) {
        try {
            return RouteConfiguration.parseFrom(resource.bytes());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String configuration(String host, String wildcard) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["%1$s", "%2$s"]}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: one}
                spec: {hosts: ["%1$s"], gateways: [edge], http: [{route: [{destination: {host: up.example}}]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: all}
                spec: {hosts: ["%2$s"], gateways: [edge], http: [{route: [{destination: {host: up.example}}]}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: up}
                spec:
                  hosts: [up.example]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 10.0.0.1}]
                """.formatted(host, wildcard);
    }
}
