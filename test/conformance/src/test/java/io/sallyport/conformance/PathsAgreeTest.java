package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.read.YamlReader;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.Translator;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A path is one path: what the upstream gets, the rule in the log's row, and what the simulator says of both are the
/// same, with Istio's defaults and with `edge: strict`.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(180)
class PathsAgreeTest {

    private static final List<String> PATHS = List.of(
            "/",
            "/admin",
            "/adminx",
            "//admin",
            "///admin",
            "/x/../admin",
            "/./admin",
            "/x/%2e%2e/admin",
            "/%61dmin",
            "/x%2f..%2fadmin",
            "/%2fadmin",
            "/x%5c..%5cadmin",
            "/x\\..\\admin",
            "/%2561dmin",
            "/%c0%ae%c0%ae/admin",
            "/%u002e/admin",
            "/;/admin",
            "/admin;a=b",
            "/ADMIN",
            "/admin/",
            "/admin?x=/../y",
            "/a/b/../../admin",
            "/a//b/../admin",
            "/..;/admin",
            "/admin%20",
            "/%41dmin",
            "/x?y=//z",
            "/a/./b/",
            "/a%2Fb?c=%2F",
            "/a/..",
            "/x/.;/admin",
            "/x/..;a=b/admin",
            "/x/%2e%2e;/admin",
            "/x/.;",
            "/x/..;?q",
            "/x/...;/y",
            "/x/..%3b/y");

    private HostileDoor usual;
    private HostileDoor strict;
    private TrafficSimulator usualSimulator;
    private TrafficSimulator strictSimulator;
    private final List<Logged> rows = new ArrayList<>();
    private int asked;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        usual = HostileDoor.usual(scratch.resolve("usual"));
        strict = HostileDoor.strict(scratch.resolve("strict"));
        usualSimulator = simulator(usual.configuration());
        strictSimulator = simulator("""
                apiVersion: sallyport.io/v1alpha1
                kind: Platform
                metadata: {namespace: istio-system, name: sallyport}
                edge: strict
                ---
                """ + strict.configuration());
    }

    @AfterAll
    void close() throws IOException {
        usual.close();
        strict.close();
    }

    @Test
    @Tag("V11")
    @Tag("H98")
    void theUpstreamTheRowAndTheSimulatorSeeOnePath() throws IOException {
        for (var path : PATHS) {
            agree(usual, usualSimulator, path);
            agree(strict, strictSimulator, path);
        }

        // Rows come some times a second.
        for (var logged : rows) {
            assertThat(logged.door().row(logged.number())).as(logged.path()).isEqualTo(logged.row());
        }
    }

    /// The row that a request must leave.
    private record Logged(HostileDoor door, String path, int number, String row) {}

    private void agree(HostileDoor door, TrafficSimulator simulator, String path) throws IOException {
        int number = ++asked;
        var outcome = door.get(path, "X-Case: " + number);
        switch (simulator.answer(Request.get(80, "a.test", path))) {
            case Answer.Forwarded forwarded -> {
                assertThat(outcome.path())
                        .as(outcome.answer())
                        .isEqualTo(forwarded
                                .shares()
                                .getFirst()
                                .request()
                                .find(":path")
                                .orElse(""));
                rows.add(new Logged(
                        door,
                        path,
                        number,
                        "asked %d by %s got 200"
                                .formatted(number, forwarded.trail().route().name())));
            }
            case Answer.Replied replied -> {
                assertThat(outcome.seen()).isEmpty();
                assertThat(outcome.status()).isEqualTo(replied.status());
                var rule = replied.trail().route().name();
                rows.add(new Logged(
                        door,
                        path,
                        number,
                        "asked %d by %s got %d".formatted(number, rule.isEmpty() ? "-" : rule, replied.status())));
            }
            case Answer.Refused _, Answer.Closed _, Answer.Tunnelled _ -> throw new AssertionError(path);
        }
    }

    private static TrafficSimulator simulator(String yaml) {
        var objects = new ArrayList<ConfigObject<?>>();
        new YamlReader()
                .read("in.yaml", yaml.getBytes(StandardCharsets.UTF_8))
                .objects()
                .forEach(object -> objects.add(object.withAge(new Age(Instant.EPOCH, 1, "in.yaml", objects.size()))));
        var proxy = new ProxyClass(
                ProxyClass.Role.ROUTER,
                "istio-system",
                "istio-ingressgateway",
                new TreeMap<>(Map.of("istio", "ingressgateway")),
                new TreeMap<>(),
                "127.0.0.1",
                true);
        var checked = new Analyzer().check(ConfigImage.EMPTY.with(1, objects, List.of()));
        return new TrafficSimulator(new Translator().translate(checked, proxy));
    }
}
