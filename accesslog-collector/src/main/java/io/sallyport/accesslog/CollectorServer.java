package io.sallyport.accesslog;

import io.grpc.BindableService;
import io.grpc.ServerInterceptors;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.trace.Tracer;
import io.sallyport.accesslog.api.AccessLogApi;
import io.sallyport.accesslog.api.LateApi;
import io.sallyport.accesslog.api.Tails;
import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.accesslog.config.RuleList;
import io.sallyport.accesslog.config.RunningConfiguration;
import io.sallyport.accesslog.ingest.Gap;
import io.sallyport.accesslog.ingest.Ingester;
import io.sallyport.accesslog.ingest.TopicTail;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.KeptBroker;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.receive.AlsReceiver;
import io.sallyport.accesslog.receive.FileFollower;
import io.sallyport.accesslog.receive.Intake;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.LedgerFolder;
import io.sallyport.accesslog.receive.OtlpReceiver;
import io.sallyport.accesslog.storage.ClickHouseSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.telemetry.TracedCalls;
import java.io.IOException;
import java.nio.file.Files;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The wiring of accesslog-collector. Rows are taken from the first moment on, into the spool. The store
/// opens with the first row or question, and a broker of our own starts with the first row: who logs nothing
/// pays for nothing, and nobody's start waits for Kafka.
public final class CollectorServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CollectorServer.class);
    // All but Tail, which lasts for as long as somebody looks, and ListAttributes, which asks the store nothing.
    private static final Set<String> QUESTIONS = Set.of(
            "Search",
            "Histogram",
            "Top",
            "Percentiles",
            "Distinct",
            "GetRequest",
            "Compare",
            "Export",
            "Completeness",
            "ListRules");
    private static final long PATIENCE_MILLIS = 60_000;
    private static final long PAUSE_MILLIS = 1_000;

    private final CollectorSettings settings;
    private final ConfigurationSource configuration;
    private final InstantSource clock;
    private final Tracer tracer;
    private final Lifecycle parts = new Lifecycle();
    private final Ledger ledger = new Ledger();
    private final Tails tails = new Tails();
    private final Spool spool;
    private final Intake intake;
    private final AlsReceiver receiver;
    private final OtlpReceiver telemetry;
    private final LateApi api;
    private final CountDownLatch wanted = new CountDownLatch(1);
    private final CountDownLatch rows = new CountDownLatch(1);
    private final CountDownLatch stop = new CountDownLatch(1);
    // Of the starting thread alone.
    private @Nullable KafkaSettings reached;
    private @Nullable LogStore store;
    private final Thread starting =
            Thread.ofPlatform().name("collector-start").daemon().unstarted(this::startRest);
    private volatile @Nullable Ingester ingester;
    private volatile @Nullable SpoolSender sender;
    private volatile Optional<String> missing = Optional.of("no row has come yet");

    private CollectorServer(
            CollectorSettings settings,
            ConfigurationSource configuration,
            InstantSource clock,
            Spool spool,
            Tracer tracer) {
        var traces = new RowTraces(tracer, clock);
        this.tracer = tracer;
        this.settings = settings;
        this.configuration = configuration;
        this.clock = clock;
        this.spool = spool;
        this.intake = new Intake(
                (proxy, rows) -> {
                    begin();
                    return traces.offer(proxy, rows, spool);
                },
                ledger,
                clock,
                new RunningConfiguration(configuration, clock),
                settings.rules());
        this.receiver = new AlsReceiver(intake);
        this.telemetry = new OtlpReceiver(intake);
        this.api = new LateApi(wanted::countDown);
    }

    /// Starts it; returns when rows are taken.
    public static CollectorServer start(
            CollectorSettings settings,
            ConfigurationSource configuration,
            InstantSource clock,
            RandomGenerator random,
            Tracer tracer)
            throws IOException {
        var spool = Spool.open(settings.spool(), settings.spoolBytes(), random);
        var server = new CollectorServer(settings, configuration, clock, spool, tracer);
        server.parts.started("spool", spool);
        server.parts.started(
                "ledger",
                LedgerFolder.open(
                        settings.ledger(), server.ledger, settings.store().maxAge(), clock));
        for (var file : settings.files()) {
            var mark = settings.ledger().resolve(file.proxy().toString().replace('/', '_') + ".file");
            server.parts.started(
                    "log file " + file.path(), FileFollower.start(file.path(), mark, file.proxy(), server.intake));
        }
        if (settings.kafka().isPresent()) {
            server.begin();
        }
        server.starting.start();
        return server;
    }

    /// Starts what is behind the spool now, whether or not a row has come.
    public void begin() {
        if (rows.getCount() > 0) {
            wanted.countDown();
            rows.countDown();
        }
    }

    /// Goes on with what an earlier process left in the queue. To be called when nothing more urgent is to be done.
    public void resume() {
        if (spool.pending() > 0 || Files.exists(settings.brokerFolder())) {
            begin();
        }
    }

    // An owner loop: what cannot start now may later.
    private void startRest() {
        while (stop.getCount() > 0) {
            try {
                wanted.await();
                var store = store();
                api.ready(() -> new AccessLogApi(store, ledger, tails, new RuleList(configuration), clock));
                rows.await();
                var kafka = kafka();
                var sending = sendTo(kafka);
                if (!sending.awaitTopics(PATIENCE_MILLIS)) {
                    var trouble = sending.trouble();
                    throw new IOException("Kafka does not take rows, they wait in the spool"
                            + (trouble == null ? "" : ": " + trouble));
                }
                ingester = parts.started(
                        "ingester", Ingester.start(kafka, store, clock, followers(kafka), this::lost, tracer));
                missing = Optional.empty();
                return;
            } catch (IOException | StoreException e) {
                missing = Optional.of(String.valueOf(e.getMessage()));
                log.atWarn().setCause(e).log("Access logs are only spooled");
            } catch (InterruptedException e) {
                return;
            } catch (KafkaException | IllegalStateException | IllegalArgumentException e) {
                missing = Optional.of(String.valueOf(e.getMessage()));
                log.atError().setCause(e).log("Collector cannot start");
            }
            pause();
        }
    }

    // Collectors that share a store have a part of its rows each: who follows wants all of them.
    private Consumer<List<KafkaRow>> followers(KafkaSettings kafka) throws InterruptedException {
        return switch (settings.store()) {
            case DuckSettings _ -> tails::stored;
            case ClickHouseSettings _ -> {
                var tail = parts.started("tail", new TopicTail(kafka, tails::isFollowed, tails::stored));
                tails.readFrom(tail::begin);
                yield _ -> {};
            }
        };
    }

    private void lost(Gap gap) {
        ledger.lostInKafka(gap.partition().toString(), gap.second(), gap.cause().label(), gap.rows());
    }

    private LogStore store() throws StoreException {
        var open = store;
        if (open == null) {
            var topic = settings.kafka().map(KafkaSettings::topic).orElse(KafkaSettings.TOPIC);
            open = parts.started("rows", settings.store().open(clock, topic));
            store = open;
        }
        return open;
    }

    private KafkaSettings kafka() throws IOException, InterruptedException {
        var known = reached;
        if (known == null) {
            known = settings.kafka().isPresent() ? settings.kafka().get() : ownBroker();
            reached = known;
        }
        return known;
    }

    private SpoolSender sendTo(KafkaSettings kafka) {
        var sending = sender;
        if (sending == null) {
            sending = parts.started("spool sender", SpoolSender.start(spool, kafka));
            sender = sending;
        }
        return sending;
    }

    private KafkaSettings ownBroker() throws IOException, InterruptedException {
        var broker = KeptBroker.start(settings.broker(), settings.brokerFolder());
        parts.started("broker", broker);
        if (!broker.awaitStart(PATIENCE_MILLIS)) {
            broker.close();
            throw new IOException(
                    "Kafka does not start, see " + settings.brokerFolder().resolve("broker.log"));
        }
        return KafkaSettings.local(broker.bootstrapServers());
    }

    private void pause() {
        try {
            stop.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// For proxies: Envoy's access log service, and OpenTelemetry's.
    public List<BindableService> receiver() {
        return List.of(receiver, telemetry);
    }

    /// For people and tools: `AccessLogService`.
    public List<BindableService> api() {
        return List.of(() -> ServerInterceptors.intercept(api, new TracedCalls(tracer, QUESTIONS)));
    }

    /// What proxies are asked for their own counts is noted here.
    public Ledger ledger() {
        return ledger;
    }

    /// Why questions cannot be answered yet; empty when they can.
    public Optional<String> missing() {
        return missing;
    }

    /// Registers what there is to measure.
    public void measure(MeterRegistry meters) {
        CollectorMeters.register(meters, receiver, spool, intake, ledger, clock);
        Gauge.builder("sallyport_accesslog_ready", this, each -> each.isStoring() ? 1 : 0)
                .description("1 when rows go into the store; 0: they are only spooled, or none has come yet.")
                .register(meters);
        Gauge.builder("sallyport_accesslog_rows_waiting", this, CollectorServer::waiting)
                .description("Rows that Kafka has taken since the start and the store has not.")
                .register(meters);
        FunctionCounter.builder("sallyport_accesslog_rows_queued", this, each -> each.queued())
                .description("Rows that Kafka has taken.")
                .register(meters);
        FunctionCounter.builder("sallyport_accesslog_rows_stored", this, each -> each.stored())
                .description("Rows that the store has taken.")
                .register(meters);
        FunctionCounter.builder("sallyport_accesslog_rows_aside", this, each -> each.aside())
                .description("Records of Kafka that cannot be read, and were put aside.")
                .register(meters);
        for (var cause : Gap.Cause.values()) {
            CollectorMeters.lost(meters, cause.label(), this, each -> each.lost(cause));
        }
    }

    private double waiting() {
        var gone = 0.0;
        for (var cause : Gap.Cause.values()) {
            gone += lost(cause);
        }
        return Math.max(0, queued() - stored() - aside() - gone);
    }

    private boolean isStoring() {
        var now = ingester;
        return now != null && now.trouble() == null && missing().isEmpty();
    }

    private double queued() {
        var now = sender;
        return now == null ? 0 : now.acknowledged();
    }

    private double stored() {
        var now = ingester;
        return now == null ? 0 : now.rows();
    }

    private double lost(Gap.Cause cause) {
        var now = ingester;
        return now == null ? 0 : now.lost(cause);
    }

    private double aside() {
        var now = ingester;
        return now == null ? 0 : now.aside();
    }

    @Override
    public void close() {
        stop.countDown();
        starting.interrupt();
        parts.close();
    }
}
