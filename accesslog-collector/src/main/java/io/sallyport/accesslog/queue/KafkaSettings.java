package io.sallyport.accesslog.queue;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableSet;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/// How to reach Kafka.
///
/// @param bootstrapServers `127.0.0.1:9092`, or a list by commas
/// @param topic of the rows; records that cannot be read go to the topic of this name with `-aside`
/// @param partitions used when the topic has to be made
/// @param replicas likewise
/// @param instance a name that this collector keeps over restarts, and no other has: after a kill it gets its
/// partitions
///     back at once, instead of when Kafka has missed it for ten seconds
/// @param client more properties of Kafka's clients, for TLS and SASL; only those of [#ALLOWED]
public record KafkaSettings(
        String bootstrapServers,
        String topic,
        int partitions,
        short replicas,
        Optional<String> instance,
        Map<String, String> client) {

    /// What may be set beside: nothing here names a class, reads a URL or runs a login module by name.
    public static final ImmutableSet<String> ALLOWED = ImmutableSet.of(
            "security.protocol",
            "sasl.mechanism",
            "ssl.truststore.type",
            "ssl.truststore.location",
            "ssl.truststore.password",
            "ssl.truststore.certificates",
            "ssl.keystore.type",
            "ssl.keystore.location",
            "ssl.keystore.password",
            "ssl.keystore.key",
            "ssl.keystore.certificate.chain",
            "ssl.key.password",
            "ssl.endpoint.identification.algorithm",
            "ssl.enabled.protocols",
            "username",
            "password");

    /// The topic where the settings name none.
    public static final String TOPIC = "sallyport.accesslog";

    public KafkaSettings {
        client = Map.copyOf(client);
        for (var key : client.keySet()) {
            if (!ALLOWED.contains(key)) {
                throw new IllegalArgumentException(
                        "kafka property \"" + key + "\" (expected: one of " + new java.util.TreeSet<>(ALLOWED) + ")");
            }
        }
    }

    /// A broker on this machine, in plain text.
    public static KafkaSettings local(String bootstrapServers) {
        return new KafkaSettings(bootstrapServers, TOPIC, 2, (short) 1, Optional.of("local"), Map.of());
    }

    /// Where records go that cannot be read.
    public String asideTopic() {
        return topic + "-aside";
    }

    /// The group that all collectors of this topic are in: those of another one are no business of theirs.
    public String group() {
        return "sallyport-accesslog." + topic;
    }

    private Properties common() {
        var properties = new Properties();
        properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(CommonClientConfigs.RECONNECT_BACKOFF_MAX_MS_CONFIG, "500");
        var login = new TreeMap<>(client);
        var username = login.remove("username");
        var password = login.remove("password");
        properties.putAll(login);
        if (username != null && password != null) {
            var module = login.getOrDefault("sasl.mechanism", "PLAIN").startsWith("SCRAM")
                    ? "org.apache.kafka.common.security.scram.ScramLoginModule"
                    : "org.apache.kafka.common.security.plain.PlainLoginModule";
            properties.put(
                    "sasl.jaas.config",
                    module + " required username=\"" + quoted(username) + "\" password=\"" + quoted(password) + "\";");
        }
        return properties;
    }

    private static String quoted(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    /// For a client that makes topics and looks at them.
    public Properties admin() {
        return common();
    }

    Properties producer() {
        var properties = common();
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        properties.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "5");
        // A batch is never given up: giving one up would let later rows pass it.
        properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, String.valueOf(Integer.MAX_VALUE));
        properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "15000");
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "2000");
        properties.put(ProducerConfig.LINGER_MS_CONFIG, "20");
        properties.put(ProducerConfig.BATCH_SIZE_CONFIG, String.valueOf(256 << 10));
        properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, String.valueOf(32 << 20));
        properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
        properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
        return properties;
    }

    /// For a reader whose offsets are in the store: Kafka's own are for displays of lag only.
    public Properties consumer() {
        var properties = common();
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group());
        // Partitions that were added are read from then on, not after Kafka's own five minutes.
        properties.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, "5000");
        instance.ifPresent(name -> properties.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, name));
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
        properties.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, "10000");
        properties.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, "1000");
        properties.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "5000");
        properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "100");
        properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
        properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
        return properties;
    }

    /// For a reader that is in no group and says itself what it reads.
    public Properties alone() {
        var properties = consumer();
        properties.remove(ConsumerConfig.GROUP_ID_CONFIG);
        properties.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        return properties;
    }

    /// What a failure of Kafka's client means for whoever wrote these settings: the client itself says only that
    /// something failed, and where it is told apart, by the deepest cause.
    public String trouble(Throwable failure) {
        var where = "kafka \"" + bootstrapServers + "\": ";
        for (var cause : Throwables.getCausalChain(failure)) {
            switch (cause) {
                case SaslAuthenticationException _, UnsupportedSaslMechanismException _ -> {
                    return where + cause.getMessage() + " (expected: client.username and client.password that the"
                            + " broker knows, for the mechanism "
                            + client.getOrDefault("sasl.mechanism", "GSSAPI, since sasl.mechanism is not set") + ")";
                }
                case SslAuthenticationException _ -> {
                    return where + "TLS handshake failed: "
                            + Throwables.getRootCause(cause).getMessage()
                            + " (expected: a broker whose certificate is signed by a CA in client.ssl.truststore.* and"
                            + " names the host)";
                }
                default -> {}
            }
        }
        var root = Throwables.getRootCause(failure);
        return where + (root.getMessage() == null ? root : root.getMessage());
    }

    /// Passwords are not for logs.
    @Override
    public String toString() {
        return "KafkaSettings[" + bootstrapServers + ", topic=" + topic + "]";
    }
}
