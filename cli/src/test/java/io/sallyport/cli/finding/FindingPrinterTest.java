package io.sallyport.cli.finding;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.model.Severity;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FindingPrinterTest {

    private final FakeTerminal screen = new FakeTerminal();

    @Test
    void theCaretStandsUnderTheWholeWord() {
        print("spec:\n  gateways: [shop/edg, mesh]\n", 2, 14);

        assertThat(screen.out()).isEqualTo("""
                        error SP2101 VirtualService shop/cart spec.gateways[0], cart.yaml:2:14
                           2 |   gateways: [shop/edg, mesh]
                             |              ^^^^^^^^ no such gateway
                        """);
    }

    @Test
    void aKeyEndsBeforeItsColon() {
        print("hotsts: [\"*\"]\n", 1, 1);

        assertThat(screen.out()).contains("\n     | ^^^^^^ no such gateway\n");
    }

    @Test
    void aTabCountsAsTheOneColumnThatItIs() {
        print("a:\t\"b c\"\n", 1, 4);

        assertThat(screen.out()).contains("   1 | a: \"b c\"\n     |    ^^^^^ no such gateway\n");
    }

    @Test
    void aLongLineIsCutAroundTheWord() {
        print("x".repeat(500) + " shop " + "y".repeat(500), 1, 502);

        assertThat(screen.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(200));
        assertThat(screen.out()).contains("^^^^ no such gateway");
    }

    @Test
    @Tag("H37")
    void anEscapeInTheFileIsShownAndTheCaretStaysRight() {
        print("\033[31m shop\n", 1, 7);

        assertThat(screen.out()).contains("   1 | \\x1b[31m shop\n     |          ^^^^ no such gateway\n");
    }

    @Test
    void aLineThatIsNotThereIsLeftOut() {
        print("a\n", 99, 1);

        assertThat(screen.out()).contains("cart.yaml:99:1\n     | no such gateway\n");
    }

    @Test
    void jsonHasEveryMemberAndNullForTheUnknown() {
        var finding = new ReportedFinding(
                "SP1040",
                Severity.ERROR,
                Place.of("", "", "", "", "a.yaml", 3, 0),
                "broken",
                List.of(Place.of("Gateway", "shop", "edge", "", "b.yaml", 1, 2)));

        var json = JsonParser.parseString(FindingJson.of(List.of(finding), 7)).getAsJsonObject();

        assertThat(json)
                .hasToString("{\"findings\":[{\"code\":\"SP1040\",\"severity\":\"error\",\"kind\":null,"
                        + "\"namespace\":null,\"name\":null,\"path\":null,\"file\":\"a.yaml\",\"line\":3,"
                        + "\"column\":null,\"message\":\"broken\",\"related\":[{\"kind\":\"Gateway\","
                        + "\"namespace\":\"shop\",\"name\":\"edge\",\"file\":\"b.yaml\",\"line\":1,"
                        + "\"column\":2}]}],\"resources\":7}");
    }

    @Test
    void sarifRefersEachResultToItsRule() {
        var finding = new ReportedFinding(
                "SP2101",
                Severity.WARNING,
                Place.of("Gateway", "shop", "edge", "spec", "a b.yaml", 3, 4),
                "broken",
                List.of());

        var json = JsonParser.parseString(FindingSarif.of(List.of(finding), "1", _ -> "Title"))
                .getAsJsonObject();
        var run = json.getAsJsonArray("runs").get(0).getAsJsonObject();
        var result = run.getAsJsonArray("results").get(0).getAsJsonObject();

        assertThat(json.get("version").getAsString()).isEqualTo("2.1.0");
        assertThat(result.get("ruleIndex").getAsInt()).isZero();
        assertThat(result.get("level").getAsString()).isEqualTo("warning");
        assertThat(result.toString()).contains("\"uri\":\"a%20b.yaml\"", "\"startLine\":3", "\"startColumn\":4");
    }

    @Test
    void aFileWithAColonIsNoSchemeInSarif() {
        var finding = new ReportedFinding(
                "SP2101", Severity.INFO, Place.of("", "", "", "", "a:b.yaml", 3, 0), "broken", List.of());

        assertThat(FindingSarif.of(List.of(finding), "1", _ -> "")).contains("\"uri\": \"./a:b.yaml\"");
    }

    private void print(String text, int line, int column) {
        var place = Place.of("VirtualService", "shop", "cart", "spec.gateways[0]", "cart.yaml", line, column);
        var finding = new ReportedFinding("SP2101", Severity.ERROR, place, "no such gateway", List.of());
        new FindingPrinter(screen.terminal(), new SourceText(Map.of("cart.yaml", text))).print(List.of(finding));
    }
}
