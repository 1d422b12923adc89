package io.sallyport.accesslog.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Kafka that wants TLS and a password, as a real broker does it.
class KafkaSecurityTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String STORE_PASSWORD = "storepass";

    @TempDir
    static Path shared;

    private static TestBroker broker;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws Exception {
        makeCertificate("broker");
        makeCertificate("stranger");
        broker = TestBroker.start(
                shared.resolve("kafka"),
                Map.ofEntries(
                        Map.entry("listener.security.protocol.map", "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT"),
                        Map.entry("ssl.keystore.type", "PKCS12"),
                        Map.entry(
                                "ssl.keystore.location",
                                shared.resolve("broker.p12").toString()),
                        Map.entry("ssl.keystore.password", STORE_PASSWORD),
                        // It tries at its start whether it would take its own certificate.
                        Map.entry("ssl.truststore.type", "PEM"),
                        Map.entry(
                                "ssl.truststore.location",
                                shared.resolve("broker.pem").toString()),
                        Map.entry("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256"),
                        Map.entry(
                                "listener.name.plaintext.scram-sha-256.sasl.jaas.config",
                                "org.apache.kafka.common.security.scram.ScramLoginModule required;"),
                        Map.entry("sasl.mechanism.inter.broker.protocol", "PLAIN"),
                        Map.entry(
                                "listener.name.plaintext.plain.sasl.jaas.config",
                                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"self\""
                                        + " password=\"own\" user_self=\"own\""
                                        + " user_collector=\"it's \\\\\"right\\\\\"\";")));
    }

    @AfterAll
    static void stop() throws Exception {
        broker.close();
    }

    private static void makeCertificate(String name) throws Exception {
        var store = shared.resolve(name + ".p12").toString();
        keytool(
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=IP:127.0.0.1",
                "-validity",
                "2",
                "-keystore",
                store,
                "-storetype",
                "PKCS12",
                "-storepass",
                STORE_PASSWORD);
        keytool(
                "-exportcert",
                "-rfc",
                "-alias",
                name,
                "-keystore",
                store,
                "-storepass",
                STORE_PASSWORD,
                "-file",
                shared.resolve(name + ".pem").toString());
    }

    private static void keytool(String... arguments) throws Exception {
        var command = new java.util.ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }

    private static KafkaSettings settings(String ca, String password, Map<String, String> more) {
        var client = new TreeMap<>(Map.of(
                "security.protocol", "SASL_SSL",
                "sasl.mechanism", "PLAIN",
                "ssl.truststore.type", "PEM",
                "ssl.truststore.location", shared.resolve(ca + ".pem").toString(),
                "username", "collector",
                "password", password));
        client.putAll(more);
        return new KafkaSettings(
                broker.settings().bootstrapServers(), "secured", 2, (short) 1, Optional.empty(), client);
    }

    @Test
    void rowsGoThroughAndWhatIsWrongIsSaidWhileTheyWait() throws Exception {
        try (var store = DuckStore.open(
                        DuckSettings.local(folder.resolve("rows")), InstantSource.system(), KafkaSettings.TOPIC);
                var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1))) {
            assertThat(spool.offer("ns/edge", List.of(Rows.row(Rows.START, "b").build())))
                    .isOne();

            assertThat(troubleOf(spool, settings("broker", "wrong", Map.of())))
                    .contains("\"127.0.0.1:", "Invalid username or password", "expected: client.username")
                    .doesNotContain("wrong");
            assertThat(troubleOf(spool, settings("stranger", "it's \"right\"", Map.of())))
                    .contains("TLS handshake failed: ", "signed by a CA in client.ssl.truststore");
            assertThat(troubleOf(
                            spool, settings("broker", "it's \"right\"", Map.of("sasl.mechanism", "SCRAM-SHA-512"))))
                    .contains("SCRAM-SHA-512", "expected: ");
            assertThat(troubleOf(spool, settings("nowhere", "it's \"right\"", Map.of())))
                    .contains("nowhere.pem");
            assertThat(spool.pending()).isOne();

            var right = settings("broker", "it's \"right\"", Map.of());
            try (var sender = SpoolSender.start(spool, right);
                    var ingester = Ingester.start(right, store, InstantSource.system(), _ -> {})) {
                assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
                // The other test's row is in this topic too, from a spool of another number.
                await().atMost(PATIENCE)
                        .until(() -> RowsExactlyOnceTest.number(store, "count(*)", " WHERE request_id = 'b'") == 1);

                assertThat(spool.pending()).isZero();
                assertThat(sender.trouble()).isNull();
                assertThat(ingester.trouble()).isNull();
            }
        }
    }

    @Test
    void aUserWhoseSecretTheBrokerDoesNotKnowInPlainTextGoesThroughBySalt() throws Exception {
        var plain = settings("broker", "it's \"right\"", Map.of());
        try (var admin = Admin.create(Map.<String, Object>of(
                "bootstrap.servers",
                plain.bootstrapServers(),
                "security.protocol",
                "SASL_SSL",
                "sasl.mechanism",
                "PLAIN",
                "ssl.truststore.type",
                "PEM",
                "ssl.truststore.location",
                shared.resolve("broker.pem").toString(),
                "sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"self\""
                        + " password=\"own\";"))) {
            var salted = new UserScramCredentialUpsertion(
                    "collector", new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4_096), "salted 'pass\"word");
            admin.alterUserScramCredentials(List.of(salted)).all().get(30, TimeUnit.SECONDS);
        }
        var scram = Map.of("sasl.mechanism", "SCRAM-SHA-256");
        try (var store = DuckStore.open(
                        DuckSettings.local(folder.resolve("salted")), InstantSource.system(), KafkaSettings.TOPIC);
                var spool = Spool.open(folder.resolve("spool-salted"), 4 << 20, new Random(2))) {
            assertThat(spool.offer("ns/edge", List.of(Rows.row(Rows.START, "a").build())))
                    .isOne();
            assertThat(troubleOf(spool, settings("broker", "wrong", scram)))
                    .contains("expected: client.username", "SCRAM-SHA-256")
                    .doesNotContain("wrong");

            var right = settings("broker", "salted 'pass\"word", scram);
            try (var sender = SpoolSender.start(spool, right);
                    var ingester = Ingester.start(right, store, InstantSource.system(), _ -> {})) {
                assertThat(sender.awaitTopics(PATIENCE.toMillis())).isTrue();
                await().atMost(PATIENCE)
                        .until(() -> RowsExactlyOnceTest.number(store, "count(*)", " WHERE request_id = 'a'") == 1);

                assertThat(sender.trouble()).isNull();
                assertThat(ingester.trouble()).isNull();
            }
        }
    }

    private static String troubleOf(Spool spool, KafkaSettings settings) {
        try (var sender = SpoolSender.start(spool, settings)) {
            return await().atMost(PATIENCE).until(() -> String.valueOf(sender.trouble()), said -> !said.equals("null"));
        }
    }
}
