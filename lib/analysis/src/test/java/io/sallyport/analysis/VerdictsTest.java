package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Finding;
import io.sallyport.model.Kind;
import io.sallyport.model.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Single objects, and what Istio's admission says of them: `verdicts.txt`, one line each.
class VerdictsTest {

    @TestFactory
    Stream<DynamicTest> verdictIsThatOfIstio() {
        return lines().stream()
                .map(line -> DynamicTest.dynamicTest(line, () -> {
                    var parts = line.split("\\|", line.contains("| - {") ? 2 : 3);
                    var findings = Documents.findings(document(parts));
                    assertThat(verdict(findings))
                            .as(findings.stream().map(Documents::line).toList().toString())
                            .isEqualTo(parts[0].strip());
                }));
    }

    private static String document(String[] parts) {
        if (parts.length == 2) {
            return parts[1].strip().substring(2);
        }
        var kind = Kind.of(parts[1].strip()).orElseThrow();
        var version = kind.versions().getFirst();
        return "apiVersion: %s\nkind: %s\nmetadata: {namespace: shop, name: example}\nspec: %s\n"
                .formatted(
                        kind.group().isEmpty() ? version : kind.group() + "/" + version, kind.text(), parts[2].strip());
    }

    // As the exit code and the counts of `sallyport check` say it.
    private static String verdict(List<Finding> findings) {
        if (findings.stream().anyMatch(Finding::isError)) {
            return "invalid";
        }
        boolean warned = findings.stream().anyMatch(finding -> finding.code().severity() == Severity.WARNING);
        return warned ? "warned" : "valid";
    }

    private static List<String> lines() {
        try (var file = VerdictsTest.class.getResourceAsStream("/verdicts.txt")) {
            assertThat(file).isNotNull();
            return new String(file.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
