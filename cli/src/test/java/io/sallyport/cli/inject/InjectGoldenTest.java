package io.sallyport.cli.inject;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sallyport.cli.FakeTerminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// Manifests and what `sallyport inject` makes of them: `in.yaml`, with `settings.yaml` or the defaults, gives
/// `out.yaml` and says `said.txt`. `-Dsallyport.golden=true` writes the outputs. Files that every pod carries are
/// shown by name, and once as a whole in `bootstrap.json`.
@Tag("S43")
class InjectGoldenTest {

    private static final Path FOLDER = Path.of("src/test/resources/inject");
    private static final Pattern BOOTSTRAP = Pattern.compile("(?m)^( *sallyport\\.io/bootstrap:) '(.*)'$");
    private static final Pattern SCRIPT =
            Pattern.compile("(?m)^( *)(sallyport\\.io/redirect:) \\|\\n(?:\\1 .*\\n|\\n(?=\\1 |\\n))*");
    private static final String AUTHORITY = """
            -----BEGIN CERTIFICATE-----
            (of the platform)
            -----END CERTIFICATE-----
            """;

    @TempDir
    Path folder;

    static List<String> cases() throws IOException {
        try (var folders = Files.list(FOLDER)) {
            return folders.filter(Files::isDirectory)
                    .map(each -> String.valueOf(each.getFileName()))
                    .sorted()
                    .toList();
        }
    }

    private FakeTerminal inject(String input, Path settings) throws IOException {
        var authority = Files.writeString(folder.resolve("ca.crt"), AUTHORITY);
        var terminal = new FakeTerminal(input);
        var words = new ArrayList<>(List.of("inject", "-f", "-", "--authority", authority.toString()));
        if (Files.exists(settings)) {
            words.addAll(List.of("--settings", settings.toString()));
        }
        var exit = terminal.run(words.toArray(String[]::new));
        assertThat(exit).as(terminal.err()).isEqualTo(terminal.out().isEmpty() ? 1 : 0);
        return terminal;
    }

    private static String masked(String text) {
        return SCRIPT.matcher(BOOTSTRAP.matcher(text).replaceAll("$1 (bootstrap.json)"))
                .replaceAll("$1$2 (redirect.sh)\n");
    }

    private static void expect(Path file, String text) throws IOException {
        if (Boolean.getBoolean("sallyport.golden")) {
            Files.writeString(file, text);
        }
        assertThat(file).as("rewritten by -Dsallyport.golden=true").hasContent(text);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void manifestsAreWhatWasReviewed(String name) throws IOException {
        var home = FOLDER.resolve(name);
        var once = inject(Files.readString(home.resolve("in.yaml")), home.resolve("settings.yaml"));

        expect(home.resolve("out.yaml"), masked(once.out()));
        expect(home.resolve("said.txt"), once.err());
        if (!once.out().isEmpty()) {
            assertThat(inject(once.out(), home.resolve("settings.yaml")).out())
                    .as("injected again")
                    .isEqualTo(once.out());
        }
    }

    @Test
    void thereAreTenPodsAndMore() throws IOException {
        assertThat(cases()).hasSizeGreaterThanOrEqualTo(14);
    }

    @Test
    void bootstrapAndRulesAreTheReviewedOnes() throws IOException {
        var text = inject(
                        Files.readString(FOLDER.resolve("a-pod-alone-keeps-its-comments/in.yaml")),
                        folder.resolve("none"))
                .out();
        var bootstrap = BOOTSTRAP.matcher(text);
        var script = SCRIPT.matcher(text);

        assertThat(bootstrap.find()).isTrue();
        var mapper = JsonMapper.builder().build();
        expect(
                FOLDER.resolve("bootstrap.json"),
                mapper.readTree(bootstrap.group(2)).toPrettyString() + "\n");
        assertThat(script.find()).isTrue();
        assertThat(script.group().lines().skip(1).map(String::strip))
                .containsExactlyElementsOf(Files.readString(Path.of("../deploy/redirect/redirect.sh"))
                        .lines()
                        .map(String::strip)
                        .toList());
    }

    @Test
    void theAuthorityMayComeWithTheSettings() throws IOException {
        var settings = Files.writeString(
                folder.resolve("injection.yaml"),
                "authority:\n  pem: |\n" + AUTHORITY.indent(4) + "platformNamespace: istio-system\n");
        var terminal = new FakeTerminal(Files.readString(FOLDER.resolve("a-pod-alone-keeps-its-comments/in.yaml")));

        assertThat(terminal.run("inject", "-f", "-", "--settings", settings.toString()))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.out()).contains("sallyport-xds.istio-system.svc.cluster.local");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: [",
                "kind: Pod\nkind: Pod\n",
                "kind: Pod\nspec: &all {containers: [{name: a}], b: *all}\n",
                "&p\nkind: Pod\nmetadata: &m {annotations: {a: b}}\nspec: {containers: [{name: a}], x: *m}\n"
            })
    void whatIsNoManifestEndsInOneLine(String text) throws IOException {
        var authority = Files.writeString(folder.resolve("ca.crt"), AUTHORITY);
        var terminal = new FakeTerminal(text);

        assertThat(terminal.run("inject", "-f", "-", "--authority", authority.toString()))
                .isEqualTo(2);
        assertThat(terminal.err()).hasLineCount(1).startsWith("error: stdin: ");
        assertThat(terminal.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kind: Pod\\nmetadata:\\n  name: {{ .Values.name }}\\n | stdin:3:10: a key that is no text",
                "kind: Pod\\nspec: [{a: [{{ .x }}]}]\\n | stdin:2:14: a key that is no text",
                "{{- if .x }}\\nkind: Pod\\n{{- end }}\\n | stdin: "
            })
    void templatesAreRefused(String text, String place) throws IOException {
        var authority = Files.writeString(folder.resolve("ca.crt"), AUTHORITY);
        var terminal = new FakeTerminal(text.translateEscapes());

        assertThat(terminal.run("inject", "-f", "-", "--authority", authority.toString()))
                .isEqualTo(2);
        assertThat(terminal.err())
                .startsWith("error: " + place)
                .endsWith("(expected: a manifest without {{ }}, as `helm template` prints it)\n");
        assertThat(terminal.out()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "kind: Pod\\nmetadata: {name: p}\\n | Pod p",
                "kind: Deployment\\nmetadata: {name: d}\\nspec: {}\\n | Deployment d"
            })
    void whatLacksItsPodIsRefused(String text, String object) throws IOException {
        assertThat(inject(text.translateEscapes(), folder.resolve("none")).err())
                .isEqualTo("error: stdin: " + object
                        + ": spec.containers is missing (expected: at least one container)\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "metadata: {name: p} # mine\nspec: {containers: [{name: c, image: x}]}\n",
                "metadata:\n  name: p\n  annotations: {a: x} # mine\nspec:\n  containers:\n  - {name: c, image: x}\n",
                "metadata: {name: p}\nspec:\n  volumes: [] # mine\n  containers:\n  - name: c\n    image: x\n",
                "metadata: {name: p}\nspec:\n  containers:\n  # mine\n  - {name: c, image: x} # and mine\n",
                "metadata: {name: p, # mine\n  labels: {a: b}}\nspec:\n  containers:\n  - name: c # mine\n    image: x\n",
                "# mine\nmetadata: # mine\n  name: p\nspec:\n  containers: # mine\n  - name: c\n    image: x\n# mine\n",
            })
    void commentsAnywhereLeaveSoundYaml(String rest) throws IOException {
        var injected = inject("apiVersion: v1\nkind: Pod\n" + rest, folder.resolve("none"));

        var pod = String.valueOf(new Load(LoadSettings.builder().build()).loadFromString(injected.out()));
        assertThat(pod).contains("{name=c, image=x}", "metadata={", "name=p", "sallyport.io/bootstrap=");
        assertThat(injected.out()).contains("# mine");
    }

    @Test
    void commentsThatCannotBeKeptAreLeftOutAloud() throws IOException {
        var injected = inject(
                "kind: Pod\nmetadata: {name: p}\nspec: {containers: [ # mine\n  {name: c, # and mine\n   image: x}]}\n",
                folder.resolve("none"));

        assertThat(injected.err()).contains("note: stdin: comments are left out: one stands where none can be kept");
        assertThat(injected.out()).contains("image: x").doesNotContain("mine");
    }

    @Test
    void jsonStaysJson() throws IOException {
        var text = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"p\"},"
                + " \"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"x\", \"weight\": 0.5}]}}";

        var pod = JsonMapper.builder()
                .build()
                .readTree(inject(text, folder.resolve("none")).out());

        assertThat(pod.at("/metadata/annotations/sallyport.io~1bootstrap").isTextual())
                .isTrue();
        assertThat(pod.at("/spec/containers").toString()).contains("{\"name\":\"c\",\"image\":\"x\",\"weight\":0.5}");
    }

    @Test
    void withoutAnAuthorityNothingIsInjected() {
        var terminal = new FakeTerminal("kind: Pod\nspec: {containers: [{name: a}]}\n");

        assertThat(terminal.run("inject", "-f", "-")).isEqualTo(2);
        assertThat(terminal.err())
                .isEqualTo("error: the platform's authority is missing (expected: --authority FILE, with ca.crt of the"
                        + " ConfigMap sallyport-ca)\n");
    }
}
