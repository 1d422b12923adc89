package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.CheckedImage;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Finding;
import io.sallyport.model.read.YamlReader;
import io.sallyport.testkit.cases.Case;
import io.sallyport.testkit.cases.Step;
import io.sallyport.testkit.tls.Handshake;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.HeaderLines;
import io.sallyport.translation.simulate.Hello;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// The simulation tier of the cases: where would this request go, by what Envoy is given? Needs no Envoy.
class SimulatedCasesTest {

    // Where the simulated client proxies take requests for any host.
    private static final int DOOR = 15_002;

    @TestFactory
    Stream<DynamicTest> theSimulatorAgrees() throws IOException {
        return Case.below(Path.of("src/test/resources/cases")).stream()
                .filter(example -> example.name().matches(".*(" + System.getProperty("sallyport.case", "") + ").*"))
                .map(example -> DynamicTest.dynamicTest(
                        example.name().replace('-', ' ') + " " + example.tags(), () -> run(example)));
    }

    private static void run(Case example) {
        if (example.proxies().contains("kind: sidecar") && example.proxies().contains("egressgateway")) {
            // One proxy's way leads into another's: the conformance tier's.
            return;
        }
        var image = checked(example);
        var translator = new Translator();
        var simulators = new LinkedHashMap<String, TrafficSimulator>();
        for (var proxy : proxies(example)) {
            simulators.put(proxy.name(), new TrafficSimulator(translator.translate(image, proxy)));
        }
        for (var step : example.steps()) {
            var simulator = simulator(simulators, step.gateway());
            switch (step) {
                case Step.Send send -> {
                    // What is inside a tunnel is for the conformance tier.
                    if (!send.isProxied() || send.tls() == null) {
                        send.versions()
                                .forEach(version -> compare(example, send, simulator.answer(request(send, version))));
                    }
                }
                case Step.Connect connect ->
                    compare(example, connect, simulator.connect(connect.port(), hello(connect.tls(), List.of())));
            }
        }
    }

    private static TrafficSimulator simulator(Map<String, TrafficSimulator> simulators, String gateway) {
        var simulator = gateway.isEmpty() ? simulators.values().iterator().next() : simulators.get(gateway);
        if (simulator == null) {
            throw new IllegalArgumentException("gateway \"%s\" (expected: one of %s)".formatted(gateway, simulators));
        }
        return simulator;
    }

    private static CheckedImage checked(Case example) {
        var analyzer = new Analyzer();
        var read = new YamlReader().read("in.yaml", example.configuration().getBytes(StandardCharsets.UTF_8));
        assertThat(read.findings().stream().filter(Finding::isError))
                .as("findings")
                .isEmpty();
        var objects = new ArrayList<ConfigObject<?>>();
        read.objects().forEach(object -> {
            assertThat(analyzer.inspect(object).stream().filter(Finding::isRefusal))
                    .as("refusals of " + object.ref())
                    .isEmpty();
            var created = object.metadata().creationTimestamp();
            var accepted = created == null ? Instant.parse("2026-01-01T00:00:00Z") : created;
            objects.add(object.withAge(new Age(accepted, 1, "in.yaml", objects.size())));
        });
        return analyzer.check(ConfigImage.EMPTY.with(1, objects, List.of()));
    }

    private static List<ProxyClass> proxies(Case example) {
        if (example.proxies().isEmpty()) {
            return List.of(proxy("istio-ingressgateway", "istio-system", Map.of("istio", "ingressgateway")));
        }
        var entries = (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(example.proxies());
        var proxies = new ArrayList<ProxyClass>();
        for (var entry : (List<?>) entries.values().iterator().next()) {
            var fields = (Map<?, ?>) entry;
            var labels = new TreeMap<String, String>();
            if (fields.get("labels") instanceof Map<?, ?> given) {
                given.forEach((key, value) -> labels.put(String.valueOf(key), String.valueOf(value)));
            }
            var name = String.valueOf(fields.get("name"));
            var namespace = String.valueOf(fields.get("namespace"));
            proxies.add(
                    "sidecar".equals(fields.get("kind"))
                            ? client(name, namespace, labels)
                            : proxy(name, namespace, labels));
        }
        return proxies;
    }

    private static ProxyClass proxy(String name, String namespace, Map<String, String> labels) {
        return new ProxyClass(
                ProxyClass.Role.ROUTER, namespace, name, new TreeMap<>(labels), new TreeMap<>(), "127.0.0.1", true);
    }

    private static ProxyClass client(String name, String namespace, Map<String, String> labels) {
        var listen = new TreeMap<>(Map.of("http-proxy", DOOR));
        for (int port : new int[] {80, 443, 8081, 9090, 31400, 31401, 31402}) {
            listen.put(Integer.toString(port), port);
        }
        return new ProxyClass(
                ProxyClass.Role.SIDECAR, namespace, name, new TreeMap<>(labels), listen, "127.0.0.1", true);
    }

    private static Request request(Step.Send send, io.sallyport.testkit.net.HttpClient.Version version) {
        var call = send.call();
        var lines = new ArrayList<HeaderLines.Line>();
        call.headers().forEach((name, value) -> lines.add(new HeaderLines.Line(name, value)));
        var protocol = switch (version) {
            case HTTP_1_1 -> Request.Protocol.HTTP1;
            case HTTP_2 -> Request.Protocol.HTTP2;
        };
        var offered = version == io.sallyport.testkit.net.HttpClient.Version.HTTP_2
                ? List.of("h2", "http/1.1")
                : List.of("http/1.1");
        var hello = hello(send.tls(), offered);
        var host = send.isProxied() && send.port() != 80 ? call.host() + ":" + send.port() : call.host();
        int port = send.isProxied() ? DOOR : send.port();
        return new Request(port, hello, "192.0.2.1", protocol, call.method(), host, call.path(), lines);
    }

    private static Hello hello(@Nullable Handshake handshake, List<String> protocols) {
        return handshake == null
                ? new Hello.Plain()
                : new Hello.Tls(
                        handshake.serverName(), protocols, !handshake.client().isEmpty());
    }

    // What a handshake that fails looks like by the configuration alone: certificates are not in it.
    private static void compare(Handshake.Failure failure, Step.Send send, Answer answer) {
        var claim = send.call() + ": " + answer;
        switch (failure) {
            case REFUSED -> assertThat(answer).as(claim).isInstanceOf(Answer.Refused.class);
            case CLOSED ->
                assertThat(answer instanceof Answer.Closed || leadsNowhere(answer))
                        .as(claim)
                        .isTrue();
            // At a port of bytes the client's proxy can only close.
            case BLOCKED -> assertThat(answer).as(claim).isInstanceOf(Answer.Closed.class);
            case NO_SECRET, UNTRUSTED, WRONG_NAME, NO_VERSION ->
                assertThat(answer).as(claim).isNotInstanceOfAny(Answer.Refused.class, Answer.Closed.class);
            case CLIENT_REFUSED -> {
                if (send.tls() != null && send.tls().client().isEmpty()) {
                    assertThat(answer).as(claim).isInstanceOf(Answer.Closed.class);
                }
            }
        }
    }

    // A client cannot tell a connection that ends at once from one that nobody took.
    private static boolean leadsNowhere(Answer answer) {
        return answer instanceof Answer.Tunnelled tunnelled
                && (tunnelled.shares().stream().noneMatch(share -> share.state().isEmpty())
                        || tunnelled.shares().stream().allMatch(SimulatedCasesTest::isLookedUp));
    }

    private static boolean isLookedUp(Answer.Share share) {
        return share.state().isEmpty()
                && (share.endpoints().isEmpty() || share.cluster().contains("|*."));
    }

    private static void compare(Case example, Step.Connect connect, Answer answer) {
        var outcome = switch (answer) {
            case Answer.Refused _ -> "refused";
            case Answer.Closed _ -> "closed";
            case Answer.Tunnelled tunnelled
            when tunnelled.shares().stream().noneMatch(share -> share.state().isEmpty()) -> "closed";
            case Answer.Tunnelled tunnelled ->
                backendsOf(example.lines(), tunnelled.shares()).toString();
            case Answer.Replied _, Answer.Forwarded _ -> "http";
        };
        var expected = switch (connect.expected()) {
            case "client-refused" -> "closed";
            case String name
            when example.lines().containsKey(name) -> List.of(name).toString();
            case String other -> other;
        };
        assertThat(outcome).as("port %d: %s", connect.port(), answer).isEqualTo(expected);
    }

    private static void compare(Case example, Step.Send send, Answer answer) {
        var claim = send.call() + ": " + answer;
        if (send.tls() != null && send.tls().failure() != null) {
            compare(send.tls().failure(), send, answer);
            return;
        }
        switch (answer) {
            case Answer.Tunnelled tunnelled ->
                assertThat(backendsOf(example.backends(), tunnelled.shares()))
                        .as(claim)
                        .contains(send.answer().backend());
            case Answer.Replied replied -> {
                assertThat(replied.status()).as(claim).isEqualTo(send.answer().status());
                assertThat(send.answer().backend()).as(claim).isEmpty();
                send.answer()
                        .headers()
                        .forEach((name, value) -> replied.headers()
                                .find(name)
                                .ifPresent(found -> assertThat(found)
                                        .as(claim + " response header " + name)
                                        .isEqualTo(value)));
                if (send.answer().body() != null) {
                    assertThat(replied.body()).as(claim).isEqualTo(send.answer().body());
                }
            }
            case Answer.Forwarded forwarded -> compare(example, send, forwarded, claim);
            case Answer.Refused _, Answer.Closed _ ->
                assertThat(claim).as("an HTTP answer").isEmpty();
        }
    }

    private static void compare(Case example, Step.Send send, Answer.Forwarded forwarded, String claim) {
        var chosen =
                forwarded.shares().stream().filter(share -> share.weight() > 0).toList();
        if (chosen.stream().allMatch(SimulatedCasesTest::isLookedUp)) {
            // What a name leads to is the resolver's to say, and whether that is let through.
            return;
        }
        // What only time or a backend decides (a timeout, a failure, a handshake) is the conformance tier's to see.
        if (send.answer().backend().isEmpty() && send.answer().shares().isEmpty()) {
            assertThat(send.call().path().contains("delay=")
                            || backendsOf(example.backends(), chosen).stream().anyMatch(example.secure()::containsKey)
                            || !chosen.getFirst().state().isEmpty())
                    .as(claim)
                    .isTrue();
            return;
        }
        var expected = send.answer().shares().isEmpty()
                ? List.of(send.answer().backend())
                : send.answer().shares().entrySet().stream()
                        .filter(entry -> entry.getValue().most() > 0)
                        .map(Map.Entry::getKey)
                        .toList();
        assertThat(backendsOf(example.backends(), chosen)).as(claim).containsAll(expected);
        if (send.upstream() != null) {
            var request = chosen.getFirst().request();
            if (send.upstream().path() != null) {
                assertThat(request.find(":path"))
                        .as(claim)
                        .hasValue(send.upstream().path());
            }
            if (send.upstream().host() != null) {
                assertThat(request.find(":authority"))
                        .as(claim)
                        .hasValue(send.upstream().host());
            }
            send.upstream()
                    .without()
                    .forEach(name -> assertThat(request.find(name)).as(claim).isEmpty());
        }
    }

    private static List<String> backendsOf(Map<String, Integer> ports, List<Answer.Share> shares) {
        var endpoints =
                shares.stream().flatMap(share -> share.endpoints().stream()).collect(Collectors.toSet());
        return ports.entrySet().stream()
                .filter(entry -> endpoints.stream().anyMatch(endpoint -> endpoint.endsWith(":" + entry.getValue())))
                .map(Map.Entry::getKey)
                .toList();
    }
}
