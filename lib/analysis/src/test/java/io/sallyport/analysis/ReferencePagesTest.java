package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.FieldStates.NoEffect;
import io.sallyport.model.Kind;
import io.sallyport.model.read.ReadRule;
import io.sallyport.model.schema.FieldPath;
import io.sallyport.model.schema.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// `docs/reference` is made from the rules and from the table of fields; a stale page fails the build.
/// `-Dgolden.rewrite=true` writes them anew.
class ReferencePagesTest {

    private static final Path PAGES = Path.of(System.getProperty("basedir", "."), "..", "..", "docs", "reference");
    private static final int WIDEST = 240;

    @Test
    void rulesPageIsFresh() throws IOException {
        compare("rules.md", rules());
    }

    @Test
    void fieldsPageIsFresh() throws IOException {
        compare("fields.md", fields());
    }

    @Test
    void everyFieldIsInAList() {
        var forgotten = new ArrayList<String>();
        for (var kind : Kind.values()) {
            if (FieldStates.of(kind).isEmpty()) {
                for (var line : FieldPath.of(kind)) {
                    if (state(line, FieldPath.of(kind)).equals("?")) {
                        forgotten.add(
                                kind + " " + line.path() + " (" + line.owner().getSimpleName() + ")");
                    }
                }
            }
        }
        assertThat(forgotten).as("fields in no list of FieldStates").isEmpty();
    }

    @Test
    void everyListedFieldExists() {
        var schemas = new ArrayList<String>();
        for (var kind : Kind.values()) {
            FieldPath.of(kind)
                    .forEach(line -> schemas.add(
                            line.owner().getName() + "." + line.field().name()));
        }
        FieldStates.listed().forEach(name -> assertThat(schemas).contains(name));
    }

    private static void compare(String name, String expected) throws IOException {
        var page = PAGES.resolve(name);
        if (Boolean.getBoolean("golden.rewrite")) {
            Files.createDirectories(page.getParent());
            Files.writeString(page, expected);
        }
        assertThat(Files.exists(page) ? Files.readString(page) : "")
                .as(name + " is stale; run the tests with -Dgolden.rewrite=true")
                .isEqualTo(expected);
    }

    private static String rules() {
        var page = new StringBuilder("""
                # Rules

                What `sallyport check` reports. `SP1xxx` refuses an object, as Istio's admission does. `SP2xxx` are references that
                lead nowhere, `SP3xxx` conflicts: such objects are stored, and the smallest part that cannot be served is withheld.
                `SP4xxx` is legal, and risky or of no use; `SP5xxx` is worth knowing. Codes are permanent. This page is generated.

                """);
        page.append("## Reading\n\n| code | severity | what | example | repaired |\n|---|---|---|---|---|\n");
        for (var rule : ReadRule.values()) {
            page.append("| %s | %s | %s | `%s` | `%s` |\n"
                    .formatted(
                            rule.code().id(),
                            rule.code().severity().text(),
                            rule.code().title(),
                            inline(rule.example()),
                            inline(rule.repair())));
        }
        page.append("\n## Objects\n");
        for (var rule : Rules.all()) {
            page.append(
                    "\n### %s %s\n\n".formatted(rule.code().id(), rule.code().title()));
            page.append("%s, %s. %s\n\n"
                    .formatted(
                            rule.code().severity().text(),
                            rule.kinds().stream().map(Kind::text).collect(Collectors.joining(", ")),
                            rule.page().about()));
            page.append("```yaml\n").append(shortened(rule.page().example())).append("```\n\n");
            var document = RulePagesTest.document(rule, rule.page().example());
            Documents.findings(document).stream()
                    .filter(finding -> finding.code().id().equals(rule.code().id()))
                    .map(Documents::line)
                    .sorted(Comparator.naturalOrder())
                    .limit(3)
                    .forEach(line -> page.append("> ").append(shortened(line)));
            page.append("\nRepaired:\n\n```yaml\n")
                    .append(shortened(rule.page().repair()))
                    .append("```\n");
        }
        return page.toString();
    }

    private static String fields() {
        var page = new StringBuilder("""
                # Fields

                Every field of every kind, and what it does here. *works*: Istio's effect. *no effect*: read and checked, and reported as
                SP5001. A field below one without effect has none either. `[]` is a list, `{}` a mapping. This page is generated.
                """);
        for (var kind : Kind.values()) {
            page.append("\n## %s\n\n".formatted(kind.text()));
            var whole = FieldStates.of(kind);
            if (whole.isPresent()) {
                page.append("All fields: %s.\n".formatted(text(whole.get())));
                page.append("\n")
                        .append(FieldPath.of(kind).stream()
                                .map(line -> "`" + line.path() + "`")
                                .collect(Collectors.joining(", ")))
                        .append("\n");
                continue;
            }
            page.append("| field | state |\n|---|---|\n");
            var lines = FieldPath.of(kind);
            for (var line : lines) {
                page.append("| `%s` | %s |\n".formatted(line.path(), state(line, lines)));
            }
        }
        page.append("\n## MeshConfig\n\n");
        page.append(Schema.mesh().names().stream()
                .sorted()
                .map(name -> "`" + name + "`")
                .collect(Collectors.joining(", ")));
        return page.append("\n").toString();
    }

    private static String state(FieldPath line, List<FieldPath> all) {
        for (var above : all) {
            boolean contains = line.path().startsWith(above.path() + ".")
                    || line.path().startsWith(above.path() + "[]")
                    || line.path().startsWith(above.path() + "{}");
            if (contains && FieldStates.of(above.owner(), above.field().name()).orElse(null) instanceof NoEffect none) {
                return text(none);
            }
        }
        return FieldStates.of(line.owner(), line.field().name())
                .map(ReferencePagesTest::text)
                .orElse("?");
    }

    private static String text(FieldStates.State state) {
        return switch (state) {
            case FieldStates.Works works -> "works";
            case FieldStates.Differs differs -> "works with a difference: " + differs.how();
            case NoEffect none -> "no effect: " + none.reason();
            case FieldStates.Foreign foreign -> "not for a gateway: " + foreign.reason();
        };
    }

    private static String inline(String text) {
        return text.strip().replace("\n", " ⏎ ").replace("|", "\\|");
    }

    private static String shortened(String text) {
        return text.lines()
                .map(line -> line.length() <= WIDEST ? line : line.substring(0, WIDEST) + "…")
                .collect(Collectors.joining("\n", "", "\n"));
    }
}
