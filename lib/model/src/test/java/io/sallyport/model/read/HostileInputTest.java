package io.sallyport.model.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Finding;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Inputs that try to crash, stall or fool the reader. Costs are bounded by counts; the time limit only catches hangs.
/// The heap of this JVM is 256 MiB.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HostileInputTest {

    private static List<Finding> findings(String name, byte[] bytes) {
        return new YamlReader().read(name, bytes).findings();
    }

    private static String only(String text) {
        var lines = Reading.lines(Reading.read(text));
        assertThat(lines).hasSize(1);
        return lines.getFirst();
    }

    @Test
    @Tag("H1")
    @Tag("V17")
    void laughsAreRefusedAtTheAliasThatGoesTooFar() {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 9; i++) {
            var last = "*a" + (i - 1);
            text.append("a%d: &a%d [%s]\n".formatted(i, i, String.join(", ", java.util.Collections.nCopies(10, last))));
        }

        assertThat(only(text.toString())).startsWith("SP1045  3:").contains("at most 50 uses, and 10 times");
    }

    @Test
    @Tag("H1")
    void aFewAliasesAreFine() {
        var result = Reading.read(Reading.virtualService("""
                hosts: &hosts [a.test, b.test]
                http:
                - match: [{headers: {x: &x {exact: "1"}}}]
                  route: [{destination: {host: a}}]
                - match: [{headers: {y: *x}}]
                  route: [{destination: {host: b}}]
                gateways: *hosts
                """));

        assertThat(Reading.lines(result)).isEmpty();
    }

    @Test
    @Tag("H1")
    @Tag("V17")
    void moreThanFiftyAliasesAreRefused() {
        var uses = "- *a\n".repeat(51);

        assertThat(only("a: &a x\nb:\n" + uses)).startsWith("SP1045  53:3: ");
        assertThat(Reading.codes(Reading.read("a: &a x\nb:\n" + "- *a\n".repeat(50))))
                .containsExactly("SP1020", "SP1021");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a: &a [*a]", "a: &a {<<: *a}", "&a [b, [c, *a]]"})
    @Tag("H2")
    void anAnchorMayNotContainItself(String text) {
        assertThat(only(text)).startsWith("SP1046 ").contains("inside its own anchor");
    }

    @Test
    @Tag("H3")
    @Tag("V17")
    void deepNestingIsRefusedWithoutRecursion() {
        assertThat(only("[".repeat(100_000))).startsWith("SP1044  1:65: ");
        assertThat(only("{a: ".repeat(10_000) + "b" + "}".repeat(10_000))).startsWith("SP1044 ");
        assertThat(only("- ".repeat(1_000_000))).startsWith("SP1044 ");
        assertThat(findings("a.json", "[".repeat(100_000).getBytes(StandardCharsets.UTF_8)))
                .singleElement()
                .extracting(finding -> finding.code().id())
                .isEqualTo("SP1044");
    }

    @Test
    @Tag("H3")
    void sixtyFourLevelsAreFine() {
        var text = "[".repeat(64) + "]".repeat(64);

        assertThat(only(text)).startsWith("SP1048 ").contains("no mapping");
    }

    @Test
    @Tag("H4")
    @Tag("V17")
    void aFileOverTheBoundIsRefusedUnread() {
        assertThat(findings("a.yaml", new byte[Bounds.FILE_BYTES + 1]))
                .singleElement()
                .extracting(Finding::message)
                .asString()
                .contains("67,108,865 bytes");
    }

    @Test
    @Tag("V17")
    void aDocumentOverTheBoundLeavesItsNeighboursReadable() {
        var text = Reading.gateway("80") + "---\n# " + "x".repeat(Bounds.DOCUMENT_BYTES) + "\na: b\n---\n"
                + Reading.gateway("81");

        var result = Reading.read(text);
        assertThat(Reading.codes(result)).containsExactly("SP1047");
        assertThat(result.objects()).hasSize(2);
    }

    @Test
    @Tag("V17")
    void tooManyNodesAreRefused() {
        assertThat(only("[" + "a,".repeat(100_001) + "]")).startsWith("SP1047 ").contains("100,000 nodes");
    }

    @Test
    @Tag("H5")
    void manyDocumentsAreCountedAndBounded() {
        assertThat(Reading.lines(Reading.read("---\n".repeat(100_000)))).isEmpty();
        assertThat(only("---\n".repeat(100_001))).contains("100,000 documents");
        assertThat(Reading.lines(Reading.read("# comment\n".repeat(200_000) + Reading.gateway("80"))))
                .isEmpty();
    }

    @Test
    @Tag("H6")
    void aKeyGivenTwiceIsRefusedWithBothPlaces() {
        var result = Reading.read("a: 1\nb: 2\na: 3\n");

        var duplicate = result.findings().stream()
                .filter(finding -> finding.code().id().equals("SP1008"))
                .toList();
        assertThat(duplicate).singleElement().satisfies(finding -> {
            assertThat(finding.location().line()).isEqualTo(3);
            assertThat(finding.related())
                    .singleElement()
                    .extracting(at -> at.line())
                    .isEqualTo(1);
        });
    }

    @Test
    @Tag("H6")
    void keysThatDifferInUnicodeFormOnlyAreTheSame() {
        assertThat(Reading.codes(Reading.read("\u00e9: 1\ne\u0301: 2\n"))).contains("SP1008");
    }

    @Test
    @Tag("H6")
    void aKeyAgainAfterAMergeHoldsAndIsSaid() {
        var result = Reading.read(Reading.virtualService("""
                http:
                - match: [{headers: {a: &m {exact: one}, b: {<<: *m, exact: two}}}]
                  directResponse: {status: 200}
                """));

        assertThat(Reading.codes(result)).containsExactly("SP4040");
        assertThat(result.objects()).hasSize(1);
        assertThat(result.findings().getFirst().related()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "080, YAML makes 80 of it",
        "0x50, YAML makes 80 of it",
        "1_000, YAML makes 1000 of it",
        "8e1, YAML makes 80 of it",
        "80.0, YAML makes 80 of it",
        "'\"80\"', without quotes: 80",
        "+80, YAML makes 80 of it",
        ".inf, no plain decimal",
        "eighty, expected: an integer",
        "0o120, YAML makes 80 of it",
        "'1:20', expected: an integer"
    })
    @Tag("H7")
    void integersArePlainDecimal(String written, String said) {
        assertThat(only(Reading.gateway(written)))
                .startsWith("SP1004 spec.servers[0].port.number 7:20: ")
                .contains(said);
    }

    @Test
    @Tag("H7")
    void aNumberOfFourHundredDigitsIsRefused() {
        assertThat(only(Reading.gateway("1" + "0".repeat(400)))).startsWith("SP1004 ");
        assertThat(only(Reading.gateway("1" + "0".repeat(300))))
                .startsWith("SP1004 ")
                .contains("0 to 2147483647");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "2147483648", "4294967376", "18446744073709551696"})
    @Tag("H8")
    void portsAreNeverWrapped(String port) {
        assertThat(only(Reading.gateway(port))).startsWith("SP1004 ").contains("0 to 2147483647");
    }

    @Test
    @Tag("H9")
    void aWeightBeyondTheTypeIsRefusedAndManyDestinationsAreFine() {
        var many = "route:\n" + "- {destination: {host: a}, weight: 1}\n".repeat(500);
        var beyond = "route: [{destination: {host: a}, weight: 2147483648}]";

        assertThat(Reading.lines(Reading.read(
                        Reading.virtualService("http:\n- " + many.indent(2).strip()))))
                .isEmpty();
        assertThat(only(Reading.virtualService("http:\n- " + beyond))).startsWith("SP1004 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {".nan", "-0.0", "1e-400", ".inf", "1e999", "NaN", "'50'", "five"})
    @Tag("H10")
    void percentagesAreFiniteNumbers(String value) {
        var text = Reading.virtualService(
                "http: [{fault: {abort: {httpStatus: 500, percentage: {value: %s}}}}]".formatted(value));

        assertThat(only(text)).startsWith("SP1005 spec.http[0].fault.abort.percentage.value ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"-1s", "1e9h", "1.0000000001s", "\"\"", "1d", "5", "1s1", "s", "1.2.3s", "99999999999h", "1 s"})
    @Tag("H10")
    void durationsAreExactAndHaveUnits(String value) {
        assertThat(only(Reading.virtualService("http: [{timeout: %s}]".formatted(value))))
                .startsWith("SP1006 spec.http[0].timeout ")
                .contains("such as 1.5s");
    }

    @ParameterizedTest
    @ValueSource(strings = {"no", "yes", "on", "No", "y", "80", "0x50", "1.5", "true"})
    @Tag("H11")
    void aWordThatIsNoStringHasToBeQuoted(String word) {
        assertThat(only(Reading.virtualService("hosts: [%s]".formatted(word))))
                .startsWith("SP1010 spec.hosts[0] ")
                .contains("quote it: \"%s\"".formatted(word));
        assertThat(Reading.lines(Reading.read(Reading.virtualService("hosts: [\"%s\"]".formatted(word)))))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"~", "NULL", ""})
    @Tag("H11")
    void nothingIsNoElementOfAList(String nothing) {
        assertThat(only(Reading.virtualService("hosts:\n- %s\n".formatted(nothing))))
                .startsWith("SP1002 spec.hosts[0] ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "on", "True", "y"})
    @Tag("H11")
    void booleansAreReadAsKubernetesReadsThem(String word) {
        var text = Reading.virtualService(
                "http: [{match: [{ignoreUriCase: %s}], directResponse: {status: 200}}]".formatted(word));

        assertThat(Reading.spec(io.sallyport.model.VirtualService.class, text)
                        .http()
                        .getFirst()
                        .match()
                        .getFirst()
                        .ignoreUriCase())
                .isTrue();
        assertThat(Reading.codes(Reading.read(text.replace(": " + word, ": \"" + word + "\""))))
                .contains("SP1002");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "!!java.net.URL [x]",
                "!!javax.script.ScriptEngineManager [x]",
                "!!python/object/apply:os.system [x]",
                "!!binary aGk=",
                "!<tag:example.com,2026:x> y",
                "!custom y",
                "!!set {a}"
            })
    @Tag("H12")
    void languageTagsAreRefused(String value) {
        assertThat(only("a: " + value)).startsWith("SP1043  1:4: ");
    }

    @Test
    @Tag("H12")
    void theStringTagIsAQuote() {
        assertThat(Reading.lines(Reading.read(Reading.virtualService("hosts: [!!str no]"))))
                .isEmpty();
    }

    @Test
    @Tag("H13")
    void invalidUtf8IsRefusedWithItsByte() {
        for (var bytes : List.of(
                new byte[] {(byte) 0xff}, // never valid
                new byte[] {(byte) 0xc0, (byte) 0xaf}, // overlong
                new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}, // surrogate
                new byte[] {(byte) 0xe2, (byte) 0x82})) { // cut short
            var text = new ByteArrayOutputStream();
            text.writeBytes("kind: Gateway\nname: ".getBytes(StandardCharsets.UTF_8));
            text.writeBytes(bytes);
            text.writeBytes("\n---\n".getBytes(StandardCharsets.UTF_8));
            text.writeBytes(Reading.gateway("80").getBytes(StandardCharsets.UTF_8));

            var result = new YamlReader().read("a.yaml", text.toByteArray());
            assertThat(Reading.lines(result))
                    .singleElement()
                    .asString()
                    .startsWith("SP1041  2:7: ")
                    .contains("byte 20");
            assertThat(result.objects()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE"})
    @Tag("H13")
    void otherEncodingsAreRefused(String charset) {
        assertThat(findings("a.yaml", Reading.gateway("80").getBytes(Charset.forName(charset))))
                .singleElement()
                .extracting(Finding::message)
                .asString()
                .contains("expected: UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "\u0007", "\ufeff", "\u2028", "\u2029", "\u007f", "\u0090"})
    @Tag("H13")
    void invisibleCharactersAreRefusedWithTheirByte(String character) {
        assertThat(only("kind: Gate" + character + "way\n"))
                .startsWith("SP1042  1:11: ")
                .contains("at byte 10");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"a\\0b\"", "\"\\ud800\"", "\"\\udc00\\ud800\""})
    @Tag("H13")
    void escapesCannotSpellWhatMayNotBeWritten(String value) {
        assertThat(Reading.codes(Reading.read(Reading.virtualService("hosts: [%s]".formatted(value)))))
                .containsExactly("SP1042");
    }

    @Test
    @Tag("H13")
    @Tag("H14")
    void aMarkAtTheStartAndWindowsLinesAreFine() {
        var windows = "\ufeff" + Reading.gateway("80").replace("\n", "\r\n");
        var mac = Reading.gateway("80").replace("\n", "\r");
        var cut = Reading.gateway("80").stripTrailing();

        assertThat(Reading.read(windows).objects()).hasSize(1);
        assertThat(Reading.read(mac).objects()).hasSize(1);
        assertThat(Reading.read(cut).objects()).hasSize(1);
        assertThat(only(Reading.gateway("x").replace("\n", "\r\n"))).contains(" 7:20: ");
    }

    @Test
    @Tag("H14")
    void tabsForIndentationAreNamedWithTheirLine() {
        assertThat(only("kind: Gateway\nspec:\n\tservers: []\n"))
                .startsWith("SP1040  3:1: ")
                .contains("a tab");
    }

    @Test
    @Tag("H14")
    void directivesAreReadOrWarnedOf() {
        assertThat(Reading.lines(Reading.read("%YAML 1.1\n---\n" + Reading.gateway("80"))))
                .isEmpty();
        assertThat(only("%FOO bar\n---\n" + Reading.gateway("80"))).startsWith("SP4041  1:1: ");
        assertThat(only("%YAML 3.0\n---\n" + Reading.gateway("80"))).startsWith("SP1040 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\": 1, // no\n\"b\": 2}",
                "{\"a\": 1 /* no */}",
                "# no\n{\"a\": 1}",
                "{\"a\": 1,}",
                "[1,]",
                "{'a': 1}",
                "{a: 1}",
                "{\"a\": 01}",
                "{\"a\": +1}",
                "{\"a\": NaN}",
                "{\"a\": \"\t\"}",
                "{\"a\": \"\\x\"}",
                "{\"a\": 1} {\"b\": 2}",
                "{\"a\": 1"
            })
    @Tag("H15")
    void jsonIsJsonAndNothingMore(String text) {
        assertThat(findings("a.json", text.getBytes(StandardCharsets.UTF_8)))
                .singleElement()
                .extracting(finding -> finding.code().id())
                .isEqualTo("SP1040");
    }

    @Test
    @Tag("H15")
    @Tag("V17")
    void jsonHasTheSameBounds() {
        assertThat(Reading.codes(Reading.read("a.json", "{\"a\": 1, \"a\": 2}")))
                .contains("SP1008");
        assertThat(Reading.codes(Reading.read("a.json", "{\"a\": 1e999}"))).contains("SP1005");
        assertThat(Reading.codes(Reading.read("a.json", "{\"a\": ".repeat(10_000))))
                .containsExactly("SP1044");
        assertThat(Reading.codes(Reading.read("a.json", "\"" + "x".repeat(60 << 20) + "\"")))
                .containsExactly("SP1047");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc", "A", "a_b", "a.b", "-a", "\"\u00e9\""})
    @Tag("H29")
    void namespacesAreDnsLabels(String namespace) {
        var text = Reading.gateway("80").replace("{name: edge}", "{name: edge, namespace: %s}".formatted(namespace));

        assertThat(only(text)).startsWith("SP1025 metadata.namespace ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/b", "a%2fb", "\ud83d\ude00", "Edge", "a..b", ".a"})
    @Tag("H29")
    void namesAreDnsNames(String name) {
        assertThat(only(Reading.gateway("80").replace("{name: edge}", "{name: \"%s\"}".formatted(name))))
                .startsWith("SP1025 metadata.name ");
    }

    @Test
    @Tag("H29")
    void namesAndLabelsHaveTheirLengths() {
        var long64 = "a".repeat(64);

        assertThat(only(named("name: a, namespace: " + long64))).startsWith("SP1025 ");
        assertThat(only(named("name: a, labels: {app: " + long64 + "}"))).startsWith("SP1026 metadata.labels.app ");
        assertThat(only(named("name: a, annotations: {note: \"" + "x".repeat(300 << 10) + "\"}")))
                .startsWith("SP1026 ");
        assertThat(only(named("name: a, labels: {\"a b\": x}"))).startsWith("SP1026 ");
        assertThat(Reading.read(named("name: a, namespace: kube-system")).hasErrors())
                .isFalse();
    }

    @Test
    @Tag("H30")
    void whatTheApiServerFillsInIsIgnored() {
        var text = named(
                "name: a, resourceVersion: \"1\", uid: x, generation: 3, creationTimestamp: \"9999-01-01T00:00:00Z\","
                        + " managedFields: [{fieldsV1: \"" + "x".repeat(1 << 20) + "\"}]");

        var object = Reading.read(text).objects().findFirst().orElseThrow();
        assertThat(object.metadata().creationTimestamp()).hasToString("9999-01-01T00:00:00Z");
    }

    private static String named(String metadata) {
        return Reading.gateway("80").replace("{name: edge}", "{" + metadata + "}");
    }
}
