package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopicTailTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    @Test
    void whoFollowsSeesTheRowsOfAllPartitionsFromThenOn() throws Exception {
        try (var broker = TestBroker.start(folder.resolve("kafka"))) {
            var servers = broker.settings().bootstrapServers();
            var settings = new KafkaSettings(servers, "followed", 3, (short) 1, Optional.empty(), Map.of());
            var isFollowed = new AtomicBoolean(true);
            var seen = new CopyOnWriteArrayList<KafkaRow>();
            try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", servers));
                    var producer = new KafkaProducer<byte[], byte[]>(
                            Map.of("bootstrap.servers", servers),
                            new ByteArraySerializer(),
                            new ByteArraySerializer());
                    var tail = new TopicTail(settings, isFollowed::get, seen::addAll)) {
                admin.createTopics(List.of(new NewTopic("followed", 3, (short) 1)))
                        .all()
                        .get(30, TimeUnit.SECONDS);
                send(producer, 0, Rows.row(Rows.START, "before").build().toByteArray());

                tail.begin();
                send(producer, 1, new byte[] {1, 2, 3});
                for (var partition = 0; partition < 3; partition++) {
                    send(
                            producer,
                            partition,
                            Rows.row(Rows.START, "row-" + partition).build().toByteArray());
                }
                await().atMost(PATIENCE).until(() -> seen.size() == 3);
                admin.createPartitions(Map.of("followed", NewPartitions.increaseTo(4)))
                        .all()
                        .get(30, TimeUnit.SECONDS);
                send(producer, 3, Rows.row(Rows.START, "row-3").build().toByteArray());
                await().atMost(PATIENCE).until(() -> seen.size() == 4);

                assertThat(seen)
                        .extracting(row -> row.entry().getRequestId())
                        .containsExactlyInAnyOrder("row-0", "row-1", "row-2", "row-3");

                isFollowed.set(false);
                await().atMost(PATIENCE).until(() -> !tail.isReading());
                send(producer, 0, Rows.row(Rows.START, "nobody").build().toByteArray());
                isFollowed.set(true);
                tail.begin();
                send(producer, 0, Rows.row(Rows.START, "again").build().toByteArray());
                await().atMost(PATIENCE).until(() -> seen.size() == 5);

                assertThat(seen.getLast().entry().getRequestId()).isEqualTo("again");
                assertThat(admin.listGroups().all().get(30, TimeUnit.SECONDS)).isEmpty();
            }
        }
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, int partition, byte[] value) throws Exception {
        producer.send(new ProducerRecord<>("followed", partition, null, value)).get(30, TimeUnit.SECONDS);
    }
}
