package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.accesslog.CollectorSettings;
import io.sallyport.accesslog.receive.PrivacyRules;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.accesslog.storage.ClickHouseSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a file with settings of access logs becomes, for `up --logs FILE` and for `service accesslog`.
class ServiceSettingsTest {

    private static final String STORE =
            "{url: 'https://ch.test:8443', user: sallyport, passwordFile: %s, database: logs, certificate: %s,"
                    + " retention: P30D, memoryMegabytes: 1024}";

    @TempDir
    Path folder;

    private Path password;
    private Path authority;

    @BeforeEach
    void files() throws Exception {
        password = Files.writeString(folder.resolve("clickhouse.password"), "s3cret\n");
        authority = Files.writeString(folder.resolve("ca.pem"), "");
    }

    private ClickHouseSettings expected() {
        return new ClickHouseSettings(
                URI.create("https://ch.test:8443"),
                "sallyport",
                "s3cret",
                "logs",
                Optional.of(authority),
                Duration.ofDays(30),
                1_024);
    }

    private <T extends Record> T read(String text, Class<T> type) throws Exception {
        return Settings.read(Files.writeString(folder.resolve("settings.yaml"), text), type);
    }

    private CollectorSettings local() {
        return CollectorSettings.below(folder.resolve("data"), List.of());
    }

    @Test
    void upKeepsRowsInClickHouseWhereItsFileSaysSo() throws Exception {
        var choices =
                read("clickhouse: " + STORE.formatted(password, authority) + "\n", ServiceSettings.LogChoices.class);

        assertThat(choices.over(local()).store()).isEqualTo(expected());
    }

    @Test
    void theServiceKeepsRowsInClickHouseWhereItsFileSaysSo() throws Exception {
        var settings = read(
                "als: 127.0.0.1:0\ngrpc: 127.0.0.1:0\nhttp: 127.0.0.1:0\ndata: %s\ntokenFile: %s\nbroker: %s\nclickhouse: %s\n"
                        .formatted(
                                folder.resolve("data"),
                                folder.resolve("token"),
                                folder,
                                STORE.formatted(password, authority)),
                ServiceSettings.AccessLog.class);

        assertThat(settings.settings().store()).isEqualTo(expected());
    }

    @Test
    void withoutAWordRowsAreInDuckDb() throws Exception {
        var choices = read("sampling: {share: 0.1, slow: PT2S}\n", ServiceSettings.LogChoices.class)
                .over(local());

        assertThat(choices.store()).isInstanceOf(DuckSettings.class);
        assertThat(choices.rules().sampling().share()).isEqualTo(0.1);
        assertThat(choices.rules().sampling().slow()).isEqualTo(Duration.ofSeconds(2));
        assertThat(choices.kafka()).isEmpty();
    }

    @Test
    @Tag("S55")
    void upFollowsFilesAsTheServiceDoes() throws Exception {
        var choices = read("files: [{path: edge.log, proxy: istio-system/edge}]\n", ServiceSettings.LogChoices.class)
                .over(local());

        assertThat(choices.files())
                .containsExactly(new CollectorSettings.LogFile(Path.of("edge.log"), new Proxy("istio-system", "edge")));
    }

    @Test
    void kafkaAndPrivacyAreReadAsWell() throws Exception {
        Files.writeString(folder.resolve("key"), "0123456789abcdef0123456789abcdef\n");
        var choices = read("""
                kafka: {bootstrapServers: 'kafka:9093', instance: c-0, client: {sasl.mechanism: SCRAM-SHA-512}}
                privacy: {keyFile: %s, rules: [{attribute: request.host, action: HASH}]}
                """.formatted(folder.resolve("key")), ServiceSettings.LogChoices.class)
                .over(local());

        assertThat(choices.kafka().orElseThrow().client()).containsEntry("sasl.mechanism", "SCRAM-SHA-512");
        assertThat(choices.rules().privacy().rules())
                .containsExactly(new PrivacyRules.Rule("request.host", PrivacyRules.Action.HASH));
    }

    @Test
    void aKeyThatIsNotThereIsNamedWithItsPlace() {
        assertThatThrownBy(() -> read(
                                "privacy: {keyFile: nowhere.key, rules: [{attribute: request.host, action: HASH}]}\n",
                                ServiceSettings.LogChoices.class)
                        .over(local()))
                .hasMessage("privacy.keyFile: " + Path.of("nowhere.key").toAbsolutePath()
                        + ": no such file (expected: the key of HASH)");
    }

    @ParameterizedTest
    @Tag("V20")
    @CsvSource(
            delimiter = '|',
            value = {
                "{url: 'https://u:hidden@ch.test', user: a, passwordFile: %s}|HOST:PORT",
                "{url: 'https://ch.test', user: a, passwordFile: %s, database: 'a b'}|letters, digits",
                "{url: 'https://ch.test', user: a, passwordFile: %s, retention: PT1S}|an age of a minute",
                "{user: a, passwordFile: %s}|clickhouse.url",
                "{url: 'https://ch.test', user: a, passwordFile: %s, pasword: hidden}|pasword"
            })
    void whatIsWrongIsNamedWithoutThePassword(String store, String part) throws Exception {
        assertThatThrownBy(
                        () -> read("clickhouse: " + store.formatted(password) + "\n", ServiceSettings.LogChoices.class)
                                .over(local()))
                .satisfiesAnyOf(
                        e -> assertThat(e).isInstanceOf(SettingsException.class),
                        e -> assertThat(e).isInstanceOf(IllegalArgumentException.class))
                .hasMessageContaining(part)
                .hasMessageNotContaining("hidden");
    }
}
