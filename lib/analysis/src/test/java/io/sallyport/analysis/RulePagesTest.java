package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.Severity;
import io.sallyport.model.schema.Schema;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every rule's page is its test: the example is reported, the repair is not.
class RulePagesTest {

    @Test
    void everyCodeIsUsedOnce() {
        assertThat(Rules.all()).extracting(rule -> rule.code().id()).doesNotHaveDuplicates();
    }

    @TestFactory
    Stream<DynamicTest> everyExampleIsReported() {
        return Rules.all().stream()
                .map(rule -> DynamicTest.dynamicTest(
                        rule.code().id() + " " + rule.code().title(), () -> {
                            var findings = Documents.findings(
                                    document(rule, rule.page().example()));
                            assertThat(findings)
                                    .as("findings about the example")
                                    .extracting(finding -> finding.code().id())
                                    .contains(rule.code().id());
                            assertThat(findings)
                                    .filteredOn(finding -> finding.code()
                                            .id()
                                            .equals(rule.code().id()))
                                    .as("places in the example")
                                    .allMatch(finding -> finding.location().line() > 0, "a line");
                        }));
    }

    @TestFactory
    Stream<DynamicTest> noRepairIsReported() {
        return Rules.all().stream()
                .map(rule -> DynamicTest.dynamicTest(
                        rule.code().id() + " " + rule.code().title(), () -> {
                            var document = document(rule, rule.page().repair());
                            assertThat(Documents.objects(document))
                                    .as("objects of the repair")
                                    .isNotEmpty();
                            assertThat(Documents.findings(document))
                                    .as("findings about the repair")
                                    .filteredOn(finding -> finding.isRefusal()
                                            || finding.code()
                                                    .id()
                                                    .equals(rule.code().id())
                                            || (finding.code().severity() == Severity.WARNING
                                                    && finding.code().id().startsWith("SP4")
                                                    // Istio warns of every EnvoyFilter, and so do we.
                                                    && !finding.code().id().equals("SP4831")))
                                    .extracting(Documents::line)
                                    .isEmpty();
                        }));
    }

    @Test
    void everyTextSaysWhatIsExpected() {
        for (var rule : Rules.all()) {
            for (Finding finding : Documents.findings(document(rule, rule.page().example()))) {
                if (finding.code().id().equals(rule.code().id())) {
                    assertThat(finding.message()).as(rule.code().id()).contains("expected");
                }
            }
        }
    }

    static String document(Rule<?> rule, String text) {
        if (text.contains("kind:") && text.contains("metadata:")) {
            return text;
        }
        Kind kind = rule.kinds().iterator().next();
        var version = (kind.group().isEmpty() ? "" : kind.group() + "/")
                + kind.versions().getFirst();
        var head = "apiVersion: %s\nkind: %s\nmetadata: {namespace: shop, name: example}\n"
                .formatted(version, kind.word());
        return Schema.isFlat(kind) ? head + text : head + "spec: " + text + "\n";
    }
}
