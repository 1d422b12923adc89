package io.sallyport.benchmark;

import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.GatewayStack;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// `bench edits`: how long an edit takes from the API to the first right answer of a real Envoy, while a client of
/// another route never stops.
final class EditBenchmark {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int EDITS = 200;

    private final Results results;
    private final Path scratch;
    private final int edits;

    EditBenchmark(Results results, Path scratch, int divisor) {
        this.results = results;
        this.scratch = scratch;
        this.edits = Math.max(4, EDITS / divisor);
    }

    void run() throws IOException, InterruptedException {
        try (var stack = GatewayStack.start(scratch, "");
                var client = new HttpClient();
                var first = new EchoServer("first");
                var second = new EchoServer("second")) {
            stack.become(configuration("first", first, second));
            var live = new Figures();
            var right = new Figures();
            try (var never = new SteadyClient(stack.port("", 80), "steady.test", "/")) {
                never.awaitAnswers(20);
                for (var n = 0; n < edits; n++) {
                    var backend = n % 2 == 0 ? "second" : "first";
                    var begin = System.nanoTime();
                    var changed = Thread.ofVirtual().start(() -> live.add(become(stack, backend, first, second)));
                    awaitAnswer(client, stack.port("", 80), backend);
                    right.add(Duration.ofNanos(System.nanoTime() - begin));
                    changed.join();
                }
                if (!never.failures().isEmpty()) {
                    throw new IOException("dropped: " + never.failures());
                }
            }
            results.row(
                    "a route gets another backend: from the API to the first right answer", right.toString(), "1 s");
            results.row("the same, until it is called live", live.toString(), "1 s");
            results.row("requests of another route that failed meanwhile", "0", "0");
        }
    }

    private static Duration become(GatewayStack stack, String backend, EchoServer first, EchoServer second) {
        return stack.become(configuration(backend, first, second));
    }

    private static void awaitAnswer(HttpClient client, int port, String backend) throws IOException {
        var end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            var reply = client.send(
                    port, HttpClient.Version.HTTP_1_1, new HttpClient.Call("GET", "moving.test", "/", Map.of(), ""));
            if (reply.backend().orElse("").equals(backend)) {
                return;
            }
            LockSupport.parkNanos(1_000_000);
        }
        throw new IOException("not " + backend + " within " + LIMIT);
    }

    private static String configuration(String backend, EchoServer first, EchoServer second) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  selector: {istio: ingressgateway}
                  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
                ---
                """
                + routes("moving", backend)
                + routes("steady", "first")
                + entry("first", first.port())
                + entry("second", second.port());
    }

    private static String routes(String name, String backend) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: %1$s}
                spec: {hosts: [%1$s.test], gateways: [edge], http: [{route: [{destination: {host: %2$s.example}}]}]}
                ---
                """.formatted(name, backend);
    }

    private static String entry(String name, int port) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: %1$s}
                spec:
                  hosts: [%1$s.example]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: %2$d}}]
                ---
                """.formatted(name, port);
    }
}
