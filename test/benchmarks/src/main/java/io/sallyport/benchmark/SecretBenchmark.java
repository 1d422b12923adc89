package io.sallyport.benchmark;

import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.Authority.Issued;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/// `bench secrets`: how long a renewed certificate takes from the file to the next handshake, and how long a gateway
/// that starts is held up by a secret that nobody has, and how long it shows a certificate that is lent no more.
final class SecretBenchmark {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int RENEWALS = 60;
    private static final int STARTS = 5;
    private static final int GRANTS = 20;

    private static final String LENT = """
            ---
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: borrower, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - port: {number: 443, name: https, protocol: HTTPS}
                hosts: [lent.test]
                tls: {mode: SIMPLE, credentialName: pay/lent}
            ---
            apiVersion: sallyport.io/v1alpha1
            kind: SecretGrant
            metadata: {namespace: pay, name: lend}
            spec: {secrets: [lent], gateways: [{namespace: shop, name: borrower}], hosts: [lent.test]}
            """;

    private final Results results;
    private final Path scratch;
    private final int hosts;

    SecretBenchmark(Results results, Path scratch, int divisor) {
        this.results = results;
        this.scratch = scratch;
        this.hosts = Math.max(2, 100 / divisor);
    }

    void run() throws IOException {
        var authority = Authority.in(scratch.resolve("authority"));
        for (var n = 0; n < hosts; n++) {
            put(n, authority.issue(host(n), 20));
        }
        try (var stack = GatewayStack.start(scratch, "")) {
            stack.become(configuration());
            var client = new TlsClient(authority, stack.port("", 443));
            renewals(authority, client);
            grants(authority, client, stack);
            starts(stack);
            new SecretAnswers(results, scratch.resolve("data/sds.sock")).run();
        }
        new ColdStart(results, Files.createDirectories(scratch.resolve("cold"))).run();
    }

    private void renewals(Authority authority, TlsClient client) throws IOException {
        var figures = new Figures();
        awaitShown(client, host(0), 1_001);
        for (var n = 0; n < RENEWALS; n++) {
            var host = n % hosts;
            var issued = authority.issue(host(host), 20);
            var begin = System.nanoTime();
            put(host, issued);
            awaitShown(client, host(host), authority.lastSerial());
            figures.add(Duration.ofNanos(System.nanoTime() - begin));
        }
        results.row(
                "%d hosts, one certificate renewed: from the file to the first handshake that shows it"
                        .formatted(hosts),
                figures.toString(),
                "1 s");
    }

    // A secret of another namespace, of which the gateway has the key while it is lent.
    private void grants(Authority authority, TlsClient client, GatewayStack stack) throws IOException {
        var directory = scratch.resolve("config");
        var issued = authority.issue("lent.test", 20);
        Files.writeString(
                directory.resolve("lent.yaml"), """
                apiVersion: v1
                kind: Secret
                metadata: {name: lent, namespace: pay}
                data: {tls.crt: "%s", tls.key: "%s"}
                """.formatted(base64(issued.certificate()), base64(issued.key())));
        var figures = new Figures();
        for (var n = 0; n < GRANTS; n++) {
            stack.become(configuration() + LENT);
            awaitShown(client, "lent.test", authority.lastSerial());
            var begin = System.nanoTime();
            // Handshakes go on meanwhile: `become` also waits until every gateway has said that it runs the revision.
            var refused = CompletableFuture.supplyAsync(() -> refusedAt(client, "lent.test"));
            stack.become(configuration() + LENT.substring(0, LENT.indexOf("---\napiVersion: sallyport.io")));
            figures.add(Duration.ofNanos(refused.join() - begin));
        }
        results.row(
                "a grant is taken back: from `Apply` to the first handshake without the lent certificate",
                figures.toString(),
                "1 s (V6)");
    }

    private static long refusedAt(TlsClient client, String host) {
        var end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            try {
                var _ = client.serial(host);
                LockSupport.parkNanos(1_000_000);
            } catch (IOException refused) {
                return System.nanoTime();
            }
        }
        throw new IllegalStateException(host + " is still shown after " + LIMIT);
    }

    private static void awaitShown(TlsClient client, String host, int serial) throws IOException {
        var end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            try {
                if (client.serial(host).intValueExact() == serial) {
                    return;
                }
            } catch (IOException closed) {
                LockSupport.parkNanos(1_000_000);
            }
        }
        throw new IOException(host + " does not show " + serial + " within " + LIMIT);
    }

    // The gateway has a server whose secret is nowhere; what counts is when its plain port answers.
    private void starts(GatewayStack stack) throws IOException {
        var figures = new Figures();
        for (var n = 0; n < STARTS; n++) {
            stack.sallyport()
                    .process()
                    .descendants()
                    .filter(child -> child.info().command().orElse("").endsWith("envoy"))
                    .forEach(child -> {
                        child.destroyForcibly();
                        child.onExit()
                                .orTimeout(LIMIT.toSeconds(), java.util.concurrent.TimeUnit.SECONDS)
                                .join();
                    });
            var begin = System.nanoTime();
            awaitAnswer(stack.port("", 80));
            figures.add(Duration.ofNanos(System.nanoTime() - begin));
        }
        results.row(
                "a gateway of `up` is killed and starts with one secret missing: until its plain port answers, a pause before the start included",
                figures.toString(),
                "15 s never");
    }

    static void awaitAnswer(int port) throws IOException {
        var end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(1_000);
                socket.getOutputStream()
                        .write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                if (socket.getInputStream().read() == 'H') {
                    return;
                }
            } catch (IOException closed) {
                LockSupport.parkNanos(2_000_000);
            }
        }
        throw new IOException("port " + port + " does not answer within " + LIMIT);
    }

    private static String host(int n) {
        return "host-" + n + ".test";
    }

    private String configuration() {
        var servers = new ArrayList<String>();
        for (var n = 0; n < hosts; n++) {
            servers.add(server(n, "secret-" + n));
        }
        servers.add(server(hosts, "nowhere"));
        return """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            %s---
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: all, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [edge]
              http:
              - directResponse: {status: 200, body: {string: hello}}
            """.formatted(String.join("", servers));
    }

    private static String server(int n, String secret) {
        return """
              - port: {number: 443, name: https-%d, protocol: HTTPS}
                hosts: [%s]
                tls: {mode: SIMPLE, credentialName: %s}
            """.formatted(n, host(n), secret);
    }

    private void put(int n, Issued issued) throws IOException {
        var directory = Files.createDirectories(scratch.resolve("config"));
        var part = Files.writeString(directory.resolve(".secret-" + n + ".part"), """
                apiVersion: v1
                kind: Secret
                metadata: {name: secret-%d, namespace: istio-system}
                data: {tls.crt: "%s", tls.key: "%s"}
                """.formatted(
                        n, base64(issued.certificate()), base64(issued.key())));
        Files.move(
                part,
                directory.resolve("secret-" + n + ".yaml"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    private static String base64(Path file) throws IOException {
        return Base64.getEncoder().encodeToString(Files.readAllBytes(file));
    }
}
