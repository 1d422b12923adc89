package io.sallyport.standalone;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.runtime.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// The settings that the chart writes are settings that the services read: the reviewed output of `test/charts`.
class ChartSettingsTest {

    private static final Path CASES = Path.of("../test/charts/src/test/resources/cases");
    private static final Map<String, Class<? extends Record>> SERVICES = Map.of(
            "accesslog", ServiceSettings.AccessLog.class,
            "config", ServiceSettings.Config.class,
            "egress", ServiceSettings.Egress.class,
            "secret", ServiceSettings.Secret.class,
            "xds", ServiceSettings.Xds.class);

    private record Written(String service, String text) {}

    @TestFactory
    Stream<DynamicTest> everyServiceReadsItsSettings(@TempDir Path folder) throws IOException {
        try (var cases = Files.list(CASES)) {
            var charts = cases.map(example -> example.resolve("sallyport.yaml"))
                    .filter(Files::exists)
                    .sorted()
                    .toList();
            assertThat(charts).hasSizeGreaterThan(1);
            return charts.stream()
                    .map(chart ->
                            DynamicTest.dynamicTest(CASES.relativize(chart).toString(), () -> {
                                var written = settings(Files.readString(chart));
                                assertThat(written)
                                        .extracting(Written::service)
                                        .containsExactlyInAnyOrderElementsOf(SERVICES.keySet());
                                for (var each : written) {
                                    var file = Files.writeString(folder.resolve(each.service() + ".yaml"), each.text());
                                    assertThat(Settings.read(file, requireNonNull(SERVICES.get(each.service()))))
                                            .isNotNull();
                                }
                            }));
        }
    }

    @Test
    void whatInjectedPodsGetIsReadToo(@TempDir Path folder) throws Exception {
        var chart = Files.readString(CASES.resolve("sidecars/sallyport.yaml"));
        var written = new ArrayList<String>();
        for (var document : new Load(LoadSettings.builder().build()).loadAllFromString(chart)) {
            if (document instanceof Map<?, ?> object
                    && object.get("data") instanceof Map<?, ?> data
                    && data.get("injection.yaml") instanceof String text) {
                written.add(text);
            }
        }

        assertThat(written).hasSize(1);
        var file = Files.writeString(folder.resolve("injection.yaml"), written.getFirst());
        var settings = Settings.read(file, InjectionSettings.class);
        assertThat(settings.platformNamespace()).isEqualTo("istio-system");
        assertThat(settings.nativeSidecars()).isFalse();
        assertThat(settings.excludeOutboundPorts()).containsExactly(9093);
    }

    private static List<Written> settings(String chart) {
        var found = new ArrayList<Written>();
        for (var document : new Load(LoadSettings.builder().build()).loadAllFromString(chart)) {
            if (document instanceof Map<?, ?> object
                    && "ConfigMap".equals(object.get("kind"))
                    && object.get("data") instanceof Map<?, ?> data
                    && data.get("config.yaml") instanceof String text
                    && object.get("metadata") instanceof Map<?, ?> metadata
                    && metadata.get("labels") instanceof Map<?, ?> labels) {
                found.add(new Written(String.valueOf(labels.get("app.kubernetes.io/component")), text));
            }
        }
        return found;
    }
}
