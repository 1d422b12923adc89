package io.sallyport.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

    record Store(String url, int pool) {}

    record Example(Store store, boolean readOnly) {}

    @Test
    void readsARecord() throws SettingsException {
        var settings =
                Settings.parse("store: {url: 'jdbc:sqlite:x', pool: 4}\nreadOnly: true\n", "a.yaml", Example.class);
        assertThat(settings).isEqualTo(new Example(new Store("jdbc:sqlite:x", 4), true));
    }

    @Test
    void namesTheUnknownKey() {
        assertThatThrownBy(() -> Settings.parse("store:\n  urll: x\n", "a.yaml", Example.class))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("a.yaml: store.urll: unknown key")
                .message()
                .doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[a]                   | a.yaml:1:1: a value that does not belong here (expected: a mapping)",
                "store: 5              | a.yaml:1:8: store: a value that does not belong here (expected: a mapping)",
                "store: {pool: many}   | a.yaml:1:15: store.pool: a value that does not belong here (expected: a whole number)",
                "store: {pool: {a: b}} | a.yaml:1:15: store.pool: a value that does not belong here (expected: a whole number)",
                "store: {url: [a]}     | a.yaml:1:14: store.url: a value that does not belong here (expected: text)",
                "readOnly: 1           | a.yaml:1:11: readOnly: \"1\" (expected: true or false)"
            })
    void saysWhatIsThereAndWhatWasExpected(String text, String message) {
        assertThatThrownBy(() -> Settings.parse(text, "a.yaml", Example.class)).hasMessage(message);
    }

    @Test
    void saysWhatTheParserExpected() {
        assertThatThrownBy(() -> Settings.parse("{readOnly: true", "a.yaml", Example.class))
                .hasMessageStartingWith("a.yaml:1:")
                .hasMessageContaining("while parsing a flow mapping, expected ',' or '}'");
    }

    @Test
    void saysThatThereIsNoFile() {
        assertThatThrownBy(() -> Settings.read(Path.of("no", "such.yaml"), Example.class))
                .hasMessage("no/such.yaml: no such file (expected: a file of settings)");
    }

    @Test
    void refusesWrongTypesAndRepeatedKeys() {
        assertThatThrownBy(() -> Settings.parse("store: {pool: many}", "a.yaml", Example.class))
                .hasMessageStartingWith("a.yaml:1:")
                .hasMessageContaining("store.pool");
        assertThatThrownBy(() -> Settings.parse("readOnly: true\nreadOnly: false\n", "a.yaml", Example.class))
                .hasMessageContaining("readOnly");
    }
}
