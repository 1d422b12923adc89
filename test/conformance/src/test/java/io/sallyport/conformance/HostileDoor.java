package io.sallyport.conformance;

import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.stack.GatewayStack;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A gateway that meets hostile requests: `/admin` of `a.test` answers 403, all else of it goes to an
/// upstream that keeps the bytes. Nothing else is served.
final class HostileDoor implements AutoCloseable {

    private static final String LOG =
            "mesh: {accessLogFile: /dev/stdout, accessLogFormat: \"asked %REQ(X-CASE)% by %ROUTE_NAME% got %RESPONSE_CODE%\"}\n";

    private final RecordingUpstream upstream = new RecordingUpstream();
    private final EchoServer second = new EchoServer("second");
    private final String configuration;
    private final GatewayStack stack;
    private final PrintedRows rows;

    private HostileDoor(Path scratch, String settings) throws IOException {
        rows = new PrintedRows(scratch.resolve("data"), "istio-system", "istio-ingressgateway");
        stack = GatewayStack.start(scratch, LOG + settings + """
                proxies:
                - {name: istio-ingressgateway, namespace: istio-system, labels: {istio: ingressgateway}}
                """);
        configuration = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: edge}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [a.test, c.test]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: a}
                spec:
                  hosts: [a.test]
                  gateways: [edge]
                  http:
                  - {name: denied, match: [{uri: {prefix: /admin}}], directResponse: {status: 403}}
                  - {name: rest, route: [{destination: {host: up.example, port: {number: 80}}}], retries: {attempts: 0}}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: c}
                spec:
                  hosts: [c.test]
                  gateways: [edge]
                  http: [{route: [{destination: {host: second.example, port: {number: 80}}}], retries: {attempts: 0}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: second}
                spec:
                  hosts: [second.example]
                  ports: [{number: 80, name: http2, protocol: HTTP2}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http2: %d}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: up}
                spec:
                  hosts: [up.example]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: %d}}]
                """.formatted(second.port(), upstream.port());
        stack.become(configuration);
    }

    /// What is served, without the settings.
    String configuration() {
        return configuration;
    }

    /// The upstream of `c.test`, which speaks HTTP/2.
    EchoServer second() {
        return second;
    }

    /// `asked 7 by rest got 200`: the log's row of the request with this number in `x-case`.
    String row(int number) {
        return rows.await("asked " + number + " by ");
    }

    /// With Istio's defaults.
    static HostileDoor usual(Path scratch) throws IOException {
        return new HostileDoor(scratch, "");
    }

    /// With `edge: strict`.
    static HostileDoor strict(Path scratch) throws IOException {
        return new HostileDoor(scratch, "edge: strict\n");
    }

    int port() {
        return stack.port("", 80);
    }

    RecordingUpstream upstream() {
        return upstream;
    }

    /// What came back, and what the upstream saw of it.
    record Outcome(String answer, List<String> seen) {

        int status() {
            return RawClient.status(answer);
        }

        /// The path of the one request that went upstream; `-` where none did.
        String path() {
            return seen.isEmpty() ? "-" : seen.getFirst().split(" ", 3)[1];
        }

        /// The values of a header upstream, in the order of the wire.
        List<String> header(String name) {
            return seen.getFirst()
                    .lines()
                    .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .toList();
        }
    }

    Outcome say(String bytes) throws IOException {
        upstream.forget();
        var answer = RawClient.say(port(), bytes);
        return new Outcome(answer, upstream.requests());
    }

    /// A GET of the path with a good host, after which the connection closes.
    Outcome get(String path, String... headers) throws IOException {
        return say("GET " + path + " HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n"
                + (headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n") + "\r\n");
    }

    /// Whether a good client is served as ever.
    boolean isWell() throws IOException {
        return get("/well").status() == 200;
    }

    @Override
    public void close() throws IOException {
        stack.close();
        upstream.close();
        second.close();
    }
}
