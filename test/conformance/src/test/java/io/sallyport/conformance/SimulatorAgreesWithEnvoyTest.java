package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.Reply;
import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.HeaderLines;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import io.sallyport.translation.simulate.Trail;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The simulator says what a real Envoy does, over configurations and requests made by chance: the same status, rule,
/// cluster, location, and the same path and host at the backend.
class SimulatorAgreesWithEnvoyTest {

    private static final int COMPARED = Boolean.getBoolean("sallyport.nightly") ? 100_000 : 10_000;
    private static final int REQUESTS = 400;
    private static final int MAX_SEEDS = 1_000;

    private final ChanceConfiguration chance = new ChanceConfiguration();

    @Test
    void onEveryRequest(@TempDir Path directory) throws IOException {
        var envoy = LocalEnvoy.path();
        try (var backend = new EchoServer("backend");
                var client = new HttpClient()) {
            int compared = 0;
            for (int seed = 0; compared < COMPARED && seed < MAX_SEEDS; seed++) {
                var resources = new TracedResources(chance.resources(seed), backend.port()).build();
                var ports = new LinkedHashMap<Integer, Integer>();
                var file = directory.resolve(seed + ".pb");
                Files.write(file, bootstrap(resources, ports).toByteArray());
                var command =
                        List.of(envoy.toString(), "-c", file.toString(), "--concurrency", "1", "--use-dynamic-base-id");
                try (var _ = ChildProcess.start(line -> line.contains("starting main dispatch loop"), command)) {
                    compared += compare(seed, resources, ports, client, backend);
                }
            }
            assertThat(compared).isGreaterThanOrEqualTo(COMPARED);
        }
    }

    // Each listener on a port that is free, which is remembered by the port that it would bind.
    private static Bootstrap bootstrap(EnvoyResources resources, Map<Integer, Integer> ports) throws IOException {
        var bootstrap = new StaticBootstrap(resources).build().toBuilder();
        var listeners = bootstrap.getStaticResourcesBuilder().getListenersBuilderList();
        var free = FreePorts.take(Math.max(1, listeners.size()));
        for (int i = 0; i < listeners.size(); i++) {
            var address = listeners.get(i).getAddressBuilder().getSocketAddressBuilder();
            if (address.getAddress().equals("127.0.0.1")) {
                ports.put(address.getPortValue(), free.get(i));
            }
            address.setAddress("127.0.0.1").setPortValue(free.get(i));
        }
        return bootstrap.build();
    }

    // Answers how many requests were compared.
    private static int compare(
            int seed, EnvoyResources resources, Map<Integer, Integer> ports, HttpClient client, EchoServer backend)
            throws IOException {
        var simulator = new TrafficSimulator(resources);
        var random = new SplittableRandom(seed);
        var requests = requests(resources, random);
        var bound = List.copyOf(ports.keySet());
        int compared = 0;
        for (int i = 0; i < REQUESTS && !bound.isEmpty(); i++) {
            var port = bound.get(random.nextInt(bound.size()));
            var call = requests.next();
            var version = random.nextBoolean() ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2;
            var answer = simulator.answer(request(port, version, call));
            if (answer instanceof Answer.Tunnelled || answer instanceof Answer.Closed) {
                continue;
            }
            backend.reset();
            var reply = client.send(ports.getOrDefault(port, port), version, call);
            var claim = "seed " + seed + ", " + version + ", port " + port + ", " + call + " got " + reply + " and not "
                    + answer;
            compare(claim, answer, reply, backend);
            compared++;
        }
        return compared;
    }

    private static ChanceRequests requests(EnvoyResources resources, SplittableRandom random)
            throws InvalidProtocolBufferException {
        return new ChanceRequests(resources, random);
    }

    private static Request request(int port, HttpClient.Version version, HttpClient.Call call) {
        var lines = new ArrayList<HeaderLines.Line>();
        call.headers().forEach((name, value) -> lines.add(new HeaderLines.Line(name, value)));
        var protocol = switch (version) {
            case HTTP_1_1 -> Request.Protocol.HTTP1;
            case HTTP_2 -> Request.Protocol.HTTP2;
        };
        return new Request(port, "", "127.0.0.1", protocol, call.method(), call.host(), call.path(), lines);
    }

    private static void compare(String claim, Answer answer, Reply reply, EchoServer backend) {
        switch (answer) {
            case Answer.Replied replied -> {
                assertThat(reply.status()).as(claim).isEqualTo(replied.status());
                assertThat(reply.headers().first("location").orElse(""))
                        .as(claim)
                        .isEqualTo(replied.headers().find("location").orElse(""));
                if (replied.trail().route().index() >= 0) {
                    assertThat(reply.headers().first(TracedResources.RULE))
                            .as(claim)
                            .hasValue(rule(replied.trail()));
                }
            }
            case Answer.Forwarded forwarded -> {
                var cluster = reply.headers().first(TracedResources.CLUSTER).orElse("");
                assertThat(reply.headers().first(TracedResources.RULE))
                        .as(claim)
                        .hasValue(rule(forwarded.trail()));
                var share = forwarded.shares().stream()
                        .filter(each -> each.cluster().equals(cluster)
                                || (cluster.isEmpty() && each.state().equals("NC")))
                        .findFirst();
                assertThat(share).as(claim + " took " + cluster).isPresent();
                var state = share.orElseThrow().state();
                assertThat(reply.status()).as(claim).isEqualTo(state.isEmpty() ? 200 : 503);
                if (state.isEmpty()) {
                    var seen = backend.seen().getFirst();
                    assertThat(seen.path())
                            .as(claim)
                            .isEqualTo(
                                    share.orElseThrow().request().find(":path").orElse(""));
                    share.orElseThrow().request().lines().stream()
                            .filter(line -> line.name().matches("x-(set|add|gone|extra|a|env)"))
                            .forEach(line -> assertThat(seen.headers().first(line.name()))
                                    .as(claim + " saw " + seen)
                                    .isEqualTo(share.orElseThrow().request().find(line.name())));
                    assertThat(seen.host())
                            .as(claim)
                            .isEqualTo(share.orElseThrow()
                                    .request()
                                    .find(":authority")
                                    .orElse(""));
                }
            }
            case Answer.Refused _, Answer.Closed _, Answer.Tunnelled _ -> throw new AssertionError(claim);
        }
    }

    private static String rule(Trail trail) {
        return trail.route().object() + " " + trail.route().rule();
    }
}
