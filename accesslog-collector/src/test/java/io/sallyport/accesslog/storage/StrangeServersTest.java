package io.sallyport.accesslog.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.queue.Spool;
import io.sallyport.accesslog.queue.SpoolSender;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.runtime.tls.TestAuthority;
import io.sallyport.runtime.tls.TestAuthority.Issued;
import io.sallyport.runtime.tls.Tls;
import io.sallyport.runtime.tls.TlsTrap;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A Kafka or ClickHouse that is not the one it should be hears no password, and the reason is said.
@Tag("V23")
@Tag("M22")
class StrangeServersTest {

    private static final String PASSWORD = "must-not-leave";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// What is wrong, and a word of the reason.
    enum Wrong {
        UNKNOWN_AUTHORITY("certification path"),
        SELF_SIGNED("certification path"),
        EXPIRED("NotAfter: "),
        OTHER_NAME("localhost"),
        PLAIN_TEXT("unrecognized SSL message");

        private final String reason;

        Wrong(String reason) {
            this.reason = reason;
        }

        private Issued shown(TestAuthority authority) {
            return switch (this) {
                case UNKNOWN_AUTHORITY -> new TestAuthority("stranger").issue("localhost");
                case SELF_SIGNED -> TestAuthority.selfSigned("localhost");
                case EXPIRED -> authority.issueExpired("localhost");
                case OTHER_NAME -> authority.issue("elsewhere.test");
                case PLAIN_TEXT -> authority.issue("localhost");
            };
        }
    }

    @TempDir
    Path folder;

    private final TestAuthority authority = new TestAuthority("root");

    /// What a client that is led to `port` says of it.
    private interface Client {
        String complaint(int port, Path authorities) throws Exception;
    }

    private void refuses(Wrong wrong, Client client) throws Exception {
        var files = wrong.shown(authority).in(folder.resolve("server"), authority.pem());
        var authorities = Files.writeString(folder.resolve("ca.pem"), authority.pem());
        try (var tls = Tls.follow(files, InstantSource.system());
                var trap = new TlsTrap(tls, wrong == Wrong.PLAIN_TEXT ? TlsTrap.PLAIN : TlsTrap.AT_ONCE)) {
            assertThat(client.complaint(trap.port(), authorities))
                    .containsIgnoringCase(wrong.reason)
                    .doesNotContain(PASSWORD);
            assertThat(trap.heard())
                    .as("what a server in plain text hears is the greeting of TLS")
                    .doesNotContain(PASSWORD, "sallyport", "SELECT")
                    .matches(heard -> wrong == Wrong.PLAIN_TEXT || heard.isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource
    void clickHouse(Wrong wrong) throws Exception {
        refuses(wrong, (port, authorities) -> {
            var settings = new ClickHouseSettings(
                    URI.create("https://localhost:" + port),
                    "sallyport",
                    PASSWORD,
                    "sallyport",
                    Optional.of(authorities),
                    Duration.ofDays(7),
                    2_048);
            try (var server = new ClickHouseServer(settings)) {
                var failure = new StringBuilder();
                assertThatThrownBy(server::makeDatabase)
                        .isInstanceOf(StoreException.class)
                        .satisfies(e -> failure.append(e.getMessage()));
                return failure.toString();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void kafka(Wrong wrong) throws Exception {
        refuses(wrong, (port, authorities) -> {
            var settings = new KafkaSettings(
                    "localhost:" + port,
                    "secured",
                    2,
                    (short) 1,
                    Optional.empty(),
                    Map.of(
                            "security.protocol", "SASL_SSL",
                            "sasl.mechanism", "PLAIN",
                            "ssl.truststore.type", "PEM",
                            "ssl.truststore.location", authorities.toString(),
                            "username", "sallyport",
                            "password", PASSWORD));
            try (var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1))) {
                assertThat(spool.offer(
                                "ns/edge", List.of(Rows.row(Rows.START, "b").build())))
                        .isOne();
                try (var sender = SpoolSender.start(spool, settings)) {
                    return await().atMost(PATIENCE)
                            .until(() -> String.valueOf(sender.trouble()), said -> !said.equals("null"));
                }
            }
        });
    }
}
