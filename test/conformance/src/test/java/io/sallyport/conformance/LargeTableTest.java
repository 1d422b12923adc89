package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.LocalEnvoy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A route table that grows over the border of scoped routes and shrinks back: the same answers on both sides, and none
/// is lost on the way.
class LargeTableTest {

    private static final String TEMPLATE = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: exact}
            spec:
              hosts: [HOSTS]
              gateways: [edge]
              http:
              - match: [{uri: {prefix: /p}}]
                directResponse: {status: 200, body: {string: exact}}
            ---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: wild}
            spec:
              hosts: ["*.wild.test"]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: wild}}
            """;

    private final HttpClient client = new HttpClient();

    @Test
    @Tag("N3")
    @Tag("N5")
    @Tag("N6")
    void crossesTheBorderBothWaysAndLosesNoRequest(@TempDir Path scratch) throws IOException, InterruptedException {
        LocalEnvoy.path();
        try (var stack = GatewayStack.start(scratch, "")) {
            stack.become(configuration(90));
            var port = stack.port("", 80);
            try (var exact = new SteadyClient(port, "host-7.test", "/p");
                    var wild = new SteadyClient(port, "a.b.wild.test", "/")) {
                for (var hosts : new int[] {110, 120, 50, 110, 90}) {
                    stack.become(configuration(hosts));
                    exact.awaitAnswers(50);
                    wild.awaitAnswers(50);
                    assertAnswers(port, hosts);
                }
                assertThat(exact.failures()).isEmpty();
                assertThat(wild.failures()).isEmpty();
            }
        }
    }

    private static String configuration(int hosts) {
        return TEMPLATE.replace(
                "HOSTS",
                IntStream.range(0, hosts).mapToObj(i -> "host-" + i + ".test").collect(Collectors.joining(", ")));
    }

    private void assertAnswers(int port, int hosts) throws IOException {
        var last = "host-" + (hosts - 1) + ".test";
        assertThat(answer(port, last, "/p")).isEqualTo("200 exact");
        assertThat(answer(port, last.toUpperCase(java.util.Locale.ROOT) + ":81", "/p"))
                .isEqualTo("200 exact");
        assertThat(answer(port, last, "/q")).isEqualTo("404 ");
        assertThat(answer(port, "host-" + hosts + ".test", "/p")).isEqualTo("404 ");
        assertThat(answer(port, "X.Wild.test", "/")).isEqualTo("200 wild");
        assertThat(answer(port, "wild.test", "/")).isEqualTo("404 ");
    }

    private String answer(int port, String host, String path) throws IOException {
        var reply = client.send(port, HttpClient.Version.HTTP_2, new HttpClient.Call("GET", host, path, Map.of(), ""));
        return reply.status() + " " + reply.body();
    }
}
