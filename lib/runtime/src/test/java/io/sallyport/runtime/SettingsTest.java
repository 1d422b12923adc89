package io.sallyport.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

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

    @Test
    void refusesWrongTypesAndRepeatedKeys() {
        assertThatThrownBy(() -> Settings.parse("store: {pool: many}", "a.yaml", Example.class))
                .hasMessageStartingWith("a.yaml:1:")
                .hasMessageContaining("store.pool");
        assertThatThrownBy(() -> Settings.parse("readOnly: true\nreadOnly: false\n", "a.yaml", Example.class))
                .hasMessageContaining("readOnly");
    }
}
