package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the pages for platform teams tell them to write and to run fits the charts: values are known to the
/// schemas, and commands name charts, objects and keys that are there.
@Tag("S41")
class DocumentedTest {

    private static final Path DOCS = Path.of("../../docs");
    private static final List<String> PAGES = List.of("install.md", "day-2.md", "sidecars.md");
    private static final Set<String> SECTIONS = Set.of("global", "platform", "gateway", "gateways", "base");
    private static final Pattern HELM =
            Pattern.compile("helm (?:install|upgrade|template) (\\S+) (\\S+) --namespace (\\S+)");
    private static final Pattern NAMED =
            Pattern.compile("kubectl \\S+ \\S+ (?:get|delete) (configmap|secret|service) (\\S+)");
    private static final Pattern ROLLOUT = Pattern.compile("rollout status deployment/(\\S+)");
    private static final Pattern SELECTED = Pattern.compile("get pods -l ([^=]+)=(\\S+)");
    private static final Pattern KEY = Pattern.compile("jsonpath='\\{\\.data\\.([^}]*)}'");
    private static final String AUTHORITY = """
            {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"sallyport-ca"},"data":{"ca.crt":"(made)"}}""";

    @TempDir
    Path folder;

    private record Block(String page, String language, String text) {}

    @BeforeEach
    void cluster() {
        for (var namespace : List.of("istio-system", "sallyport-system")) {
            Install.CLUSTER.put(namespace + "/configmaps/sallyport-ca", AUTHORITY);
        }
    }

    @AfterEach
    void empty() {
        Install.CLUSTER.clear();
    }

    private static List<Block> blocks(String language) throws IOException {
        var found = new ArrayList<Block>();
        for (var page : PAGES) {
            StringBuilder text = null;
            for (var line : Files.readAllLines(DOCS.resolve(page))) {
                if (!line.startsWith("```")) {
                    if (text != null) {
                        text.append(line).append('\n');
                    }
                } else if (text == null) {
                    text = line.equals("```" + language) ? new StringBuilder() : null;
                } else {
                    found.add(new Block(page, language, text.toString()));
                    text = null;
                }
            }
        }
        return found;
    }

    private static List<Block> values() throws IOException {
        return blocks("yaml").stream()
                .filter(block ->
                        SECTIONS.containsAll(Yaml.map(Yaml.read(block.text())).keySet()))
                .toList();
    }

    private List<Map<String, Object>> render(String chart, String release, String namespace, String text)
            throws IOException {
        var file = Files.writeString(folder.resolve("values.yaml"), text);
        return Yaml.documents(new Install(chart, release, namespace).text(file, Map.of()));
    }

    @Test
    void everyValueIsKnown() throws IOException {
        assertThat(values()).hasSizeGreaterThanOrEqualTo(4);
        for (var block : values()) {
            var named = Yaml.at(Yaml.map(Yaml.read(block.text())), "global").get("platformNamespace");
            var platform = named == null ? "sallyport-system" : String.valueOf(named);
            assertThat(render("sallyport-base", "sallyport-base", platform, block.text()))
                    .as(block.toString())
                    .isNotEmpty();
            assertThat(render("sallyport", "sallyport", platform, block.text()))
                    .as(block.toString())
                    .isNotEmpty();
            assertThat(render("sallyport-gateway", "hipstershop-ingressgateway", "shop", block.text()))
                    .as(block.toString())
                    .isNotEmpty();
        }
    }

    @Test
    void everyCommandOfHelmAndKubectlMeansSomethingThatIsThere() throws IOException {
        var text = values().getFirst().text();
        var installed = new ArrayList<Map<String, Object>>();
        var commands = new ArrayList<String>();
        for (var block : blocks("sh")) {
            block.text().lines().filter(line -> !line.isBlank()).forEach(commands::add);
        }
        var releases = new HashMap<String, String>();
        for (var command : commands) {
            var helm = HELM.matcher(command);
            if (helm.find()) {
                var chart = Path.of("../..").resolve(helm.group(2));
                assertThat(chart.resolve("Chart.yaml")).as(command).exists();
                if (releases.put(helm.group(1), helm.group(2)) == null) {
                    installed.addAll(render(String.valueOf(chart.getFileName()), helm.group(1), helm.group(3), text));
                }
            } else {
                assertThat(command).matches("(kubectl|\\./sallyport|skopeo) .*");
            }
        }
        installed.addAll(render(
                "sallyport",
                "sallyport",
                "istio-system",
                "global: {platformNamespace: istio-system}\nplatform: {injection: {enabled: true}}\n"));
        assertThat(releases).hasSizeGreaterThanOrEqualTo(5);
        var wrong = new TreeSet<String>();
        for (var command : commands) {
            if (command.startsWith("kubectl ") && !isThere(command, installed)) {
                wrong.add(command);
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static boolean isThere(String command, List<Map<String, Object>> installed) {
        var named = NAMED.matcher(command);
        if (named.find()) {
            var key = KEY.matcher(command);
            var wanted = key.find() ? key.group(1).replace("\\", "") : null;
            return installed.stream()
                    .filter(each -> String.valueOf(each.get("kind")).equalsIgnoreCase(named.group(1)))
                    .filter(each -> Cases.name(each).equals(named.group(2)))
                    .anyMatch(each -> wanted == null || Yaml.at(each, "data").containsKey(wanted));
        }
        var rollout = ROLLOUT.matcher(command);
        if (rollout.find()) {
            return Cases.kind(installed, "Deployment").stream()
                    .anyMatch(each -> Cases.name(each).equals(rollout.group(1)));
        }
        var selected = SELECTED.matcher(command);
        if (selected.find()) {
            return installed.stream()
                    .map(each -> Yaml.at(each, "spec.template.metadata.labels"))
                    .anyMatch(labels -> selected.group(2).equals(labels.get(selected.group(1))));
        }
        return command.startsWith("kubectl create namespace ");
    }
}
