package io.sallyport.benchmark;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.xds.v1.ListProxiesRequest;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.Sallyport;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/// `bench xds`: the first rows of the bars. One VirtualService of many changes; measured is the time from the call of
/// `Apply` until the last of our own streams has the new bytes, or until a real Envoy answers by the new rule. Besides:
/// the first push to all streams, many changes at once, a thousand streams, and an Envoy that starts.
final class XdsBenchmark {

    // A service lives for weeks: what it costs until its code is compiled is shown once, for the first changes.
    private static final int WARM_UP = 1_000;
    private static final int CHANGES = 200;
    private static final int AT_ONCE = 1_000;
    private static final int STARTS = 3;
    private static final long POLL_NANOS = 20_000_000L;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Results results;
    private final Path scratch;
    private final int divisor;

    /// `divisor`: by how much all sizes are made smaller, 1 for the run that counts.
    XdsBenchmark(Results results, Path scratch, int divisor) {
        this.results = results;
        this.scratch = scratch;
        this.divisor = divisor;
    }

    void run() throws IOException, InterruptedException {
        new TranslationBenchmark(results).run(10_000 / divisor);
        streams(10_000 / divisor, 50, "p99 50 ms / 0.02 CPU s / 0.2 MB / 0.7 GB");
        streams(10_000 / divisor, 1, "p50 5 ms");
        streams(1_000 / divisor, 50, "p50 15 ms / 0.02 CPU s");
        streams(100 / divisor, 50, "p50 10 ms");
        manyStreams(1_000 / divisor, 1_000 / divisor);
        envoy(10_000 / divisor, "p50 10 ms / p99 30 ms / Envoy 2 ms CPU");
        envoy(50_000 / divisor, "p50 20 ms / p99 60 ms / Envoy 4 ms CPU");
    }

    private void streams(int size, int count, String bar) throws IOException, InterruptedException {
        var workload = new Workload(size);
        var directory = directory("streams-" + size + "-" + count);
        workload.writeFrame(directory.resolve("config"));
        try (var sallyport = Sallyport.launched(directory.resolve("config"), directory.resolve("data"), "--no-envoy")) {
            workload.hosts().forEach(sallyport::apply);
            var channels = new ArrayList<ManagedChannel>();
            var streams = new ArrayList<GatewayStream>();
            var before = usage(sallyport).cpu();
            var opened = System.nanoTime();
            open(sallyport, channels, streams, count);
            awaitFirstPush(sallyport, streams);
            results.row(
                    "N = %,d, first full push to %d streams, until the last has acknowledged it".formatted(size, count),
                    "%.2f s; %.1f CPU s; %d MB RSS after"
                            .formatted(
                                    (System.nanoTime() - opened) / 1e9,
                                    usage(sallyport).cpu().minus(before).toMillis() / 1e3,
                                    usage(sallyport).residentMegabytes()),
                    size == 10_000 && count == 50 ? "4 s / 3 CPU s / 0.6 GB" : "");
            var first = change(sallyport, workload, streams, CHANGES, "first");
            change(sallyport, workload, streams, WARM_UP, "warm");
            var cpu = usage(sallyport).cpu();
            var bytes = streams.stream().mapToLong(GatewayStream::bytes).sum();
            var figures = change(sallyport, workload, streams, CHANGES, "run");
            var spent = usage(sallyport).cpu().minus(cpu).dividedBy(CHANGES);
            var sent = streams.stream().mapToLong(GatewayStream::bytes).sum() - bytes;
            results.row(
                    "N = %,d, %d streams, 1 change: from `Apply` to the last stream".formatted(size, count),
                    "%s (of the first %d after the start p50 %s, p99 %s); %.4f CPU s; %.4f MB sent; %d MB peak RSS"
                            .formatted(
                                    figures,
                                    CHANGES,
                                    Figures.millis(first.quantile(0.5)),
                                    Figures.millis(first.quantile(0.99)),
                                    spent.toNanos() / 1e9,
                                    sent / 1e6 / CHANGES,
                                    usage(sallyport).peakMegabytes()),
                    bar);
            results.row(
                    "N = %,d, %d streams, %,d changes at once until all are seen"
                            .formatted(size, count, Math.min(AT_ONCE, size)),
                    Figures.millis(changesAtOnce(sallyport, workload, streams)),
                    size == 10_000 && count == 1 ? "500 ms" : "");
            channels.forEach(ManagedChannel::shutdownNow);
        }
    }

    // Each by a connection of its own, until there are so many.
    private static void open(
            Sallyport sallyport, List<ManagedChannel> channels, List<GatewayStream> streams, int count) {
        while (streams.size() < count) {
            var channel = NettyChannelBuilder.forTarget(sallyport.endpoints().xds())
                    .usePlaintext()
                    .maxInboundMessageSize(64 * 1024 * 1024)
                    .build();
            channels.add(channel);
            streams.add(new GatewayStream(channel, streams.size()));
        }
    }

    private void manyStreams(int size, int count) throws IOException, InterruptedException {
        var workload = new Workload(size);
        var directory = directory("many-" + count);
        workload.writeFrame(directory.resolve("config"));
        try (var sallyport = Sallyport.launched(directory.resolve("config"), directory.resolve("data"), "--no-envoy")) {
            workload.hosts().forEach(sallyport::apply);
            var channels = new ArrayList<ManagedChannel>();
            var streams = new ArrayList<GatewayStream>();
            open(sallyport, channels, streams, 1);
            awaitFirstPush(sallyport, streams);
            var before = usage(sallyport).residentMegabytes();
            var opened = System.nanoTime();
            open(sallyport, channels, streams, count);
            awaitFirstPush(sallyport, streams);
            var loaded = Duration.ofNanos(System.nanoTime() - opened);
            change(sallyport, workload, streams, CHANGES / 2, "warm");
            var after = usage(sallyport).residentMegabytes();
            var figures = change(sallyport, workload, streams, CHANGES / 2, "run");
            results.row(
                    "N = %,d, %,d streams, 1 change: from `Apply` to the last stream".formatted(size, count),
                    "%s; first push to all of them %s; %d kB RSS a stream (%d MB with one of them, %d with all)"
                            .formatted(
                                    figures,
                                    Figures.millis(loaded),
                                    (after - before) * 1_000 / Math.max(1, count - 1),
                                    before,
                                    after),
                    "50 kB; 0.3 s");
            channels.forEach(ManagedChannel::shutdownNow);
        }
    }

    private static void awaitFirstPush(Sallyport sallyport, List<GatewayStream> streams) {
        var revision =
                sallyport.config().status(StatusRequest.getDefaultInstance()).getRevision();
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (!isTaken(sallyport, streams, revision)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the first push was not acknowledged within " + LIMIT);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    // A stream that has nothing yet has nothing to acknowledge either.
    private static boolean isTaken(Sallyport sallyport, List<GatewayStream> streams, long revision) {
        if (streams.stream().anyMatch(stream -> stream.resources() == 0)) {
            return false;
        }
        var proxies = sallyport
                .proxies()
                .listProxies(ListProxiesRequest.getDefaultInstance())
                .getProxiesList();
        return proxies.size() == streams.size()
                && proxies.stream().allMatch(proxy -> proxy.getAcknowledgedRevision() >= revision);
    }

    // Each by a call of its own, all of them under way together.
    private static Duration changesAtOnce(Sallyport sallyport, Workload workload, List<GatewayStream> streams)
            throws InterruptedException {
        var changes = Math.min(AT_ONCE, workload.size());
        var text = "mark-at-once.";
        var mark = new GatewayStream.Mark(
                ByteString.copyFromUtf8(text), changes, new CountDownLatch(changes * streams.size()));
        streams.forEach(stream -> stream.await(mark));
        var config = ConfigServiceGrpc.newFutureStub(sallyport.config().getChannel());
        var requests = IntStream.range(0, changes)
                .mapToObj(number -> workload.change(number, text))
                .toList();
        var start = System.nanoTime();
        var answers = requests.stream().map(config::apply).toList();
        if (!mark.seen().await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new IllegalStateException("%d of %d changes at once were not seen within %s; %d are answered"
                    .formatted(
                            mark.seen().getCount(),
                            changes * streams.size(),
                            LIMIT,
                            answers.stream().filter(Future::isDone).count()));
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static Figures change(
            Sallyport sallyport, Workload workload, List<GatewayStream> streams, int changes, String name)
            throws InterruptedException {
        var figures = new Figures();
        for (var n = 0; n < changes; n++) {
            var text = "mark-%s-%d.".formatted(name, n);
            var mark = new GatewayStream.Mark(ByteString.copyFromUtf8(text), new CountDownLatch(streams.size()));
            streams.forEach(stream -> stream.await(mark));
            var number = n * 7 % workload.size();
            var start = System.nanoTime();
            sallyport.apply(workload.change(number, text));
            if (!mark.seen().await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("%d of %d streams did not see change %d within %s"
                        .formatted(mark.seen().getCount(), streams.size(), n, LIMIT));
            }
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        return figures;
    }

    private void envoy(int size, String bar) throws IOException, InterruptedException {
        var workload = new Workload(size);
        var directory = directory("envoy-" + size);
        var config = directory.resolve("config");
        workload.writeFrame(config);
        var port = FreePorts.take(1).getFirst();
        Files.writeString(config.resolve("sallyport.yaml"), """
                proxies:
                - name: istio-ingressgateway
                  namespace: istio-system
                  labels: {istio: ingressgateway}
                  listen: {80: %d}
                """.formatted(port));
        try (var sallyport = Sallyport.launched(config, directory.resolve("data"));
                var client = HttpClient.newHttpClient()) {
            workload.hosts().forEach(sallyport::apply);
            changeSeen(sallyport, workload, client, port, WARM_UP, "warm");
            var cpu = envoyUsage(sallyport).cpu();
            for (var n = 0; n < CHANGES; n++) {
                sallyport.apply(workload.change(n, "cpu-" + n));
            }
            awaitAnswer(client, port, CHANGES - 1, "cpu-" + (CHANGES - 1));
            var spent = envoyUsage(sallyport).cpu().minus(cpu).dividedBy(CHANGES);
            var figures = changeSeen(sallyport, workload, client, port, CHANGES, "run");
            results.row(
                    "N = %,d, 1 change: from `Apply` until a request through real Envoy shows it".formatted(size),
                    "%s; Envoy %s CPU a change; Envoy %d MB RSS"
                            .formatted(
                                    figures,
                                    Figures.millis(spent),
                                    envoyUsage(sallyport).residentMegabytes()),
                    bar);
            startEnvoy(sallyport, workload, client, port);
        }
    }

    private void startEnvoy(Sallyport sallyport, Workload workload, HttpClient client, int port)
            throws IOException, InterruptedException {
        sallyport.apply(workload.change(0, "started"));
        awaitAnswer(client, port, 0, "started");
        var figures = new Figures();
        for (var n = 0; n < STARTS; n++) {
            var killed = envoy(sallyport);
            killed.destroyForcibly();
            while (sallyport.process().children().noneMatch(child -> !child.equals(killed))) {
                LockSupport.parkNanos(POLL_NANOS / 10);
            }
            var start = System.nanoTime();
            awaitAnswer(client, port, 0, "started");
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        results.row(
                "N = %,d hosts, Envoy starts: from its process until it answers".formatted(workload.size()),
                "%s; %d MB RSS then".formatted(figures, envoyUsage(sallyport).residentMegabytes()),
                workload.size() == 10_000 ? "1 s; 300 MB" : "");
    }

    private static Figures changeSeen(
            Sallyport sallyport, Workload workload, HttpClient client, int port, int changes, String name)
            throws IOException, InterruptedException {
        var figures = new Figures();
        for (var n = 0; n < changes; n++) {
            var mark = "mark-%s-%d.".formatted(name, n);
            var number = n * 7 % workload.size();
            var start = System.nanoTime();
            sallyport.apply(workload.change(number, mark));
            awaitAnswer(client, port, number, mark);
            figures.add(Duration.ofNanos(System.nanoTime() - start));
        }
        return figures;
    }

    private static void awaitAnswer(HttpClient client, int port, int number, String mark)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/probe".formatted(port)))
                .header("host", "host-%d.bench.test".formatted(number))
                .build();
        var deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            try {
                if (client.send(request, HttpResponse.BodyHandlers.ofString())
                        .body()
                        .equals(mark)) {
                    return;
                }
            } catch (ConnectException _) {
                LockSupport.parkNanos(POLL_NANOS / 10);
            }
        }
        throw new IllegalStateException("change " + mark + " was not seen within " + LIMIT);
    }

    private static ProcessUsage usage(Sallyport sallyport) {
        return new ProcessUsage(sallyport.process().pid());
    }

    private static ProcessUsage envoyUsage(Sallyport sallyport) {
        return new ProcessUsage(envoy(sallyport).pid());
    }

    private static ProcessHandle envoy(Sallyport sallyport) {
        return sallyport.process().children().findFirst().orElseThrow();
    }

    private Path directory(String name) throws IOException {
        var directory = Files.createDirectories(scratch.resolve(name));
        Files.createDirectories(directory.resolve("config"));
        return directory;
    }
}
