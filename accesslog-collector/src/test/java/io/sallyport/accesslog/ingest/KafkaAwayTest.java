package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.receive.Intake;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestBroker;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.runtime.telemetry.Telemetry;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What happens when Kafka is away, when it holds what nobody can read, and when two collectors share it.
class KafkaAwayTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration AWAY =
            Boolean.getBoolean("sallyport.nightly") ? Duration.ofMinutes(10) : Duration.ofSeconds(15);
    // Of 50 rows each, over all the time that it is away: about 2 MB, half of what fits.
    private static final int PORTIONS = 160;

    @TempDir
    static Path shared;

    private static TestBroker broker;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws Exception {
        broker = TestBroker.start(shared.resolve("kafka"));
    }

    @AfterAll
    static void stop() throws Exception {
        broker.close();
    }

    private static KafkaSettings topic(String name) {
        return new KafkaSettings(broker.settings().bootstrapServers(), name, 4, (short) 1, Optional.empty(), Map.of());
    }

    private LogStore store() throws Exception {
        return DuckStore.open(DuckSettings.local(folder.resolve("rows")), InstantSource.system(), KafkaSettings.TOPIC);
    }

    @Test
    @Tag("F12")
    void nothingIsLostWhileKafkaIsAwayAndWhatTheSpoolRefusesIsCounted() throws Exception {
        var settings = topic("away");
        var ledger = new Ledger();
        var proxy = new Proxy("istio-system", "edge");
        try (var store = store();
                var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1));
                var sender = SpoolSender.start(spool, settings)) {
            var intake = new Intake(spool, ledger, InstantSource.system());
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            try (var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                intake.take(proxy, rows(0, 100));
                await().atMost(PATIENCE).until(() -> ingester.rows() == 100);
                broker.kill();
                var sent = new AtomicInteger(100);
                var end = InstantSource.system().instant().plus(AWAY);
                await().pollInterval(AWAY.dividedBy(PORTIONS))
                        .atMost(AWAY.plus(PATIENCE))
                        .until(() -> {
                            if (sent.get() < PORTIONS * 50) {
                                intake.take(proxy, rows(sent.get(), sent.addAndGet(50)));
                            }
                            return InstantSource.system().instant().isAfter(end);
                        });
                assertThat(lost(ledger)).isZero();
                assertThat(spool.pending()).isEqualTo(sent.get() - 100);
                while (lost(ledger) == 0) {
                    intake.take(proxy, rows(sent.get(), sent.addAndGet(1_000)));
                }
                broker.again();
                var kept = sent.get() - lost(ledger);
                await().atMost(PATIENCE).until(() -> spool.pending() == 0);
                await().atMost(PATIENCE).until(() -> RowsExactlyOnceTest.number(store, "count(*)", "") >= kept);

                assertThat(RowsExactlyOnceTest.number(store, "count(DISTINCT request_id)", ""))
                        .isEqualTo(RowsExactlyOnceTest.number(store, "count(*)", ""))
                        .isEqualTo(kept);
            }
        }
    }

    private static long lost(Ledger ledger) {
        return ledger.lines(0, Long.MAX_VALUE).stream()
                .mapToLong(line -> line.lost().getOrDefault(Intake.SPOOL_FULL, 0L))
                .sum();
    }

    private static List<AccessLogEntry.Builder> rows(int from, int to) {
        var rows = new ArrayList<AccessLogEntry.Builder>();
        for (var i = from; i < to; i++) {
            rows.add(Rows.row(InstantSource.system().instant(), "r" + i).setUserAgent("x".repeat(60)));
        }
        return rows;
    }

    @Test
    @Tag("F13")
    @Tag("H88")
    void whatNobodyCanReadIsPutAsideAndTheRestGoesOn() throws Exception {
        var settings = topic("poison");
        var poison = List.of(
                new byte[0],
                new byte[] {1, 2, 3},
                "{\"json\": true}".getBytes(StandardCharsets.UTF_8),
                new byte[] {0, 0, 0, 0, 7, 1},
                new byte[300_000],
                AccessLogEntry.getDefaultInstance().toByteArray(),
                java.util.Arrays.copyOf(Rows.row(Rows.START, "cut").build().toByteArray(), 20));
        try (var store = store();
                var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1));
                var sender = SpoolSender.start(spool, settings);
                var producer = new KafkaProducer<byte[], byte[]>(Map.of(
                        "bootstrap.servers", settings.bootstrapServers(),
                        "key.serializer", ByteArraySerializer.class.getName(),
                        "value.serializer", ByteArraySerializer.class.getName()))) {
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            for (var i = 0; i < poison.size(); i++) {
                producer.send(new ProducerRecord<>("poison", 0, null, poison.get(i)))
                        .get(30, TimeUnit.SECONDS);
                var row = Rows.row(Rows.START, "good-" + i).build();
                producer.send(new ProducerRecord<>("poison", 0, null, row.toByteArray()))
                        .get(30, TimeUnit.SECONDS);
            }
            producer.send(new ProducerRecord<byte[], byte[]>("poison", 0, null, null))
                    .get(30, TimeUnit.SECONDS);
            try (var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                await().atMost(PATIENCE)
                        .until(() -> store.next(settings.topic()).getOrDefault(0, 0L) == 2L * poison.size() + 1);

                assertThat(ingester.aside()).isEqualTo(poison.size() + 1);
                assertThat(RowsExactlyOnceTest.number(store, "count(*)", "")).isEqualTo(poison.size());
                assertThat(asideOffsets(settings)).containsExactly("0", "2", "4", "6", "8", "10", "12", "14");
            }
        }
    }

    @Test
    @Tag("H89")
    void whatIsTooLargeUnpackedIsPutAsideAndWhatWasTakenBackIsNeverSeen() throws Exception {
        var settings = topic("bombs");
        try (var store = store();
                var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1));
                var sender = SpoolSender.start(spool, settings)) {
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            var sent = 0;
            for (var codec : List.of("gzip", "lz4", "snappy", "zstd")) {
                try (var producer = new KafkaProducer<byte[], byte[]>(Map.of(
                        "bootstrap.servers",
                        settings.bootstrapServers(),
                        "compression.type",
                        codec,
                        "max.request.size",
                        64 << 20,
                        "transactional.id",
                        "bomb-" + codec,
                        "key.serializer",
                        ByteArraySerializer.class.getName(),
                        "value.serializer",
                        ByteArraySerializer.class.getName()))) {
                    producer.initTransactions();
                    producer.beginTransaction();
                    // A few KB as Kafka has it, and a row that would be one if it were smaller.
                    var large = Rows.row(Rows.START, "large").setRawText("x".repeat(6 << 20));
                    send(producer, large);
                    send(producer, Rows.row(Rows.START, "good-" + codec));
                    producer.commitTransaction();
                    producer.beginTransaction();
                    send(producer, Rows.row(Rows.START, "taken-back-" + codec));
                    producer.abortTransaction();
                    sent++;
                }
            }
            var good = sent;
            try (var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                await().atMost(PATIENCE).until(() -> ingester.rows() >= good && ingester.aside() >= good);

                assertThat(ingester.aside()).isEqualTo(good);
                assertThat(RowsExactlyOnceTest.number(store, "count(*)", "")).isEqualTo(good);
                assertThat(RowsExactlyOnceTest.number(store, "count(*)", " WHERE request_id LIKE 'good-%'"))
                        .isEqualTo(good);
                assertThat(asideOffsets(settings)).hasSize(good);
            }
        }
    }

    @Test
    @Tag("H89")
    void whatIsDamagedOnTheDiskOfKafkaIsCountedAndEverythingAroundItIsStored() throws Exception {
        var settings = topic("damaged");
        var gaps = new CopyOnWriteArrayList<Gap>();
        try (var store = store();
                var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1));
                var sender = SpoolSender.start(spool, settings);
                var producer = new KafkaProducer<byte[], byte[]>(
                        Map.of("bootstrap.servers", settings.bootstrapServers(), "linger.ms", "60000"),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            for (var size : List.of(1, 1, 1, 1, 6, 20, 1, 4, 1, 1)) {
                for (var i = 0; i < size; i++) {
                    var row = Rows.row(Rows.START, size + "-" + i).build();
                    var _ = producer.send(new ProducerRecord<>("damaged", 0, null, row.toByteArray()));
                }
                producer.flush();
            }
            // One alone, two side by side, and the last one that there is.
            damage(Set.of(3L, 10L, 30L, 36L));
            try (var ingester = Ingester.start(
                    settings,
                    store,
                    InstantSource.system(),
                    _ -> {},
                    gaps::add,
                    Telemetry.none().tracer())) {
                await().atMost(PATIENCE)
                        .until(() -> store.next(settings.topic()).getOrDefault(0, 0L) == 37);
                await().atMost(PATIENCE).until(() -> gaps.size() == 4);

                assertThat(gaps)
                        .extracting(Gap::first, Gap::next, Gap::cause)
                        .containsExactly(
                                tuple(3L, 4L, Gap.Cause.CORRUPT),
                                tuple(10L, 30L, Gap.Cause.CORRUPT),
                                tuple(30L, 31L, Gap.Cause.CORRUPT),
                                tuple(36L, 37L, Gap.Cause.CORRUPT));
                assertThat(ingester.lost(Gap.Cause.CORRUPT)).isEqualTo(23);
                assertThat(RowsExactlyOnceTest.number(store, "count(DISTINCT kafka_offset)", ""))
                        .isEqualTo(RowsExactlyOnceTest.number(store, "count(*)", ""))
                        .isEqualTo(37 - 23);
                assertThat(asideOffsets(settings)).containsExactly("3", "10", "30", "36");

                var later = Rows.row(Rows.START, "later").build();
                var _ = producer.send(new ProducerRecord<>("damaged", 0, null, later.toByteArray()));
                producer.flush();
                await().atMost(PATIENCE)
                        .until(() -> store.next(settings.topic()).getOrDefault(0, 0L) == 38);
                assertThat(ingester.trouble()).isNull();
            }
        }
    }

    // Turns a byte over in each of the batches that begin at these offsets.
    private static void damage(Set<Long> offsets) throws Exception {
        var file = shared.resolve("kafka/data/damaged-0/00000000000000000000.log");
        try (var log = new RandomAccessFile(file.toFile(), "rw")) {
            var found = 0;
            for (var at = 0L; at < log.length(); ) {
                log.seek(at);
                var base = log.readLong();
                var end = at + 12 + log.readInt();
                if (offsets.contains(base)) {
                    log.seek(end - 1);
                    var last = log.read();
                    log.seek(end - 1);
                    log.write(~last);
                    found++;
                }
                at = end;
            }
            assertThat(found).isEqualTo(offsets.size());
        }
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, AccessLogEntry.Builder row) throws Exception {
        producer.send(new ProducerRecord<>("bombs", 0, null, row.build().toByteArray()))
                .get(30, TimeUnit.SECONDS);
    }

    @Test
    @Tag("H91")
    void whatKafkaHasDeletedIsCountedAndAnotherTopicIsNeverTakenForTheKnownOne() throws Exception {
        var settings = topic("deleted");
        try (var store = store();
                var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1));
                var sender = SpoolSender.start(spool, settings);
                var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", settings.bootstrapServers()))) {
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            spool.offer("ns/edge", built(0, 20));
            await().atMost(PATIENCE).until(() -> spool.pending() == 0);
            var partition = partition(admin, 20);
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(5)))
                    .all()
                    .get(30, TimeUnit.SECONDS);
            store.append(settings.topic(), List.of(), Map.of(partition.partition(), 2L));
            try (var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                await().atMost(PATIENCE).until(() -> ingester.rows() == 15);

                assertThat(ingester.lost(Gap.Cause.DELETED)).isEqualTo(3);
                assertThat(RowsExactlyOnceTest.number(store, "min(kafka_offset)", ""))
                        .isEqualTo(5);
            }

            // As a topic of this name that was made anew.
            store.append(settings.topic(), List.of(), Map.of(partition.partition(), 1_000L));
            try (var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                await().atMost(PATIENCE).until(() -> ingester.trouble() != null);

                assertThat(ingester.trouble())
                        .contains(
                                "\"" + settings.bootstrapServers() + "\"",
                                "deleted-" + partition.partition() + " ends at offset 20, and rows up to 1000",
                                "made anew, or is another cluster's");
                assertThat(ingester.rows()).isZero();
                assertThat(store.next(settings.topic())).containsEntry(partition.partition(), 1_000L);
            }
        }
    }

    @Test
    @Tag("H90")
    @Tag("H91")
    void aTopicThatWasMadeAnewIsReadFromItsStartAndWhatWasLostWithTheOldOneIsCounted() throws Exception {
        var settings = new KafkaSettings(
                broker.settings().bootstrapServers(), "anew", 1, (short) 1, Optional.empty(), Map.of());
        var gaps = new CopyOnWriteArrayList<Gap>();
        try (var real = store();
                var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", settings.bootstrapServers()));
                var producer = new KafkaProducer<byte[], byte[]>(
                        Map.of("bootstrap.servers", settings.bootstrapServers()),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            make(admin, "anew");
            send(producer, "anew", "old", 0, 5);
            // The old topic still has three that the store has not taken when it goes.
            var isFull = new AtomicBoolean();
            var store = new ForwardingStore(real) {
                @Override
                LogStore whole() throws StoreException {
                    if (isFull.get()) {
                        throw new StoreException("full");
                    }
                    return super.whole();
                }
            };
            try (var ingester = Ingester.start(
                    settings,
                    store,
                    InstantSource.system(),
                    _ -> {},
                    gaps::add,
                    Telemetry.none().tracer())) {
                await().atMost(PATIENCE).until(() -> ingester.rows() == 5);
                isFull.set(true);
                send(producer, "anew", "old", 5, 8);
                await().atMost(PATIENCE).until(() -> ingester.trouble() != null);
                admin.deleteTopics(List.of("anew")).all().get(30, TimeUnit.SECONDS);
                await().atMost(PATIENCE)
                        .until(() -> !admin.listTopics()
                                .names()
                                .get(30, TimeUnit.SECONDS)
                                .contains("anew"));
                make(admin, "anew");
                send(producer, "anew", "new", 0, 9);
                isFull.set(false);
                await().atMost(PATIENCE).until(() -> ingester.rows() == 14);

                assertThat(RowsExactlyOnceTest.number(real, "count(DISTINCT request_id)", ""))
                        .isEqualTo(RowsExactlyOnceTest.number(real, "count(*)", ""))
                        .isEqualTo(14);
                assertThat(real.next("anew")).containsExactly(Map.entry(0, 5L));
                assertThat(real.topics()).hasSize(2);
                var second = real.topics().lastKey();
                assertThat(second).startsWith("anew~");
                assertThat(real.next(second)).containsExactly(Map.entry(0, 9L));
                assertThat(ingester.trouble()).isNull();
                assertThat(gaps)
                        .extracting(Gap::first, Gap::next, Gap::cause)
                        .containsExactly(tuple(5L, 8L, Gap.Cause.TOPIC_GONE));
                assertThat(ingester.lost(Gap.Cause.TOPIC_GONE)).isEqualTo(3);
            }
            // The same topic again, by another process.
            send(producer, "anew", "more", 0, 2);
            try (var ingester = Ingester.start(
                    settings,
                    store,
                    InstantSource.system(),
                    _ -> {},
                    gaps::add,
                    Telemetry.none().tracer())) {
                await().atMost(PATIENCE).until(() -> ingester.rows() == 2);

                assertThat(real.topics()).hasSize(2);
            }
        }
    }

    @Test
    @Tag("H91")
    void anotherClusterIsNeverRead() throws Exception {
        var settings = topic("cluster");
        try (var store = store();
                var other = TestBroker.start(folder.resolve("other"));
                var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", settings.bootstrapServers()));
                var elsewhere = Admin.create(Map.<String, Object>of(
                        "bootstrap.servers", other.settings().bootstrapServers()))) {
            make(admin, "cluster");
            try (var producer = producer(settings);
                    var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                send(producer, "cluster", "mine", 0, 3);
                await().atMost(PATIENCE).until(() -> ingester.rows() == 3);
            }
            // It has more rows than are stored, so their offsets alone do not tell.
            var there = new KafkaSettings(
                    other.settings().bootstrapServers(), "cluster", 1, (short) 1, Optional.empty(), Map.of());
            make(elsewhere, "cluster");
            try (var producer = producer(there);
                    var ingester = Ingester.start(there, store, InstantSource.system(), _ -> {})) {
                send(producer, "cluster", "theirs", 0, 10);
                await().atMost(PATIENCE).until(() -> ingester.trouble() != null);

                assertThat(ingester.trouble())
                        .contains("\"" + there.bootstrapServers() + "\"")
                        .contains("answers, and the stored rows of topic \"cluster\" are of cluster \""
                                + admin.describeCluster().clusterId().get(30, TimeUnit.SECONDS) + "\"");
                assertThat(ingester.rows()).isZero();
            }
            try (var producer = producer(settings);
                    var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                send(producer, "cluster", "mine", 3, 5);
                await().atMost(PATIENCE).until(() -> ingester.rows() == 2);

                assertThat(RowsExactlyOnceTest.number(store, "count(*)", " WHERE request_id LIKE 'mine-%'"))
                        .isEqualTo(RowsExactlyOnceTest.number(store, "count(*)", ""))
                        .isEqualTo(5);
            }
        }
    }

    private static KafkaProducer<byte[], byte[]> producer(KafkaSettings settings) {
        return new KafkaProducer<>(
                Map.of("bootstrap.servers", settings.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private static void make(Admin admin, String topic) throws Exception {
        admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get(30, TimeUnit.SECONDS);
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, String topic, String id, int from, int to)
            throws Exception {
        for (var i = from; i < to; i++) {
            var row = Rows.row(Rows.START, id + "-" + i).build();
            producer.send(new ProducerRecord<>(topic, 0, null, row.toByteArray()))
                    .get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    @Tag("H91")
    void partitionsThatAreAddedAreReadByTheGroupOfTheTopic() throws Exception {
        var settings = topic("grown");
        var servers = settings.bootstrapServers();
        try (var store = store();
                var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1));
                var sender = SpoolSender.start(spool, settings);
                var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", servers))) {
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            spool.offer("ns/edge", built(0, 1));
            try (var ingester = Ingester.start(settings, store, InstantSource.system(), _ -> {})) {
                await().atMost(PATIENCE).until(() -> ingester.rows() == 1);
                admin.createPartitions(Map.of("grown", NewPartitions.increaseTo(5)))
                        .all()
                        .get(30, TimeUnit.SECONDS);
                try (var producer = new KafkaProducer<byte[], byte[]>(
                        Map.of("bootstrap.servers", servers), new ByteArraySerializer(), new ByteArraySerializer())) {
                    var row = Rows.row(Rows.START, "added").build();
                    producer.send(new ProducerRecord<>("grown", 4, null, row.toByteArray()))
                            .get(30, TimeUnit.SECONDS);
                }
                await().atMost(PATIENCE).until(() -> ingester.rows() == 2);

                assertThat(store.next(settings.topic())).containsEntry(4, 1L);
                assertThat(admin.describeConsumerGroups(List.of("sallyport-accesslog.grown"))
                                .all()
                                .get(30, TimeUnit.SECONDS)
                                .values())
                        .singleElement()
                        .satisfies(group -> assertThat(group.members()).hasSize(1));
            }
        }
    }

    private static List<AccessLogEntry> built(int from, int to) {
        return rows(from, to).stream().map(AccessLogEntry.Builder::build).toList();
    }

    // The one that all rows of one proxy are in.
    private static TopicPartition partition(Admin admin, long end) throws Exception {
        var all = IntStream.range(0, 4)
                .mapToObj(i -> new TopicPartition("deleted", i))
                .collect(Collectors.toMap(each -> each, _ -> OffsetSpec.latest()));
        return admin.listOffsets(all).all().get(30, TimeUnit.SECONDS).entrySet().stream()
                .filter(each -> each.getValue().offset() == end)
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    private static List<String> asideOffsets(KafkaSettings settings) {
        var found = new ArrayList<String>();
        try (var consumer = new KafkaConsumer<byte[], byte[]>(Map.of(
                "bootstrap.servers", settings.bootstrapServers(),
                "key.deserializer", ByteArrayDeserializer.class.getName(),
                "value.deserializer", ByteArrayDeserializer.class.getName()))) {
            var place = new TopicPartition(settings.asideTopic(), 0);
            consumer.assign(List.of(place));
            consumer.seekToBeginning(List.of(place));
            var end = consumer.endOffsets(List.of(place)).getOrDefault(place, 0L);
            while (consumer.position(place) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(record -> {
                    assertThat(record.headers().lastHeader("reason").value()).isNotEmpty();
                    found.add(new String(record.headers().lastHeader("offset").value(), StandardCharsets.UTF_8));
                });
            }
        }
        return found;
    }

    @Test
    @Tag("F11")
    void twoCollectorsShareTheWorkAndOneMayLeave() throws Exception {
        var settings = topic("shared");
        try (var store = store();
                var spool = Spool.open(folder.resolve("spool"), 32 << 20, new Random(1));
                var sender = SpoolSender.start(spool, settings)) {
            assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
            var first = new HashSet<Integer>();
            var second = new HashSet<Integer>();
            try (var stays = Ingester.start(
                    settings, store, InstantSource.system(), rows -> rows.forEach(row -> first.add(row.partition())))) {
                var rows = new AtomicInteger();
                try (var leaves = Ingester.start(
                        settings,
                        store,
                        InstantSource.system(),
                        batch -> batch.forEach(row -> second.add(row.partition())))) {
                    await("both have rows")
                            .pollInterval(Duration.ofMillis(20))
                            .atMost(PATIENCE)
                            .until(() -> {
                                rows.addAndGet(offer(spool, rows.get()));
                                return stays.rows() > 0 && leaves.rows() > 0;
                            });
                }
                rows.addAndGet(offer(spool, rows.get()));
                var expected = rows.longValue();
                await().atMost(PATIENCE).until(() -> RowsExactlyOnceTest.number(store, "count(*)", "") >= expected);

                assertThat(RowsExactlyOnceTest.number(store, "count(DISTINCT request_id)", ""))
                        .isEqualTo(RowsExactlyOnceTest.number(store, "count(*)", ""))
                        .isEqualTo(expected);
            }
        }
    }

    private static int offer(Spool spool, int from) {
        var count = 0;
        for (var key = 0; key < 16; key++) {
            var batch = new ArrayList<AccessLogEntry>();
            for (var i = 0; i < 10; i++) {
                batch.add(Rows.row(Rows.START, "s" + (from + count++)).build());
            }
            assertThat(spool.offer("ns/proxy-" + key, batch)).isEqualTo(10);
        }
        return count;
    }
}
