package io.sallyport.accesslog.ingest;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.TopicIdentity;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// Asks Kafka which topic it has under the name of the settings.
final class TopicLookup implements AutoCloseable {

    private static final int MILLIS = 5_000;

    private final Admin admin;
    private final String topic;

    TopicLookup(KafkaSettings settings) {
        this.admin = Admin.create(settings.admin());
        this.topic = settings.topic();
    }

    TopicIdentity now() throws InterruptedException {
        try {
            var cluster = admin.describeCluster(new DescribeClusterOptions().timeoutMs(MILLIS))
                    .clusterId()
                    .get();
            return new TopicIdentity(cluster, id());
        } catch (ExecutionException e) {
            throw failure(e);
        }
    }

    /// Whether the topic of an earlier answer is still there. An id is used once, so what was read before this was
    /// asked is of that topic as well.
    boolean isStill(TopicIdentity known) throws InterruptedException {
        try {
            return id().equals(known.id());
        } catch (ExecutionException e) {
            throw failure(e);
        }
    }

    private String id() throws InterruptedException, ExecutionException {
        var described = admin.describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(MILLIS))
                .topicNameValues();
        return Objects.requireNonNull(described.get(topic)).get().topicId().toString();
    }

    private KafkaException failure(ExecutionException e) {
        return switch (e.getCause()) {
            case UnknownTopicOrPartitionException _ ->
                new KafkaException("topic \"" + topic + "\" does not exist (expected: it was made at the start)");
            case KafkaException kafka -> kafka;
            case null, default -> new KafkaException("topic \"" + topic + "\" cannot be looked up", e);
        };
    }

    @Override
    public void close() {
        admin.close();
    }
}
