package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.cases.Case;
import io.sallyport.testkit.cases.Step;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.net.Reply;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Handshake.Failure;
import io.sallyport.testkit.tls.SecureClient;
import io.sallyport.testkit.tls.Wallet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Puts one case after the other into a running stack, sends its traffic and compares.
///
/// The secrets of all cases lie beside a stack's configuration before it starts, so that no case waits for
/// one; the same name is the same secret in all of them.
final class CaseRunner implements AutoCloseable {

    private static final int HANG_MILLIS = 20_000;

    private final HttpClient client = new HttpClient();
    private final Map<String, EchoServer> backends = new LinkedHashMap<>();
    private final Map<String, LineServer> lines = new LinkedHashMap<>();
    private final Map<String, Case.Certificate> certificates = new LinkedHashMap<>();
    // The ports that the case writes for its backends, and those that they got.
    private final Map<Integer, Integer> actual = new LinkedHashMap<>();
    private final Wallet wallet;
    private final SecureClient secure;

    CaseRunner(Path scratch) throws IOException {
        this.wallet = Wallet.in(scratch.resolve("wallet"));
        this.secure = new SecureClient(wallet, scratch);
    }

    /// Writes the secrets of these cases for a stack that is going to start in this folder.
    void mountSecrets(List<Case> cases, Path stack) throws IOException {
        var secrets = new TreeMap<String, Case.Certificate>();
        for (var example : cases) {
            example.secrets().forEach((name, secret) -> same(secrets.putIfAbsent(name, secret), secret, name));
        }
        for (var secret : secrets.entrySet()) {
            var wish = secret.getValue();
            wallet.mount(
                    stack.resolve("config/secrets/istio-system").resolve(secret.getKey()),
                    wish.names(),
                    wish.by(),
                    wish.clients());
        }
    }

    private static void same(Case.@Nullable Certificate before, Case.Certificate now, String name) {
        if (before != null && !before.equals(now)) {
            throw new IllegalArgumentException(
                    "\"%s\" is %s and %s (expected: the same in all cases)".formatted(name, before, now));
        }
    }

    private void start(Case example, String name) throws IOException {
        var certificate = example.secure().get(name);
        if (certificate != null) {
            same(certificates.putIfAbsent(name, certificate), certificate, name);
        }
        if (backends.containsKey(name)) {
            return;
        }
        if (certificate == null) {
            backends.put(name, new EchoServer(name));
            return;
        }
        var own = wallet.issued(new Wallet.Wish(certificate.names(), certificate.by()));
        var clients = Optional.of(certificate.clients())
                .filter(authority -> !authority.isEmpty())
                .map(wallet::authority);
        backends.put(
                name,
                certificate.tls().isEmpty()
                        ? EchoServer.secure(name, own.certificate(), own.key(), clients)
                        : EchoServer.secure(name, own.certificate(), own.key(), clients, "TLSv" + certificate.tls()));
    }

    void run(Case example, GatewayStack stack) throws IOException {
        for (var name : example.backends().keySet()) {
            start(example, name);
        }
        for (var name : example.lines().keySet()) {
            if (!lines.containsKey(name)) {
                lines.put(name, new LineServer(name));
            }
        }
        var ports = new LinkedHashMap<String, Integer>();
        backends.forEach((name, server) -> ports.put(name, server.port()));
        lines.forEach((name, server) -> ports.put(name, server.port()));
        actual.clear();
        example.backends().forEach((name, written) -> actual.put(written, ports.get(name)));
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
                reply(send, version, stack, claim).ifPresent(reply -> {
                    check(reply, send.answer(), claim);
                    counts.merge(reply.backend().orElse(""), 1, Integer::sum);
                });
            }
            if (!counts.isEmpty()) {
                check(send, counts, claim);
            }
        }
    }

    private void check(Step.Send send, SortedMap<String, Integer> counts, Supplier<String> claim) {
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

    // None where the handshake failed as it had to.
    private Optional<Reply> reply(
            Step.Send send, HttpClient.Version version, GatewayStack stack, Supplier<String> claim) throws IOException {
        var handshake = send.tls();
        if (handshake == null) {
            return Optional.of(
                    send.isProxied()
                            ? client.send(stack.door(send.gateway()), version, absolute(send, version))
                            : client.send(stack.port(send.gateway(), send.port()), version, send.call()));
        }
        var outcome = send.isProxied()
                ? secure.tunnel(stack.door(send.gateway()), send.port(), version, send.call(), handshake)
                : secure.send(stack.port(send.gateway(), send.port()), version, send.call(), handshake);
        assertThat(outcome.failure())
                .as(() -> claim.get() + "\n" + outcome.talk())
                .isEqualTo(seen(handshake.failure()));
        if (handshake.certificate() != null) {
            assertThat(outcome.certificate()).as(claim).isEqualTo(handshake.certificate());
        }
        return Optional.ofNullable(outcome.reply());
    }

    // As clients speak to a proxy: HTTP/1.1 with the whole URL.
    private HttpClient.Call absolute(Step.Send send, HttpClient.Version version) {
        var call = send.call();
        var host = send.port() == 80 ? call.host() : call.host() + ":" + actual.getOrDefault(send.port(), send.port());
        var path = version == HttpClient.Version.HTTP_1_1 ? "http://" + host + call.path() : call.path();
        return new HttpClient.Call(call.method(), host, path, call.headers(), call.body());
    }

    private static @Nullable Failure seen(@Nullable Failure failure) {
        return failure == Failure.NO_SECRET ? Failure.CLOSED : failure;
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
        if (expected.serverName() != null) {
            assertThat(seen.tls().serverName()).as(claim).isEqualTo(expected.serverName());
        }
        if (expected.client() != null) {
            assertThat(seen.tls().client()).as(claim).isEqualTo(expected.client());
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
        assertThat(backend.seen().getFirst().host()).as("host of a copy").doesNotEndWith("-shadow");
    }

    private void connect(Step.Connect connect, GatewayStack stack) throws IOException {
        var port = stack.port(connect.gateway(), connect.port());
        var handshake = connect.tls();
        if (handshake != null) {
            var line = secure.talk(port, handshake);
            assertThat(line.said())
                    .as("connection to port %d: %s", connect.port(), handshake)
                    .isEqualTo(connect.expected());
            if (handshake.certificate() != null) {
                assertThat(line.certificate()).isEqualTo(handshake.certificate());
            }
            return;
        }
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
        } catch (SocketException reset) {
            return "closed";
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
