package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.cases.Case;
import io.sallyport.testkit.cases.Step;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.net.Reply;
import io.sallyport.testkit.stack.GatewayStack;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/// Puts one case after the other into a running stack, sends its traffic and compares.
final class CaseRunner implements AutoCloseable {

    private static final int HANG_MILLIS = 20_000;

    private final HttpClient client = new HttpClient();
    private final Map<String, EchoServer> backends = new LinkedHashMap<>();
    private final Map<String, LineServer> lines = new LinkedHashMap<>();

    void run(Case example, GatewayStack stack) throws IOException {
        for (var name : example.backends().keySet()) {
            backends.computeIfAbsent(name, EchoServer::new);
        }
        for (var name : example.lines().keySet()) {
            if (!lines.containsKey(name)) {
                lines.put(name, new LineServer(name));
            }
        }
        var ports = new LinkedHashMap<String, Integer>();
        backends.forEach((name, server) -> ports.put(name, server.port()));
        lines.forEach((name, server) -> ports.put(name, server.port()));
        stack.become(example.configurationWith(ports));
        for (var step : example.steps()) {
            switch (step) {
                case Step.Send send -> send(send, stack);
                case Step.Connect connect -> connect(connect, stack);
            }
        }
    }

    private void send(Step.Send send, GatewayStack stack) throws IOException {
        for (var version : send.versions()) {
            backends.values().forEach(EchoServer::reset);
            Supplier<String> claim = () -> version + " " + send.call();
            var counts = new TreeMap<String, Integer>();
            for (var n = 0; n < send.times(); n++) {
                var reply = client.send(stack.port(send.gateway(), send.port()), version, send.call());
                check(reply, send.answer(), claim);
                counts.merge(reply.backend().orElse(""), 1, Integer::sum);
            }
            var shares = send.answer().shares();
            if (shares.isEmpty()) {
                assertThat(counts.firstKey()).as(claim).isEqualTo(send.answer().backend());
            }
            shares.forEach((name, range) -> assertThat(counts.getOrDefault(name, 0))
                    .as(() -> claim.get() + " from " + name + " of " + counts)
                    .isBetween(range.least(), range.most()));
            if (send.upstream() != null) {
                check(backend(send.answer().backend()), send.upstream(), claim);
            }
            for (var name : send.mirrored()) {
                awaitOneRequest(backend(name));
            }
        }
    }

    private static void check(Reply reply, Step.Answer expected, Supplier<String> claim) {
        assertThat(reply.status()).as(claim).isEqualTo(expected.status());
        expected.headers()
                .forEach((name, value) -> assertThat(reply.headers().first(name))
                        .as(() -> claim.get() + " response header " + name)
                        .hasValue(value));
        expected.without()
                .forEach(name -> assertThat(reply.headers().first(name))
                        .as(() -> claim.get() + " response header " + name)
                        .isEmpty());
        if (expected.body() != null) {
            assertThat(reply.body()).as(claim).isEqualTo(expected.body());
        }
    }

    private static void check(EchoServer backend, Step.Upstream expected, Supplier<String> claim) {
        var seen = backend.seen().getLast();
        if (expected.path() != null) {
            assertThat(seen.path()).as(claim).isEqualTo(expected.path());
        }
        if (expected.host() != null) {
            assertThat(seen.host()).as(claim).isEqualTo(expected.host());
        }
        if (expected.protocol() != null) {
            assertThat(seen.protocol()).as(claim).isEqualTo(expected.protocol());
        }
        expected.headers()
                .forEach((name, value) -> assertThat(seen.headers().first(name))
                        .as(() -> claim.get() + " upstream header " + name)
                        .hasValue(value));
        expected.without()
                .forEach(name -> assertThat(seen.headers().first(name))
                        .as(() -> claim.get() + " upstream header " + name)
                        .isEmpty());
    }

    private EchoServer backend(String name) {
        var backend = backends.get(name);
        if (backend == null) {
            throw new IllegalArgumentException(
                    "backend \"%s\" (expected: one of %s)".formatted(name, backends.keySet()));
        }
        return backend;
    }

    // A mirrored request is sent beside the real one, so the answer may come first.
    private static void awaitOneRequest(EchoServer backend) {
        org.awaitility.Awaitility.await("a mirrored request at " + backend.name())
                .until(() -> !backend.seen().isEmpty());
    }

    private static void connect(Step.Connect connect, GatewayStack stack) throws IOException {
        var port = stack.port(connect.gateway(), connect.port());
        assertThat(outcome(port)).as("connection to port %d", connect.port()).isEqualTo(connect.expected());
    }

    /// `refused`, `closed`, or the greeting of the line server behind it, once it has also sent a line back.
    private static String outcome(int port) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(HANG_MILLIS);
            var reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            socket.getOutputStream().write("hello\n".getBytes(StandardCharsets.UTF_8));
            var greeting = reader.readLine();
            if (greeting == null) {
                return "closed";
            }
            return "hello".equals(reader.readLine()) ? greeting : greeting + " without an echo";
        } catch (ConnectException refused) {
            return "refused";
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
        backends.values().forEach(EchoServer::close);
        for (var server : lines.values()) {
            server.close();
        }
    }
}
