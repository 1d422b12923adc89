package io.sallyport.accesslog.queue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/// Keeps records that nobody can read in a topic of their own, with where they came from and why. The client
/// is only made when there is one.
public final class Aside implements AutoCloseable {

    private static final int MAX_REASON = 500;
    private static final int MAX_BYTES = 256 << 10;

    private final KafkaSettings settings;
    private final List<Future<?>> underWay = new ArrayList<>();
    private @Nullable KafkaProducer<byte[], byte[]> producer;

    public Aside(KafkaSettings settings) {
        this.settings = settings;
    }

    /// Puts one aside.
    public void put(ConsumerRecord<byte[], byte[]> poison, String reason) {
        var record = new ProducerRecord<>(settings.asideTopic(), cut(poison.key()), cut(poison.value()));
        send(record, poison.partition(), poison.offset(), reason);
    }

    /// Notes that a range of offsets cannot be read, without what is there: Kafka itself does not give it.
    public void put(int partition, long first, long last, String reason) {
        var record = new ProducerRecord<byte[], byte[]>(settings.asideTopic(), null, null);
        header(record, "last", String.valueOf(last));
        send(record, partition, first, reason);
    }

    private void send(ProducerRecord<byte[], byte[]> record, int partition, long offset, String reason) {
        var open = producer;
        if (open == null) {
            open = new KafkaProducer<>(settings.producer());
            producer = open;
        }
        header(record, "partition", String.valueOf(partition));
        header(record, "offset", String.valueOf(offset));
        header(record, "reason", reason.substring(0, Math.min(reason.length(), MAX_REASON)));
        underWay.add(open.send(record));
    }

    // With its headers it has to fit into one record again.
    private static byte @Nullable [] cut(byte @Nullable [] bytes) {
        return bytes == null || bytes.length <= MAX_BYTES ? bytes : Arrays.copyOf(bytes, MAX_BYTES);
    }

    private static void header(ProducerRecord<byte[], byte[]> record, String name, String value) {
        record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /// Returns when Kafka has what was put.
    public void flush() throws InterruptedException {
        if (producer != null) {
            producer.flush();
        }
        try {
            for (var one : underWay) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw new KafkaException("a record cannot be put aside", e);
        } finally {
            underWay.clear();
        }
    }

    @Override
    public void close() {
        if (producer != null) {
            producer.close(Duration.ofSeconds(2));
        }
    }
}
