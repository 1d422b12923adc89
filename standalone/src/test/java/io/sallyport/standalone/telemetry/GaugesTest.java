package io.sallyport.standalone.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.runtime.telemetry.TraceSettings;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Gauges and counters say what is so. Those of secrets are in [RotationTraceTest], of access logs in
/// `AccessLogAloneTest`, of the relays in their tests.
@Timeout(120)
class GaugesTest {

    private static final String LOST = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {namespace: shop, name: lost}
            spec: {hosts: [lost.test], gateways: [nowhere], http: [{directResponse: {status: 200}}]}
            """;

    @TempDir
    Path folder;

    @Test
    void theySayWhatIsSo() throws Exception {
        try (var platform = new SmallPlatform(folder, TraceSettings.OFF)) {
            platform.apply("", ChangeTraceTest.gateway(8080), LOST);
            try (var proxy = new SimulatedProxy(platform.discovery(), "edge")) {
                awaitMetrics(
                        platform,
                        "config_revision 1.0",
                        "config_resources 2.0",
                        "config_findings{severity=\"error\"} 1.0",
                        "config_withheld_objects 1.0",
                        "config_watches 2.0",
                        "config_waiting 0.0",
                        "config_store_failing 0.0",
                        "config_refused 0.0",
                        "config_changes_total{result=\"accepted\"} 1.0",
                        "xds_revision 1.0",
                        "xds_classes 1.0",
                        "xds_streams 1.0",
                        "xds_proxies{state=\"current\"} 1.0",
                        "xds_proxies{state=\"behind\"} 0.0",
                        "xds_proxies_refusing 0.0",
                        "xds_oldest_revision 1.0",
                        "xds_refusals_total 0.0",
                        "xds_withheld_objects 0.0",
                        "xds_unreadable_objects 0.0",
                        "xds_translation_failures_total 0.0",
                        "egress_connected 1.0",
                        "egress_revision 1.0",
                        "egress_unreadable_objects 0.0");

                await("the proxy's start").atMost(Duration.ofSeconds(30)).until(() -> proxy.answers() >= 2);
                proxy.refuse();
                platform.apply("", ChangeTraceTest.gateway(8081));
                awaitMetrics(
                        platform,
                        "config_revision 2.0",
                        "xds_revision 2.0",
                        "xds_proxies_refusing 1.0",
                        "xds_proxies{state=\"behind\"} 1.0",
                        "xds_proxies{state=\"current\"} 0.0",
                        "xds_oldest_revision 1.0",
                        "xds_refusals_total 1.0",
                        "egress_revision 2.0");
            }
            awaitMetrics(
                    platform,
                    "xds_streams 0.0",
                    "xds_proxies{state=\"behind\"} 0.0",
                    "xds_proxies_refusing 0.0",
                    "xds_oldest_revision 2.0");
            platform.apply("", LOST.replace("nowhere", "edge"));
            awaitMetrics(platform, "config_findings{severity=\"error\"} 0.0", "config_withheld_objects 0.0");
        }
    }

    private static void awaitMetrics(SmallPlatform platform, String... lines) {
        await("metrics").atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            var seen = platform.metrics.scrape().lines().toList();
            for (var line : lines) {
                assertThat(seen).contains("sallyport_" + line);
            }
        });
    }
}
