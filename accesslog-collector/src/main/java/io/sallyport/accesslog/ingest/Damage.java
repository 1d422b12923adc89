package io.sallyport.accesslog.ingest;

import com.google.common.base.Throwables;
import io.sallyport.accesslog.queue.KafkaSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/// Where a partition holds bytes that are not what was written: a batch whose checksum is wrong, or one that
/// the broker itself finds no way through. Kafka's client fails at such a place for ever, and does not say where
/// the next good record is.
///
/// @param offset as the client names it: where the batch begins, or what was asked of the broker
/// @param byBroker whether the broker found it; else the client did, when it looked at the checksum
record Damage(TopicPartition partition, long offset, boolean byBroker) {

    // The client has no type for these, and no getter for the place.
    private static final Pattern CHECKSUM =
            Pattern.compile("Record(?: batch)? for partition (\\S+)-(\\d+) at offset (\\d+) is invalid.*");
    private static final Pattern BROKER = Pattern.compile(
            "Encountered corrupt message when fetching offset (\\d+) for topic-partition (\\S+)-(\\d+)");
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(200);

    /// What a failure of the client says; empty: it is of another kind.
    static Optional<Damage> of(KafkaException failure) {
        for (var cause : Throwables.getCausalChain(failure)) {
            var message = String.valueOf(cause.getMessage());
            var checksum = CHECKSUM.matcher(message);
            if (checksum.matches()) {
                return Optional.of(new Damage(
                        place(checksum.group(1), checksum.group(2)), Long.parseLong(checksum.group(3)), false));
            }
            var broker = BROKER.matcher(message);
            if (broker.matches()) {
                return Optional.of(
                        new Damage(place(broker.group(2), broker.group(3)), Long.parseLong(broker.group(1)), true));
            }
        }
        return Optional.empty();
    }

    private static TopicPartition place(String topic, String partition) {
        return new TopicPartition(topic, Integer.parseInt(partition));
    }

    // A checksum that is wrong further on is another damage; of two failures of the broker nobody can tell.
    private boolean isAt(long place, Probe probe) {
        return probe.at(partition, place)
                .filter(found -> found.byBroker || (!byBroker && found.offset == offset))
                .isPresent();
    }

    /// A reader of its own, which is in no group, to look at places with.
    static final class Probe implements AutoCloseable {

        private final KafkaConsumer<byte[], byte[]> consumer;

        Probe(KafkaSettings settings) {
            var properties = settings.alone();
            properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "1");
            consumer = new KafkaConsumer<>(properties);
        }

        /// The first offset behind a damage at which something else is; `from` itself where it can be read by now.
        /// Found by asking twice as far each time and then halving: what lies in the header of a damaged batch
        /// cannot be believed.
        long behind(Damage damage, long from) {
            var partition = damage.partition;
            var end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, from);
            var low = from - 1;
            var high = from;
            while (high < end && damage.isAt(high, this)) {
                low = high;
                high += high - from + 1;
            }
            high = Math.min(high, end);
            while (high - low > 1) {
                var middle = low + (high - low) / 2;
                if (damage.isAt(middle, this)) {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            return high;
        }

        private Optional<Damage> at(TopicPartition partition, long offset) {
            consumer.unsubscribe();
            consumer.assign(List.of(partition));
            consumer.seek(partition, offset);
            for (var left = PATIENCE; left.isPositive(); left = left.minus(POLL)) {
                try {
                    if (!consumer.poll(POLL).isEmpty() || consumer.position(partition) > offset) {
                        return Optional.empty();
                    }
                } catch (KafkaException e) {
                    var found = Damage.of(e);
                    if (found.isPresent()) {
                        return found;
                    }
                    throw e;
                }
            }
            // No answer is none of either kind: Kafka may be away.
            throw new KafkaException(partition + " does not answer at offset " + offset);
        }

        @Override
        public void close() {
            consumer.close();
        }
    }
}
