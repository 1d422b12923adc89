package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Location;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Whoever is told that two objects do not go together is told which two, and where in each.
class CrossReferenceTest {

    // What is missing has no second place.
    private static final Set<String> ABOUT_WHAT_IS_MISSING = Set.of(
            "SP2101", "SP2102", "SP2103", "SP2104", "SP2106", "SP2107", "SP2108", "SP2109", "SP2110", "SP2111",
            "SP2115", "SP2119", "SP2126", "SP2130", "SP2131", "SP2140", "SP2141", "SP2142", "SP2143", "SP2144",
            "SP2981", "SP2982", "SP2983", "SP2984");

    @TestFactory
    Stream<DynamicTest> bothObjectsAndBothLinesAreNamed() {
        return Rules.all().stream()
                .filter(rule -> rule instanceof WorldRule<?>)
                .filter(rule ->
                        rule.code().id().startsWith("SP2") || rule.code().id().startsWith("SP3"))
                .filter(rule -> !ABOUT_WHAT_IS_MISSING.contains(rule.code().id()))
                .map(rule -> DynamicTest.dynamicTest(
                        rule.code().id() + " " + rule.code().title(), () -> {
                            var found = Documents.findings(RulePagesTest.document(
                                            rule, rule.page().example()))
                                    .stream()
                                    .filter(finding -> finding.code()
                                            .id()
                                            .equals(rule.code().id()))
                                    .toList();
                            assertThat(found).isNotEmpty().allSatisfy(finding -> {
                                assertThat(finding.location().line()).isPositive();
                                assertThat(finding.related()).isNotEmpty().allSatisfy(other -> {
                                    assertThat(other.line()).isPositive();
                                    assertThat(other.object())
                                            .isNotEqualTo(finding.location().object());
                                });
                                assertThat(finding.message())
                                        .contains(name(finding.related().getFirst()));
                            });
                        }));
    }

    @Test
    @Tag("V16")
    void regularExpressionsOfAHostAreCountedOverItsVirtualServices() {
        var two = service("old", 150) + "---\n" + service("young", 51);
        assertThat(codes(two)).contains("SP4219");
        assertThat(Documents.findings(two))
                .filteredOn(finding -> finding.code().id().equals("SP4219"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(name(finding.location())).isEqualTo("young");
                    assertThat(finding.message()).contains("51 regular expressions here, with older objects 201");
                    assertThat(name(finding.related().getFirst())).isEqualTo("old");
                });
        assertThat(codes(service("old", 150) + "---\n" + service("young", 50))).doesNotContain("SP4219");
        assertThat(codes(service("one", 201))).contains("SP4219");
        assertThat(codes(service("one", 200))).doesNotContain("SP4219");
    }

    private static String name(Location location) {
        var object = location.object();
        assertThat(object).isNotNull();
        return object == null ? "" : object.name();
    }

    private static List<String> codes(String yaml) {
        return Documents.findings(yaml).stream()
                .map(finding -> finding.code().id())
                .toList();
    }

    private static String service(String name, int regexes) {
        var rules = new StringBuilder();
        IntStream.range(0, regexes)
                .forEach(i ->
                        rules.append("  - {match: [{uri: {regex: \"/%s/%d/[a-z]+\"}}], directResponse: {status: 200}}\n"
                                .formatted(name, i)));
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: %s}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http:
                %s""".formatted(name, rules);
    }
}
