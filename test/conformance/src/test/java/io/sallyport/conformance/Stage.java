package io.sallyport.conformance;

import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.net.Reply;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.stack.Shell;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// What the scenarios play on: one running ingress gateway, the shop's two web services and a TCP echo behind it, a
/// client and a command line.
final class Stage implements AutoCloseable {

    private static final int HANG_MILLIS = 20_000;

    private final Path scratch;
    private final GatewayStack stack;
    private final HttpClient client = new HttpClient();
    private final EchoServer webapp = new EchoServer("webapp");
    private final EchoServer catalog = new EchoServer("catalog");
    private final LineServer echo = new LineServer("echo");

    private Stage(Path scratch) throws IOException {
        this.scratch = scratch;
        this.stack = GatewayStack.start(scratch, "");
    }

    static Stage open(Path scratch) throws IOException {
        return new Stage(scratch);
    }

    Shell shell() {
        return stack.sallyport().shell();
    }

    EchoServer webapp() {
        return webapp;
    }

    /// The local port behind a Gateway server's port.
    int port(int serverPort) {
        return stack.port("", serverPort);
    }

    /// Makes these documents the whole configuration and waits until the gateway runs it.
    void has(String... documents) {
        stack.become(String.join("\n---\n", documents));
    }

    /// Writes documents to a file, for commands that take one.
    String file(String name, String... documents) throws IOException {
        return Files.writeString(scratch.resolve(name), String.join("\n---\n", documents))
                .toString();
    }

    Reply get(HttpClient.Version version, String host, String path) throws IOException {
        return client.send(port(80), version, new HttpClient.Call("GET", host, path, Map.of(), ""));
    }

    /// `refused`, `closed`, or the first line that the other side says once it has sent a line back.
    String talk(int serverPort) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port(serverPort))) {
            socket.setSoTimeout(HANG_MILLIS);
            socket.getOutputStream().write("hello\n".getBytes(StandardCharsets.UTF_8));
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            var banner = in.readLine();
            if (banner == null) {
                return "closed";
            }
            return "hello".equals(in.readLine()) ? banner : banner + " without an echo";
        } catch (ConnectException refused) {
            return "refused";
        }
    }

    /// A Kubernetes Service `NAME.shop` on port 80 with one endpoint.
    String service(EchoServer server) {
        return service(server.name(), "http", 80, server.port());
    }

    /// The Service of the TCP echo: `echo.shop`, port 2701.
    String echoService() {
        return service("echo", "tcp", 2701, echo.port());
    }

    private static String service(String name, String portName, int port, int endpoint) {
        return """
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s, namespace: shop}
                spec:
                  ports: [{name: %2$s, port: %3$d, targetPort: %4$d}]
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: %1$s-1, namespace: shop, labels: {kubernetes.io/service-name: %1$s}}
                addressType: IPv4
                ports: [{name: %2$s, port: %4$d, protocol: TCP}]
                endpoints: [{addresses: [127.0.0.1], conditions: {ready: true}}]
                """.formatted(name, portName, port, endpoint);
    }

    String webappService() {
        return service(webapp);
    }

    String catalogService() {
        return service(catalog);
    }

    @Override
    public void close() throws IOException {
        stack.close();
        client.close();
        webapp.close();
        catalog.close();
        echo.close();
    }
}
