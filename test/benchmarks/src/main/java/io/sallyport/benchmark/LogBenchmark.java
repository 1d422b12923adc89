package io.sallyport.benchmark;

import com.sun.management.OperatingSystemMXBean;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.sallyport.accesslog.ingest.Ingester;
import io.sallyport.accesslog.query.CelReader;
import io.sallyport.accesslog.query.Dashboards;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.queue.BrokerProcess;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.receive.AlsReceiver;
import io.sallyport.accesslog.receive.Intake;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The access-log table of the reference: from Envoy's stream to Kafka, from Kafka to the store, questions
/// about a day of ten million rows, and both at once.
final class LogBenchmark {

    private static final long START = 1_795_219_200L;
    private static final long DAY_MICROS = 86_400_000_000L;
    private static final int BATCH = 122_880;
    private static final int MESSAGE = 100;
    private static final int RUNS = 5;
    // A processor's time comes in steps of ten milliseconds: so many together that a step is one part in a hundred.
    private static final int REPEATED = 10;
    private static final int MOST = 300;
    private static final Duration ENOUGH = Duration.ofSeconds(1);
    private static final int SUMMED = 20;
    private static final Duration PATIENCE = Duration.ofMinutes(15);
    // One for all questions, as the collector has it.
    private static final CelReader READER = new CelReader();

    private final Results results;
    private final Path scratch;
    private final int divisor;

    LogBenchmark(Results results, Path scratch, int divisor) {
        this.results = results;
        this.scratch = scratch;
        this.divisor = divisor;
    }

    void run() throws IOException, InterruptedException {
        try {
            queue();
            questions();
        } catch (StoreException | QueryException | BoundExceededException e) {
            throw new IOException(e);
        }
    }

    // A collector lives for weeks: what its first rows cost, until its code is compiled, is shown apart.
    private void queue() throws IOException, InterruptedException, StoreException {
        var cold = 1_000_000 / divisor;
        var rows = 2_000_000 / divisor;
        try (var broker = BrokerProcess.start(programs(), scratch.resolve("kafka"), BrokerProcess.Ports.free())) {
            if (!broker.awaitStart(60_000)) {
                throw new IOException("broker does not start, see " + scratch.resolve("kafka/broker.log"));
            }
            var kafka = KafkaSettings.local(broker.bootstrapServers());
            try (var spool = Spool.open(scratch.resolve("spool"), 4L << 30, new Random(1));
                    var sender = SpoolSender.start(spool, kafka)) {
                if (!sender.awaitTopics(60_000)) {
                    throw new IOException("Kafka does not answer");
                }
                receive(cold, rows, spool);
                ingest(cold, rows, kafka);
                visible(spool, kafka);
            }
        }
    }

    private static List<Path> programs() {
        var target = Path.of("broker/target");
        return Stream.of(target.resolve("classes"), target.resolve("broker"))
                .filter(Files::isDirectory)
                .toList();
    }

    // Envoy's own messages over TCP, until Kafka has acknowledged the last.
    private void receive(int cold, int rows, Spool spool) throws IOException, InterruptedException {
        var intake = new Intake(spool, new Ledger(), InstantSource.system());
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var messages = messages();
        try (var server = GrpcServer.on(address, ServerLimits.xds())
                .serve(new AlsReceiver(intake))
                .start("als")) {
            var channel = Channels.to("127.0.0.1", server.port());
            var first = received(cold, messages, channel, spool);
            var took = received(rows, messages, channel, spool);
            channel.shutdownNow();
            results.row(
                    "ALS received, spooled and acknowledged by Kafka, %,d rows".formatted(rows),
                    "%s, %s (sender included); the %,d before them, after the start, %s, %s"
                            .formatted(
                                    took.perSecond(rows),
                                    took.cpuPerMillion(rows),
                                    cold,
                                    first.perSecond(cold),
                                    first.cpuPerMillion(cold)),
                    "100,000 rows/s");
        }
    }

    private static Took received(int rows, List<StreamAccessLogsMessage> messages, ManagedChannel channel, Spool spool)
            throws InterruptedException {
        var clock = new Stopwatch();
        var writer = new Writer();
        var stream = AccessLogServiceGrpc.newStub(channel).streamAccessLogs(writer);
        for (var sent = 0; sent < rows; sent += MESSAGE) {
            writer.awaitRoom();
            stream.onNext(messages.get(sent / MESSAGE % messages.size()));
        }
        stream.onCompleted();
        writer.awaitEnd();
        awaitTrue(() -> spool.pending() == 0);
        return clock.stop();
    }

    private static List<StreamAccessLogsMessage> messages() {
        // As dense as those of the questions: some minutes, not some of each minute of a day.
        var made = new LogRows(3, InstantSource.system().instant().getEpochSecond() - 86_400, 10_000_000);
        var messages = new ArrayList<StreamAccessLogsMessage>();
        for (var i = 0; i < 20_000 / MESSAGE; i++) {
            var message = StreamAccessLogsMessage.newBuilder();
            message.getIdentifierBuilder()
                    .setNode(Node.newBuilder().setId("router~10.0.0.1~edge.istio-system~cluster.local"));
            for (var k = 0; k < MESSAGE; k++) {
                message.getHttpLogsBuilder().addLogEntry(entry(made.next()));
            }
            messages.add(message.build());
        }
        return messages;
    }

    private static HTTPAccessLogEntry entry(AccessLogEntry.Builder row) {
        var entry = HTTPAccessLogEntry.newBuilder();
        entry.getCommonPropertiesBuilder()
                .setStartTime(row.getStartTime())
                .setUpstreamCluster(row.getCluster())
                .setRouteName(row.getRouteName())
                .putCustomTags("sallyport.object", row.getRouteObject())
                .putCustomTags("sallyport.rule", row.getRule())
                .putCustomTags("sallyport.digest", row.getObjectDigest());
        entry.getRequestBuilder()
                .setAuthority(row.getHost())
                .setPath(row.getPath())
                .setUserAgent(row.getUserAgent())
                .setRequestId(row.getRequestId());
        entry.getResponseBuilder().getResponseCodeBuilder().setValue((int) row.getResponseCode());
        return entry.build();
    }

    private void ingest(int cold, int rows, KafkaSettings kafka) throws StoreException, InterruptedException {
        try (var store = DuckStore.open(
                DuckSettings.local(scratch.resolve("ingested")), InstantSource.system(), KafkaSettings.TOPIC)) {
            var clock = new Stopwatch();
            try (var ingester = Ingester.start(kafka, store, InstantSource.system(), _ -> {})) {
                awaitTrue(() -> ingester.rows() >= cold);
                var early = ingester.rows();
                var first = clock.stop();
                var second = new Stopwatch();
                awaitTrue(() -> ingester.rows() >= cold + rows);
                var late = ingester.rows() - early;
                var took = second.stop();
                results.row(
                        "rows from Kafka to the store, one collector, %,d rows".formatted(late),
                        "%s, %s; the %,d before them, after the start, %s, %s"
                                .formatted(
                                        took.perSecond(late),
                                        took.cpuPerMillion(late),
                                        early,
                                        first.perSecond(early),
                                        first.cpuPerMillion(early)),
                        "100,000 rows/s, 10 CPU s per million");
            }
        }
    }

    // From the moment in which a row is received until a question finds it.
    private void visible(Spool spool, KafkaSettings kafka) throws StoreException, InterruptedException {
        var figures = new Figures();
        try (var store = DuckStore.open(
                        DuckSettings.local(scratch.resolve("ingested")), InstantSource.system(), KafkaSettings.TOPIC);
                var ingester = Ingester.start(kafka, store, InstantSource.system(), _ -> {})) {
            for (var i = 0; i < 30; i++) {
                var before = ingester.rows();
                var clock = new Stopwatch();
                spool.offer(
                        "istio-system/edge",
                        List.of(new LogRows(i, START, 1).next().build()));
                awaitTrue(() -> ingester.rows() > before);
                figures.add(clock.stop().wall());
            }
        }
        results.row("row visible in a query after it was received", figures.toString(), "2 s");
    }

    private void questions() throws StoreException, QueryException, BoundExceededException, InterruptedException {
        var rows = 10_000_000L / divisor;
        var folder = scratch.resolve("day");
        var settings = new DuckSettings(folder, 4_096, 2, Duration.ofDays(7), 64L << 30);
        try (var store = DuckStore.open(settings, () -> java.time.Instant.ofEpochSecond(START), KafkaSettings.TOPIC)) {
            var clock = new Stopwatch();
            fill(store, rows);
            var took = clock.stop();
            results.row(
                    "appended by the store alone, %,d rows".formatted(rows),
                    took.perSecond(rows) + ", " + took.cpuPerMillion(rows) + " (making the rows included)",
                    "");
        }
        try (var store = DuckStore.open(settings, () -> java.time.Instant.ofEpochSecond(START), KafkaSettings.TOPIC)) {
            results.row("bytes a row on disk", "%.1f".formatted((double) store.bytes() / rows), "1.1 x 84");
            ask(store);
            atOnce(store, rows);
        }
    }

    private static void fill(LogStore store, long rows) throws StoreException {
        var source = new LogRows(11, START, rows);
        var batch = new ArrayList<KafkaRow>(BATCH);
        for (var offset = 0L; offset < rows; offset++) {
            batch.add(new KafkaRow(0, offset, source.next().build()));
            if (batch.size() == BATCH || offset == rows - 1) {
                store.append(KafkaSettings.TOPIC, batch, Map.of(0, offset + 1));
                batch.clear();
            }
        }
    }

    /// One question, by us and as plain SQL of the engine.
    private interface Question {
        void ask() throws StoreException, QueryException, BoundExceededException;
    }

    private void ask(LogStore store) throws StoreException, QueryException, BoundExceededException {
        var questions = new Questions(store);
        var from = START * 1_000_000;
        var hour = from + 23 * 3_600_000_000L;
        var to = from + DAY_MICROS;
        var some = new String[1];
        store.read(sql("SELECT request_id FROM ", " LIMIT 1 OFFSET 777"), bounds(), values -> {
            some[0] = (String) values.getFirst();
            return true;
        });
        var range = " WHERE start_time >= " + from + " AND start_time < " + to;
        compare(
                store,
                "status per minute over 1 h",
                () -> questions.histogram(all(hour, to), 60_000_000),
                sql(
                        "SELECT start_time // 60000000, response_code // 100, count(*) FROM ",
                        " WHERE start_time >= " + hour + " AND start_time < " + to + " GROUP BY ALL"));
        compare(
                store,
                "top 20 hosts with error rate, p50 and p99, 24 h",
                () -> questions.top(all(from, to), "request.host", 20),
                sql(
                        "SELECT host, count(*) AS n, count(*) FILTER (WHERE response_code >= 500),"
                                + " quantile_cont(duration_micros, 0.5), quantile_cont(duration_micros, 0.99) FROM ",
                        range + " GROUP BY host ORDER BY n DESC LIMIT 20"));
        compare(
                store,
                "p50, p95 and p99 by route, 24 h, exact",
                () -> questions.percentiles(
                        all(from, to),
                        "request.duration",
                        List.of(0.5, 0.95, 0.99),
                        Optional.of("xds.route_name"),
                        1_000),
                sql(
                        "SELECT route_name, count(*) AS n, quantile_cont(duration_micros, [0.5, 0.95, 0.99])::VARCHAR FROM ",
                        range + " GROUP BY route_name ORDER BY n DESC LIMIT 1000"));
        dashboards(store, from, to);
        compare(
                store,
                "newest 100 of a host with a code from 500 on",
                () -> questions.search(
                        filtered("request.host == \"" + LogRows.host(7) + "\" && response.code >= 500", from, to),
                        100,
                        Optional.empty()),
                sql(
                        "SELECT * FROM ",
                        range + " AND host = '" + LogRows.host(7)
                                + "' AND response_code >= 500 ORDER BY start_time DESC LIMIT 100"));
        compare(
                store,
                "newest 100 by a rare part of the path",
                () -> questions.search(filtered("request.path.contains(\"/31337?\")", from, to), 100, Optional.empty()),
                sql("SELECT * FROM ", range + " AND contains(path, '/31337?') ORDER BY start_time DESC LIMIT 100"));
        compare(
                store,
                "by request id",
                () -> questions.search(filtered("request.id == \"" + some[0] + "\"", from, to), 100, Optional.empty()),
                sql("SELECT * FROM ", range + " AND request_id = '" + some[0] + "'"));
    }

    // The first three from sums, and the third over a day that begins in the middle of an hour.
    private void dashboards(LogStore store, long from, long to)
            throws StoreException, QueryException, BoundExceededException {
        var dashboards = new Dashboards(store);
        var quantiles = List.of(0.5, 0.95, 0.99);
        var late = 90 * 60_000_000L;
        summed("status per minute over 1 h", () -> dashboards.histogram(all(to - 3_600_000_000L, to), 60_000_000));
        summed(
                "top 20 hosts with error rate, p50 and p99, 24 h",
                () -> dashboards.top(all(from, to), "request.host", 20));
        summed(
                "p50, p95 and p99 by route, 24 h",
                () -> dashboards.percentiles(
                        all(from, to), "request.duration", quantiles, Optional.of("xds.route_name"), 1_000));
        summed(
                "p50, p95 and p99 by route, 22 h 30 min, from the middle of an hour on",
                () -> dashboards.percentiles(
                        all(from + late, to), "request.duration", quantiles, Optional.of("xds.route_name"), 1_000));
    }

    /// A question that sums must answer.
    private interface Summed {
        Optional<?> ask() throws StoreException, QueryException, BoundExceededException;
    }

    private void summed(String name, Summed question) throws StoreException, QueryException, BoundExceededException {
        var us = new ArrayList<Took>();
        // A processor's time comes in steps of ten milliseconds, so many together make one.
        for (var i = 0; i <= RUNS; i++) {
            var took = took(() -> {
                for (var k = 0; k < SUMMED; k++) {
                    if (question.ask().isEmpty()) {
                        throw new StoreException(name + " cannot be told from sums", new IllegalStateException());
                    }
                }
            });
            if (i > 0) {
                us.add(took);
            }
        }
        results.row(
                name + ", from rollups",
                "%.2f ms CPU (%.2f ms)"
                        .formatted(
                                median(us, true).toNanos() / 1e6 / SUMMED,
                                median(us, false).toNanos() / 1e6 / SUMMED),
                "5 ms");
    }

    private void compare(LogStore store, String name, Question ours, Sql plain)
            throws StoreException, QueryException, BoundExceededException {
        Question engine = () -> store.read(plain, bounds(), _ -> true);
        var us = new ArrayList<Took>();
        var them = new ArrayList<Took>();
        // The first time is not counted: it says how often a short question has to be asked.
        repeatedly(ours, REPEATED);
        var first = took(() -> repeatedly(engine, REPEATED)).cpu();
        var times = Math.clamp(REPEATED * ENOUGH.toNanos() / Math.max(1, first.toNanos()), REPEATED, MOST);
        // By turns, so that what else the machine does meets both.
        for (var i = 0; i < RUNS; i++) {
            us.add(took(() -> repeatedly(ours, times)));
            them.add(took(() -> repeatedly(engine, times)));
        }
        results.row(
                name,
                "%s CPU (%s), engine alone %s (%s)"
                        .formatted(
                                Figures.millis(median(us, true).dividedBy(times)),
                                Figures.millis(median(us, false).dividedBy(times)),
                                Figures.millis(median(them, true).dividedBy(times)),
                                Figures.millis(median(them, false).dividedBy(times))),
                "engine + 10 %");
    }

    private static void repeatedly(Question question, int times)
            throws StoreException, QueryException, BoundExceededException {
        for (var i = 0; i < times; i++) {
            question.ask();
        }
    }

    private static Duration median(List<Took> runs, boolean isCpu) {
        var sorted = runs.stream()
                .map(run -> isCpu ? run.cpu() : run.wall())
                .sorted()
                .toList();
        return sorted.get(sorted.size() / 2);
    }

    private static Took took(Question question) throws StoreException, QueryException, BoundExceededException {
        var clock = new Stopwatch();
        question.ask();
        return clock.stop();
    }

    // Rows go on coming while questions are asked one after another.
    private void atOnce(LogStore store, long before) throws StoreException, QueryException, BoundExceededException {
        var rows = 1_000_000L / divisor;
        var isAsking = new AtomicBoolean(true);
        var figures = new Figures();
        var failure = new ArrayList<Exception>();
        var questions = new Questions(store);
        var asking = Thread.ofPlatform().start(() -> {
            try {
                while (isAsking.get()) {
                    figures.add(took(() -> questions.top(
                                    all(START * 1_000_000, START * 1_000_000 + DAY_MICROS), "request.host", 20))
                            .wall());
                }
            } catch (StoreException | QueryException | BoundExceededException e) {
                failure.add(e);
            }
        });
        var source = new LogRows(12, START, rows);
        var clock = new Stopwatch();
        var batch = new ArrayList<KafkaRow>(BATCH);
        for (var i = 0L; i < rows; i++) {
            batch.add(new KafkaRow(0, before + i, source.next().build()));
            if (batch.size() == BATCH || i == rows - 1) {
                store.append(KafkaSettings.TOPIC, batch, Map.of(0, before + i + 1));
                batch.clear();
            }
        }
        var took = clock.stop();
        isAsking.set(false);
        try {
            asking.join(Duration.ofMinutes(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!failure.isEmpty()) {
            throw new StoreException("question beside ingest failed", failure.getFirst());
        }
        results.row(
                "appended while top hosts of 24 h are asked without a pause",
                took.perSecond(rows) + "; question " + figures,
                "");
    }

    private static LogStore.ReadBounds bounds() {
        return new LogStore.ReadBounds(1_000_000, 120);
    }

    private static Sql sql(String before, String after) {
        return new Sql(before, after, List.of(), START * 1_000_000, START * 1_000_000 + DAY_MICROS);
    }

    private static Selection all(long from, long to) throws QueryException {
        return filtered("", from, to);
    }

    private static Selection filtered(String filter, long from, long to) throws QueryException {
        return new Selection(READER.read(filter), from, to, Optional.empty());
    }

    private static void awaitTrue(java.util.function.BooleanSupplier condition) {
        var clock = new Stopwatch();
        while (!condition.getAsBoolean()) {
            if (clock.stop().wall().compareTo(PATIENCE) > 0) {
                throw new IllegalStateException("not done after " + PATIENCE);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /// Time on the wall and of the processors, of this process.
    private record Took(Duration wall, Duration cpu) {

        String perSecond(long rows) {
            return "%,.0f rows/s".formatted(rows / (wall.toNanos() / 1e9));
        }

        String cpuPerMillion(long rows) {
            return "%.1f CPU s per million".formatted(cpu.toNanos() / 1e9 / rows * 1e6);
        }
    }

    /// Begins when it is made.
    private static final class Stopwatch {

        private static final OperatingSystemMXBean SYSTEM =
                (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

        private final long start = System.nanoTime();
        private final long cpu = SYSTEM.getProcessCpuTime();

        Took stop() {
            return new Took(
                    Duration.ofNanos(System.nanoTime() - start), Duration.ofNanos(SYSTEM.getProcessCpuTime() - cpu));
        }
    }

    /// Sends no faster than the connection takes.
    private static final class Writer
            implements ClientResponseObserver<StreamAccessLogsMessage, StreamAccessLogsResponse> {

        private final CountDownLatch end = new CountDownLatch(1);
        private volatile @Nullable ClientCallStreamObserver<StreamAccessLogsMessage> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<StreamAccessLogsMessage> requests) {
            call = requests;
            requests.setOnReadyHandler(() -> {});
        }

        void awaitRoom() {
            var open = call;
            while (open == null || !open.isReady()) {
                LockSupport.parkNanos(50_000);
                open = call;
            }
        }

        void awaitEnd() throws InterruptedException {
            if (!end.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("the stream does not end");
            }
        }

        @Override
        public void onNext(StreamAccessLogsResponse response) {
            // Says nothing.
        }

        @Override
        public void onError(Throwable failure) {
            throw new IllegalStateException("the stream failed", failure);
        }

        @Override
        public void onCompleted() {
            end.countDown();
        }
    }
}
