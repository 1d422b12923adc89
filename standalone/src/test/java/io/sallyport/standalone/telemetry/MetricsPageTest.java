package io.sallyport.standalone.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.accesslog.CollectorServer;
import io.sallyport.accesslog.CollectorSettings;
import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.runtime.telemetry.TraceSettings;
import io.sallyport.secret.SecretServer;
import io.sallyport.secret.SecretSettings;
import io.sallyport.standalone.telemetry.Scrape.Family;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `docs/reference/metrics.md` is what the running services show, and nothing that users write makes it longer.
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsPageTest {

    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
    private static final Path PAGE = HOME.resolve("docs/reference/metrics.md");
    private static final List<String> SOURCES = List.of(
            "lib/runtime",
            "config-service",
            "xds-service",
            "secret-service",
            "egress-policy-service",
            "accesslog-collector",
            "standalone");
    private static final Pattern BUILDER = Pattern.compile(
            "(\\w+)\\s*\\.builder\\(\\s*\"(sallyport_\\w+)\"\\s*[,)](.*?)\\.register\\(", Pattern.DOTALL);
    private static final Pattern DESCRIPTION = Pattern.compile("\\.description\\(\\s*\"((?:[^\"]|\"\\s*\\+\\s*\")*)\"");
    private static final Pattern TAG = Pattern.compile("\\.tag\\(\\s*\"(\\w+)\"");
    /// Every label there is: a new one is to be thought about, for each of its values is a series.
    private static final Set<String> LABELS = Set.of(
            "cause",
            "method",
            "namespace",
            "peer",
            "reason",
            "result",
            "secret",
            "server",
            "service",
            "severity",
            "state",
            "status",
            "type",
            "verdict",
            "version");

    @TempDir
    static Path folder;

    private final Lifecycle lifecycle = new Lifecycle();
    private SmallPlatform platform;

    @BeforeAll
    void start() throws Exception {
        platform = lifecycle.started("platform", new SmallPlatform(folder, TraceSettings.OFF));
        var meters = platform.metrics.registry();
        var clock = InstantSource.system();
        var random = new SecureRandom();
        var configuration = Files.createDirectory(folder.resolve("configuration"));
        var secrets = SecretServer.start(
                SecretSettings.local(folder, configuration, Optional.empty(), Optional.of(List.of())),
                Optional.empty(),
                ProxyLabels.NONE,
                clock,
                random,
                Telemetry.none());
        lifecycle.started("secrets", secrets);
        secrets.measure(meters);
        var collector = CollectorServer.start(
                CollectorSettings.below(folder.resolve("logs"), List.of()),
                ConfigurationSource.NONE,
                clock,
                random,
                Telemetry.none().tracer());
        lifecycle.started("collector", collector);
        collector.measure(meters);
    }

    @AfterAll
    void stop() {
        lifecycle.close();
    }

    @Test
    void thePageNamesEveryMetric() throws IOException {
        platform.apply("", ChangeTraceTest.gateway(8080));

        var families = known(new Scrape(platform.metrics.scrape()));
        var page = page(families);
        if (Boolean.getBoolean("golden.rewrite")) {
            Files.writeString(PAGE, page);
        }

        assertThat(PAGE)
                .as("rewritten by: mvn -pl standalone -am test -Dtest=MetricsPageTest -Dgolden.rewrite=true")
                .hasContent(page);
    }

    @Test
    void namesCarryUnitsAndSayWhatTheyAre() {
        var ours = known(new Scrape(platform.metrics.scrape()));

        assertThat(ours).hasSizeGreaterThan(50);
        assertThat(ours).allSatisfy((name, family) -> {
            assertThat(family.help()).as("what %s says", name).isNotBlank();
            assertThat(family.labels()).as("labels of %s", name).isSubsetOf(LABELS);
            if (family.type().equals("counter")) {
                assertThat(name).endsWith("_total");
            }
            if (family.type().equals("histogram")) {
                assertThat(name).endsWith("_seconds");
            }
        });
    }

    @Test
    @Tag("V9")
    @Tag("H77")
    void aThousandHostsAndTwentyProxiesAddNoSeries() {
        platform.apply("", ChangeTraceTest.gateway(8080), entry(0));
        var first = new SimulatedProxy(platform.discovery(), "edge-0");
        awaitProxies(1);
        var before = new Scrape(platform.metrics.scrape()).series();

        platform.apply(
                "", IntStream.range(1, 1_000).mapToObj(MetricsPageTest::entry).toArray(String[]::new));
        var proxies = new ArrayList<>(List.of(first));
        for (int index = 1; index < 20; index++) {
            proxies.add(new SimulatedProxy(platform.discovery(), "edge-" + index));
        }
        awaitProxies(20);
        var after = new Scrape(platform.metrics.scrape()).series();
        proxies.forEach(SimulatedProxy::close);

        assertThat(after).isEqualTo(before);
    }

    private void awaitProxies(int count) {
        await(count + " proxies that run the newest revision")
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(platform.metrics.scrape())
                        .contains("sallyport_xds_proxies{state=\"current\"} " + count + ".0\n"));
    }

    private static String entry(int index) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {namespace: shop, name: entry-%d}
                spec:
                  hosts: [host-%d.example.com]
                  location: MESH_EXTERNAL
                  resolution: DNS
                  ports: [{number: 80, name: http, protocol: HTTP}]
                """.formatted(index, index);
    }

    // What runs here, and from the sources what runs only in a cluster, beside gateways or with certificates.
    private static SortedMap<String, Family> known(Scrape scrape) {
        var families = new TreeMap<>(scrape.families());
        // The machine's and the JVM's own differ from one to the next.
        families.keySet().removeIf(name -> !name.startsWith("sallyport_") || name.endsWith("_seconds_max"));
        for (var module : SOURCES) {
            try (var files = Files.walk(HOME.resolve(module).resolve("src/main/java"))) {
                for (var file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    written(Files.readString(file)).forEach(families::putIfAbsent);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return families;
    }

    private static Map<String, Family> written(String source) {
        var found = new TreeMap<String, Family>();
        var builder = BUILDER.matcher(source);
        while (builder.find()) {
            var labels = new TreeSet<String>();
            var tag = TAG.matcher(builder.group(3));
            while (tag.find()) {
                labels.add(tag.group(1));
            }
            var description = DESCRIPTION.matcher(builder.group(3));
            var help = description.find() ? description.group(1).replaceAll("\"\\s*\\+\\s*\"", "") : "";
            var kind = builder.group(1);
            var name = builder.group(2);
            switch (kind) {
                case "Gauge" -> found.put(name, new Family("gauge", help, labels));
                case "TimeGauge" -> found.put(name + "_seconds", new Family("gauge", help, labels));
                case "Timer" -> found.put(name + "_seconds", new Family("histogram", help, labels));
                case "MultiGauge" ->
                    found.put(name, new Family("gauge", help, new TreeSet<>(Set.of("namespace", "secret"))));
                case "Counter", "FunctionCounter" ->
                    found.put(name.replaceAll("_total$", "") + "_total", new Family("counter", help, labels));
                default -> throw new AssertionError("what is a " + kind + "?");
            }
        }
        return found;
    }

    private static String page(SortedMap<String, Family> families) {
        var page = new StringBuilder("""
                # Metrics

                What `/metrics` of each service shows, in Prometheus's format; made from the running services by a test that fails when it is stale.
                Labels are of a few values each: no host, path or proxy is one, and where names of users are (`namespace` and `secret` of
                certificates), only the 1,000 certificates that end first are shown. A process keeps 5,000 series at most. A histogram has
                `_bucket`, `_sum` and `_count`. Beside these there are Micrometer's own of the JVM and the process, such as `jvm_memory_used_bytes`
                (`area`, `id`), `jvm_gc_pause_seconds`, `jvm_threads_live_threads`, `process_cpu_usage`, `process_files_open_files` and
                `process_start_time_seconds`.

                | metric | type | labels | what it says |
                |---|---|---|---|
                """);
        families.forEach((name, family) -> page.append("| `%s` | %s | %s | %s |\n"
                .formatted(
                        name,
                        family.type(),
                        String.join(", ", family.labels()),
                        family.help().replace("|", "\\|"))));
        return page.toString();
    }
}
