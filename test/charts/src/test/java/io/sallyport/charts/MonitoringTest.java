package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Dashboards and alerts ask for nothing that no service shows: every metric and label in them is on
/// `docs/reference/metrics.md`, which another test makes from the running services.
class MonitoringTest {

    private static final Path CHART = Install.CHARTS.resolve("sallyport");
    private static final Path PAGE =
            Install.CHARTS.resolve("../../docs/reference/metrics.md").normalize();
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)` \\| (\\w+) \\| ([^|]*) \\|.*");
    private static final Pattern STRING = Pattern.compile("\"[^\"]*\"");
    private static final Pattern SELECTOR = Pattern.compile("([a-z_]\\w*)\\s*\\{([^}]*)}");
    private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(?:=~|!~|!=|=)");
    private static final Pattern GROUPING = Pattern.compile("\\b(?:by|without)\\s*\\(([^)]*)\\)");
    private static final Pattern WORD = Pattern.compile("\\b[a-z_][a-z0-9_]*\\b");
    private static final Pattern LEGEND = Pattern.compile("\\{\\{(\\w+)}}");
    private static final Pattern LABEL_IN_TEXT = Pattern.compile("\\$labels\\.(\\w+)");
    private static final Set<String> FUNCTIONS = Set.of(
            "abs",
            "sum",
            "max",
            "min",
            "rate",
            "increase",
            "histogram_quantile",
            "bottomk",
            "by",
            "without",
            "or",
            "and");
    // Of every series, by who scrapes it.
    private static final Set<String> SCRAPED = Set.of("job", "instance", "le");
    // Micrometer's, which the page mentions in a sentence.
    private static final Map<String, Set<String>> OTHERS =
            Map.of("jvm_memory_used_bytes", Set.of("area", "id"), "process_cpu_usage", Set.of());
    // Grafana's names of units; "none" is a count.
    private static final Set<String> UNITS = Set.of("none", "ops", "s", "d", "bytes", "percentunit");

    private static final Map<String, Set<String>> METRICS = metrics();

    /// One expression and where it is written.
    record Query(String place, String text, List<String> labels) {

        @Override
        public String toString() {
            return place;
        }
    }

    private static Map<String, Set<String>> metrics() {
        try {
            var metrics = new TreeMap<>(OTHERS);
            for (var line : Files.readAllLines(PAGE)) {
                var row = ROW.matcher(line);
                if (row.matches()) {
                    var labels = new TreeSet<>(List.of(row.group(3).strip().split(", ", -1)));
                    labels.remove("");
                    metrics.put(row.group(1), labels);
                    if (row.group(2).equals("histogram")) {
                        for (var end : List.of("_bucket", "_sum", "_count")) {
                            metrics.put(row.group(1) + end, labels);
                        }
                    }
                }
            }
            return metrics;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Path> dashboards() throws IOException {
        try (var files = Files.list(CHART.resolve("dashboards"))) {
            return files.sorted().toList();
        }
    }

    private static Map<String, Object> read(Path file) throws IOException {
        // JSON is YAML.
        return Yaml.documents(Files.readString(file)).getFirst();
    }

    static Stream<Query> queries() throws IOException {
        var queries = new ArrayList<Query>();
        for (var file : dashboards()) {
            for (var panel : list(read(file).get("panels"))) {
                for (var target : list(panel.get("targets"))) {
                    var legend = LEGEND.matcher(String.valueOf(target.get("legendFormat")));
                    queries.add(new Query(
                            file.getFileName() + ", " + panel.get("title") + ", " + target.get("refId"),
                            String.valueOf(target.get("expr")),
                            legend.results().map(found -> found.group(1)).toList()));
                }
            }
        }
        for (var rule : rules()) {
            var said = LABEL_IN_TEXT.matcher(String.valueOf(rule.get("annotations")));
            queries.add(new Query(
                    "alert " + rule.get("alert"),
                    String.valueOf(rule.get("expr")),
                    said.results().map(found -> found.group(1)).toList()));
        }
        return queries.stream();
    }

    private static List<Map<String, Object>> rules() throws IOException {
        return list(list(read(CHART.resolve("alerts/sallyport.yaml")).get("groups"))
                .getFirst()
                .get("rules"));
    }

    private static List<Map<String, Object>> list(@Nullable Object value) {
        assertThat(value).isInstanceOf(List.class);
        return Yaml.list(value).stream().map(Yaml::map).toList();
    }

    @ParameterizedTest
    @MethodSource("queries")
    void everyMetricAndLabelIsOneThatIsShown(Query query) {
        var asked = metricsOf(query.text());
        assertThat(asked).as("metrics of %s", query.text()).isNotEmpty();
        assertThat(METRICS.keySet()).as("%s", query.text()).containsAll(asked);

        var known = new HashSet<>(SCRAPED);
        asked.forEach(metric -> known.addAll(METRICS.getOrDefault(metric, Set.of())));
        var selector = SELECTOR.matcher(query.text());
        while (selector.find()) {
            var own = METRICS.getOrDefault(selector.group(1), Set.of());
            var matched = MATCHER.matcher(STRING.matcher(selector.group(2)).replaceAll("\"\""));
            matched.results()
                    .forEach(label -> assertThat(own)
                            .as("labels of %s", selector.group(1))
                            .contains(label.group(1)));
        }
        var grouped = new HashSet<String>();
        GROUPING.matcher(query.text())
                .results()
                .forEach(group -> Stream.of(group.group(1).split(",", -1))
                        .map(String::strip)
                        .forEach(grouped::add));
        assertThat(known).as("grouped by in %s", query.text()).containsAll(grouped);
        var shown = grouped.isEmpty() ? known : grouped;
        assertThat(shown).as("shown of %s", query.text()).containsAll(query.labels());
    }

    // What is left when strings, selectors, groups and ranges are gone: metrics, functions and numbers.
    private static Set<String> metricsOf(String expression) {
        var bare = STRING.matcher(expression).replaceAll("");
        bare = GROUPING.matcher(bare).replaceAll(" ");
        bare = Pattern.compile("\\{[^}]*}|\\[[^]]*]").matcher(bare).replaceAll(" ");
        var metrics = new TreeSet<String>();
        WORD.matcher(bare).results().map(found -> found.group()).forEach(metrics::add);
        metrics.removeAll(FUNCTIONS);
        return metrics;
    }

    @ParameterizedTest
    @MethodSource("dashboards")
    void dashboardsAreOfGrafana11WithIdsOnceUnitsAndAnyDataSource(Path file) throws IOException {
        var dashboard = read(file);

        assertThat(dashboard.get("schemaVersion")).isEqualTo(39);
        assertThat(file).hasFileName(dashboard.get("uid") + ".json");
        var variables = list(Yaml.at(dashboard, "templating").get("list"));
        assertThat(variables).anyMatch(variable -> "datasource".equals(variable.get("type")));
        var panels = list(dashboard.get("panels"));
        assertThat(panels).extracting(panel -> panel.get("id")).doesNotHaveDuplicates();
        assertThat(panels).allSatisfy(panel -> {
            assertThat(Yaml.at(panel, "datasource")).containsEntry("uid", "${datasource}");
            assertThat(String.valueOf(Yaml.at(panel, "fieldConfig.defaults").get("unit")))
                    .as("%s", panel.get("title"))
                    .isIn(UNITS);
        });
    }

    @Test
    void uidsAndAlertsAreThereOnce() throws IOException {
        var uids = new ArrayList<Object>();
        for (var file : dashboards()) {
            uids.add(read(file).get("uid"));
        }

        assertThat(uids).hasSize(5).doesNotHaveDuplicates();
        assertThat(rules()).extracting(rule -> rule.get("alert")).doesNotHaveDuplicates();
        assertThat(rules()).allSatisfy(rule -> {
            assertThat(Yaml.map(rule.get("labels")).get("severity")).isIn("warning", "critical");
            assertThat(Yaml.map(rule.get("annotations"))).containsKeys("summary", "description");
        });
    }

    @Test
    void everyWishOfTheRulesIsAnAlert() throws IOException {
        assertThat(rules())
                .extracting(rule -> rule.get("alert"))
                .contains(
                        "SallyportProxyRefuses",
                        "SallyportProxyBehind",
                        "SallyportCertificateEnds",
                        "SallyportRowsLost",
                        "SallyportStoreLags",
                        "SallyportConfigWithheld",
                        "SallyportClusterNotHeard");
    }
}
