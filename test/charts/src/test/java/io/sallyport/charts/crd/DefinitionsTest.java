package io.sallyport.charts.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.charts.Yaml;
import io.sallyport.model.Kind;
import io.sallyport.model.read.YamlReader;
import io.sallyport.model.schema.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The definitions in `sallyport-base` are what the model says, and take what `check` takes.
class DefinitionsTest {

    private static final Path FILES = Path.of("../../deploy/charts/sallyport-base/files");
    private static final Path ROOT = Path.of("../..");

    private final Definitions definitions = new Definitions();

    @ParameterizedTest
    @ValueSource(strings = {"istio.io", "sallyport.io"})
    void filesOfTheChartAreWhatTheModelSays(String group) throws IOException {
        var text = new StringBuilder("# Made of the records of lib/model: see DefinitionsTest of test/charts.\n");
        for (var kind : Definitions.kinds(group)) {
            text.append("---\n").append(Yaml.write(definitions.of(kind)));
        }
        var file = FILES.resolve("crds-" + group + ".yaml");
        if (Boolean.getBoolean("golden.rewrite")) {
            Files.writeString(file, text);
        }
        assertThat(file)
                .as("rewritten by: mvn -pl test/charts -am test -Dtest=DefinitionsTest -Dgolden.rewrite=true")
                .hasContent(text.toString());
    }

    @Test
    void everyVersionIsServedAndTheFirstIsStored() {
        for (var group : List.of("istio.io", "sallyport.io")) {
            for (var kind : Definitions.kinds(group)) {
                var spec = Yaml.map(definitions.of(kind).get("spec"));
                var versions =
                        Yaml.list(spec.get("versions")).stream().map(Yaml::map).toList();
                assertThat(versions.stream().map(version -> version.get("name")))
                        .isEqualTo(kind.versions());
                assertThat(versions.stream().filter(version -> Boolean.TRUE.equals(version.get("storage"))))
                        .as("%s", kind)
                        .containsExactly(versions.getFirst());
            }
        }
    }

    /// Whatever `check` takes at the door, the API server takes: every document of the examples and of all cases.
    @Test
    @Tag("S41")
    void whatTheReaderTakesFitsTheSchemas() throws IOException {
        var seen = new ArrayList<Kind>();
        var refused = new ArrayList<String>();
        for (var file : documents()) {
            for (var document : new YamlReader()
                    .read(file.toString(), Files.readAllBytes(file))
                    .documents()) {
                var object = document.object();
                if (object == null || !has(object.ref().kind())) {
                    continue;
                }
                var body = Yaml.documents(document.source().text()).getFirst();
                // A List is one text for all its objects.
                if (!String.valueOf(body.get("kind")).equals(object.ref().kind().text())) {
                    continue;
                }
                seen.add(object.ref().kind());
                for (var violation : violations(object.ref().kind(), body)) {
                    refused.add(file + " " + object.ref() + ": " + violation);
                }
            }
        }
        assertThat(refused).isEmpty();
        assertThat(seen).hasSizeGreaterThan(300);
        assertThat(seen.stream().distinct()).hasSizeGreaterThan(6);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            VirtualService  | {hosts: [a.test], htpp: []}                                     | unknown field "spec.htpp"
            VirtualService  | {hosts: [a.test], http: [{timeout: 5}]}                         | spec.http[0].timeout: "5" (expected: a string)
            VirtualService  | {hosts: [a.test], http: [{timeout: 5 s}]}                       | spec.http[0].timeout: "5 s" (expected: ^
            VirtualService  | {http: [{match: [{uri: {exact: /a, prefix: /b}}]}]}             | spec.http[0].match[0].uri: [exact, prefix] exclude one another
            Gateway         | {servers: [{hosts: [a.test], port: {number: "80"}}]}            | spec.servers[0].port.number: "80" (expected: an integer)
            Gateway         | {servers: [{hosts: [a.test], port: {number: 80, name: p, protocol: HTTP}, tls: {mode: SIMPEL}}]} | spec.servers[0].tls.mode: "SIMPEL"
            ServiceEntry    | {hosts: [a.test], location: MESH}                               | spec.location: "MESH"
            ServiceEntry    | {ports: []}                                                     | missing field "spec.hosts"
            EgressPolicy    | {hosts: [a.test], ports: [{number: -1, protocol: HTTP}]}        | spec.ports[0].number: "-1" (expected: at least 0)
            SecretGrant     | {secrets: [""], gateways: [], hosts: [a.test]}                  | spec.secrets[0]: ""
            """)
    void slipsAreRefused(String kind, String spec, String violation) {
        var body = Map.of("spec", Yaml.read(spec.replace('"', '\'').replace("''", "\"\"")));
        assertThat(violations(Kind.of(kind).orElseThrow(), body)).anyMatch(found -> found.startsWith(violation));
    }

    private static boolean has(Kind kind) {
        return Definitions.kinds("istio.io").contains(kind)
                || Definitions.kinds("sallyport.io").contains(kind);
    }

    /// Names in snake_case are left out: our reader takes them as Istio's does, API servers take no second name.
    private List<String> violations(Kind kind, Map<String, Object> body) {
        return SchemaCheck.violations(definitions.object(kind), body).stream()
                .filter(violation -> !(Schema.takesSnakeCase(kind)
                        && violation.startsWith("unknown field")
                        && violation.contains("_")))
                .toList();
    }

    private static List<Path> documents() throws IOException {
        var files = new ArrayList<Path>();
        for (var folder : List.of(
                "examples", "lib/translation/src/test/resources/cases", "test/conformance/src/test/resources/cases")) {
            try (Stream<Path> found = Files.walk(ROOT.resolve(folder))) {
                found.filter(file -> file.toString().endsWith(".yaml")).sorted().forEach(files::add);
            }
        }
        return files;
    }
}
