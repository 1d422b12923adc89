package io.sallyport.benchmark;

import com.google.protobuf.ByteString;
import io.grpc.netty.NettyChannelBuilder;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.Sallyport;
import io.sallyport.testkit.tls.Authority;
import io.sallyport.testkit.tls.TlsClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/// `bench tls`: many HTTPS hosts on one port, each with a server and a certificate of its own. One route changes, and
/// one host comes; measured at a stream of our own, and at a real Envoy by handshakes from outside.
final class TlsBenchmark {

    private static final int WARM_UP = 20;
    private static final int CHANGES = 100;
    private static final int HOSTS = 20;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Results results;
    private final Path scratch;
    private final int divisor;

    TlsBenchmark(Results results, Path scratch, int divisor) {
        this.results = results;
        this.scratch = scratch;
        this.divisor = divisor;
    }

    void run() throws IOException, InterruptedException {
        var workload = new TlsWorkload(1_000 / divisor, Authority.in(scratch.resolve("authority")));
        stream(workload);
        envoy(workload);
    }

    private void stream(TlsWorkload workload) throws IOException, InterruptedException {
        var directory = directory("stream");
        workload.writeTo(directory.resolve("config"), HOSTS);
        try (var sallyport = Sallyport.launched(directory.resolve("config"), directory.resolve("data"), "--no-envoy")) {
            applyRoutes(sallyport, workload);
            var channel = NettyChannelBuilder.forTarget(sallyport.endpoints().xds())
                    .usePlaintext()
                    .maxInboundMessageSize(64 * 1024 * 1024)
                    .build();
            var stream = new GatewayStream(channel, 0);
            routes(sallyport, workload, stream, WARM_UP, "warm");
            var bytes = stream.bytes();
            var listeners = stream.listeners();
            var cpu = usage(sallyport).cpu();
            var figures = routes(sallyport, workload, stream, CHANGES, "run");
            results.row(
                    "N = %,d HTTPS hosts, 1 route changes: from `Apply` to the stream".formatted(workload.size()),
                    "%s; %.2f kB and %d listeners sent a change; %.4f CPU s"
                            .formatted(
                                    figures,
                                    (stream.bytes() - bytes) / 1e3 / CHANGES,
                                    stream.listeners() - listeners,
                                    usage(sallyport)
                                                    .cpu()
                                                    .minus(cpu)
                                                    .dividedBy(CHANGES)
                                                    .toNanos()
                                            / 1e9),
                    "2 kB, no listener");
            channel.shutdownNow();
        }
    }

    private static Figures routes(
            Sallyport sallyport, TlsWorkload workload, GatewayStream stream, int changes, String name)
            throws InterruptedException {
        var figures = new Figures();
        for (var n = 0; n < changes; n++) {
            var text = "mark-%s-%d.".formatted(name, n);
            var mark = new GatewayStream.Mark(ByteString.copyFromUtf8(text), new CountDownLatch(1));
            stream.await(mark);
            var number = n * 7 % workload.size();
            var start = System.nanoTime();
            apply(sallyport, virtualService(number, text));
            if (!mark.seen().await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("change %d was not seen within %s".formatted(n, LIMIT));
            }
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        return figures;
    }

    private void envoy(TlsWorkload workload) throws IOException, InterruptedException {
        var directory = directory("envoy");
        var config = directory.resolve("config");
        workload.writeTo(config, HOSTS);
        var port = FreePorts.take(1).getFirst();
        Files.writeString(config.resolve("sallyport.yaml"), """
                proxies:
                - name: istio-ingressgateway
                  namespace: istio-system
                  labels: {istio: ingressgateway}
                  listen: {443: %d}
                """.formatted(port));
        try (var sallyport = Sallyport.launched(config, directory.resolve("data"))) {
            applyRoutes(sallyport, workload);
            var client = new TlsClient(workload.authority(), port);
            seen(sallyport, workload, client, WARM_UP, "warm");
            var cpu = envoyUsage(sallyport).cpu();
            var figures = seen(sallyport, workload, client, CHANGES, "run");
            results.row(
                    "N = %,d HTTPS hosts, 1 route changes: from `Apply` until a request through real Envoy shows it"
                            .formatted(workload.size()),
                    "%s; Envoy %s CPU a change, handshakes with it; Envoy %d MB RSS"
                            .formatted(
                                    figures,
                                    Figures.millis(envoyUsage(sallyport)
                                            .cpu()
                                            .minus(cpu)
                                            .dividedBy(CHANGES)),
                                    envoyUsage(sallyport).residentMegabytes()),
                    "p50 10 ms");
            hosts(sallyport, workload, client);
        }
    }

    private void hosts(Sallyport sallyport, TlsWorkload workload, TlsClient client) throws IOException {
        var added = new Figures();
        var cpu = envoyUsage(sallyport).cpu();
        for (var n = workload.size(); n < workload.size() + HOSTS; n++) {
            var start = System.nanoTime();
            apply(sallyport, document("Gateway", "edge-" + n, TlsWorkload.gateway(n)), virtualService(n, "new"));
            await(client, n, "new");
            added.add(Duration.ofNanos(System.nanoTime() - start));
        }
        results.row(
                "N = %,d HTTPS hosts, 1 host is added: from `Apply` until its first answer".formatted(workload.size()),
                "%s; Envoy %s CPU a host"
                        .formatted(
                                added,
                                Figures.millis(
                                        envoyUsage(sallyport).cpu().minus(cpu).dividedBy(HOSTS))),
                "165 ms, Envoy 172 ms CPU (a filter chain and a table each, `envoy-floor.md` section 4)");
    }

    private static Figures seen(Sallyport sallyport, TlsWorkload workload, TlsClient client, int changes, String name)
            throws IOException {
        var figures = new Figures();
        for (var n = 0; n < changes; n++) {
            var mark = "mark-%s-%d.".formatted(name, n);
            var number = n * 7 % workload.size();
            var start = System.nanoTime();
            apply(sallyport, virtualService(number, mark));
            await(client, number, mark);
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        return figures;
    }

    private static void await(TlsClient client, int number, String mark) {
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            if (body(client, TlsWorkload.host(number)).equals(mark)) {
                return;
            }
        }
        throw new IllegalStateException("\"" + mark + "\" was not seen within " + LIMIT);
    }

    // Empty while the host has no chain or no certificate yet.
    private static String body(TlsClient client, String host) {
        try (var socket = client.connect(host)) {
            socket.getOutputStream()
                    .write("GET /probe HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                            .formatted(host)
                            .getBytes(StandardCharsets.US_ASCII));
            var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return answer.substring(answer.indexOf("\r\n\r\n") + 4);
        } catch (IOException notYet) {
            return "";
        }
    }

    private static void applyRoutes(Sallyport sallyport, TlsWorkload workload) {
        apply(
                sallyport,
                IntStream.range(0, workload.size())
                        .mapToObj(number -> virtualService(number, "before"))
                        .toArray(Resource[]::new));
    }

    private static Resource virtualService(int number, String mark) {
        return document("VirtualService", "host-" + number, TlsWorkload.virtualService(number, mark));
    }

    private static Resource document(String kind, String name, String text) {
        return Resource.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind(kind)
                        .setNamespace("default")
                        .setName(name))
                .setSourceText(text)
                .setSourceName("bench.yaml")
                .setFirstLine(1)
                .build();
    }

    private static void apply(Sallyport sallyport, Resource... documents) {
        sallyport.apply(
                ApplyRequest.newBuilder().addAllUpserts(List.of(documents)).build());
    }

    private static ProcessUsage usage(Sallyport sallyport) {
        return new ProcessUsage(sallyport.process().pid());
    }

    private static ProcessUsage envoyUsage(Sallyport sallyport) {
        return new ProcessUsage(
                sallyport.process().children().findFirst().orElseThrow().pid());
    }

    private Path directory(String name) throws IOException {
        var directory = Files.createDirectories(scratch.resolve(name));
        Files.createDirectories(directory.resolve("config"));
        return directory;
    }
}
