package io.sallyport.standalone.demo;

import com.google.common.collect.ImmutableList;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Executors;

/// Three tiny HTTP servers on loopback: the catalogue, and the cart in two versions.
/// Their ports are the ones that `examples/quickstart/backends.yaml` names.
public final class DemoBackends implements AutoCloseable {

    private static final int BACKLOG = 64;
    private static final int MAX_BODY_BYTES = 1 << 20;

    /// One backend: its name in answers, and its port.
    public record Backend(String name, int port) {}

    /// What the quickstart's configuration expects to find.
    public static final ImmutableList<Backend> QUICKSTART = ImmutableList.of(
            new Backend("catalogue", 28_181), new Backend("cart v1", 28_182), new Backend("cart v2", 28_183));

    private final List<HttpServer> servers;

    private DemoBackends(List<HttpServer> servers) {
        this.servers = servers;
    }

    /// Starts all of them, or none. A busy port is named in the message.
    public static DemoBackends start(List<Backend> backends) throws IOException {
        var servers = ImmutableList.<HttpServer>builder();
        try {
            for (var backend : backends) {
                servers.add(start(backend));
            }
        } catch (IOException e) {
            servers.build().forEach(server -> server.stop(0));
            throw e;
        }
        return new DemoBackends(servers.build());
    }

    /// The ports in use, in the order of the backends.
    public List<Integer> ports() {
        return servers.stream().map(server -> server.getAddress().getPort()).toList();
    }

    @Override
    public void close() {
        servers.forEach(server -> server.stop(0));
    }

    private static HttpServer start(Backend backend) throws IOException {
        try {
            var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), backend.port());
            var server = HttpServer.create(address, BACKLOG);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.createContext("/", exchange -> answer(backend, exchange));
            server.start();
            return server;
        } catch (BindException e) {
            throw new IOException(
                    "demo backend \"" + backend.name() + "\" needs port " + backend.port()
                            + " of this machine, which is in use (expected: free it, or run ./sallyport up DIR with a"
                            + " directory of your own)",
                    e);
        }
    }

    private static void answer(Backend backend, HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
            var body = exchange.getRequestURI().getPath().equals("/api/items") ? items() : echo(backend, exchange);
            var bytes = (gson().toJson(body) + "\n").getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("content-type", "application/json");
            exchange.getResponseHeaders().add("x-backend", backend.name());
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    private static Gson gson() {
        return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    }

    private static Object items() {
        var first = new JsonObject();
        first.addProperty("id", 1);
        first.addProperty("name", "lantern");
        first.addProperty("price", "12.50");
        var second = new JsonObject();
        second.addProperty("id", 2);
        second.addProperty("name", "rope, 20 m");
        second.addProperty("price", "31.00");
        return List.of(first, second);
    }

    private static Object echo(Backend backend, HttpExchange exchange) {
        var headers = new TreeMap<String, String>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join(", ", values)));
        var answer = new JsonObject();
        answer.addProperty("backend", backend.name());
        answer.addProperty("method", exchange.getRequestMethod());
        answer.addProperty("path", exchange.getRequestURI().toString());
        answer.add("headers", new Gson().toJsonTree(headers));
        return answer;
    }
}
