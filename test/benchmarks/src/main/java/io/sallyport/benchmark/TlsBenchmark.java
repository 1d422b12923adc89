package io.sallyport.benchmark;

import com.google.protobuf.ByteString;
import io.grpc.netty.NettyChannelBuilder;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.testkit.stack.Sallyport;
import io.sallyport.testkit.tls.Authority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/// `bench tls`: many HTTPS hosts on one port, each with a server and a certificate of its own. One route changes, and
/// one host comes; measured at a stream of our own, and at a real Envoy from outside ([TlsDoor]).
final class TlsBenchmark {

    static final int WARM_UP = 20;
    static final int CHANGES = 100;
    /// How many hosts are added.
    static final int MORE = 20;

    static final Duration LIMIT = Duration.ofSeconds(60);

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
        new TlsDoor(results, workload, directory("envoy")).run();
    }

    private void stream(TlsWorkload workload) throws IOException, InterruptedException {
        var directory = directory("stream");
        workload.writeTo(directory.resolve("config"), MORE);
        try (var sallyport = Sallyport.launched(directory.resolve("config"), directory.resolve("data"), "--no-envoy")) {
            applyRoutes(sallyport, workload);
            var channel = NettyChannelBuilder.forTarget(sallyport.endpoints().xds())
                    .usePlaintext()
                    .maxInboundMessageSize(64 * 1024 * 1024)
                    .build();
            var stream = new GatewayStream(channel, 0);
            changedRoutes(sallyport, workload, stream, WARM_UP, "warm");
            var count = new Count(sallyport, stream);
            var figures = changedRoutes(sallyport, workload, stream, CHANGES, "run");
            results.row(
                    "N = %,d HTTPS hosts, 1 route changes: from `Apply` to the stream".formatted(workload.size()),
                    figures + "; " + count.of(CHANGES),
                    "2 kB, no listener");
            var added = addedHosts(sallyport, workload, stream, new Count(sallyport, stream));
            results.row(
                    "N = %,d HTTPS hosts, 1 host is added: from `Apply` to the stream".formatted(workload.size()),
                    added,
                    "the listener (410 kB, `envoy-floor.md` section 4) and one table");
            channel.shutdownNow();
        }
    }

    // What was sent, and what it cost, since this was made.
    private static final class Count {

        private final Sallyport sallyport;
        private final GatewayStream stream;
        private final long bytes;
        private final long listeners;
        private final Duration cpu;

        Count(Sallyport sallyport, GatewayStream stream) {
            this.sallyport = sallyport;
            this.stream = stream;
            this.bytes = stream.bytes();
            this.listeners = stream.listeners();
            this.cpu = usage(sallyport).cpu();
        }

        String of(int changes) {
            return "%.2f kB and %s listeners sent a change; %s CPU"
                    .formatted(
                            (stream.bytes() - bytes) / 1e3 / changes,
                            share(stream.listeners() - listeners, changes),
                            Figures.millis(usage(sallyport).cpu().minus(cpu).dividedBy(changes)));
        }

        private static String share(long count, int changes) {
            return count % changes == 0 ? String.valueOf(count / changes) : "%.2f".formatted((double) count / changes);
        }
    }

    private static Figures changedRoutes(
            Sallyport sallyport, TlsWorkload workload, GatewayStream stream, int changes, String name)
            throws InterruptedException {
        var figures = new Figures();
        for (var n = 0; n < changes; n++) {
            var text = "mark-%s-%d.".formatted(name, n);
            figures.add(seen(sallyport, stream, text, virtualService(n * 7 % workload.size(), text)));
        }
        return figures;
    }

    private static String addedHosts(Sallyport sallyport, TlsWorkload workload, GatewayStream stream, Count count)
            throws InterruptedException {
        var figures = new Figures();
        for (var n = workload.size(); n < workload.size() + MORE; n++) {
            var text = "mark-new-%d.".formatted(n);
            figures.add(seen(sallyport, stream, text, gateway(n), virtualService(n, text)));
        }
        return figures + "; " + count.of(MORE);
    }

    private static Duration seen(Sallyport sallyport, GatewayStream stream, String text, Resource... documents)
            throws InterruptedException {
        var mark = new GatewayStream.Mark(ByteString.copyFromUtf8(text), new CountDownLatch(1));
        stream.await(mark);
        var start = System.nanoTime();
        apply(sallyport, documents);
        if (!mark.seen().await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("\"%s\" was not seen within %s".formatted(text, LIMIT));
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    static void applyRoutes(Sallyport sallyport, TlsWorkload workload) {
        apply(
                sallyport,
                IntStream.range(0, workload.size())
                        .mapToObj(number -> virtualService(number, "before"))
                        .toArray(Resource[]::new));
    }

    static Resource gateway(int number) {
        return document("Gateway", "edge-" + number, TlsWorkload.gateway(number));
    }

    static Resource virtualService(int number, String mark) {
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

    static void apply(Sallyport sallyport, Resource... documents) {
        sallyport.apply(
                ApplyRequest.newBuilder().addAllUpserts(List.of(documents)).build());
    }

    private static ProcessUsage usage(Sallyport sallyport) {
        return new ProcessUsage(sallyport.process().pid());
    }

    private Path directory(String name) throws IOException {
        var directory = Files.createDirectories(scratch.resolve(name));
        Files.createDirectories(directory.resolve("config"));
        return directory;
    }
}
