package io.sallyport.runtime.identity;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The page of who may call what is made from the table that guards the doors; `-Dgolden.rewrite=true` writes
/// it anew.
@Tag("V4")
class AccessPageTest {

    private static final Path PAGE =
            Path.of(System.getProperty("basedir", "."), "..", "..", "docs", "reference", "access.md");

    @Test
    void thePageIsTheTable() throws IOException {
        var page = page();
        if (Boolean.getBoolean("golden.rewrite")) {
            Files.writeString(PAGE, page);
        }

        assertThat(page).isEqualTo(Files.readString(PAGE));
    }

    private static String page() {
        var page = new StringBuilder("""
                # Who may call what

                Every method of every door, as the guard in front of it knows them; made from `AccessTable`. A method that is not here is open to
                nobody. Services are known by their certificates. What a person or a pipeline wants is said in the words of Kubernetes' roles: with
                `authorization: {kubernetes: true}` the API server is asked, else the rules of the settings, where `read` stands for `get`, `list` and
                `watch`, `write` for the others, `logs` for `accesslogs.sallyport.io` and `secrets` for Secrets. The owner of the machine (the token
                of the settings) may call everything.

                | method | services | a person, a pipeline or a proxy |
                |---|---|---|
                """);
        for (var access : AccessTable.all()) {
            page.append("| `")
                    .append(access.method())
                    .append("` | ")
                    .append(access.need() instanceof Need.Nothing ? "everybody" : String.join(", ", access.services()))
                    .append(" | ")
                    .append(words(access.need()))
                    .append(" |\n");
        }
        return page.append("""

                Over HTTP `/healthz`, `/readyz`, `/metrics` and `/version` answer everybody; `/accesslog/v1/…` is the same service as above, for
                tokens; every other path is 404.
                """).toString();
    }

    private static String words(Need need) {
        return switch (need) {
            case Need.Nothing _ -> "everybody, known or not";
            case Need.Known _ -> "whoever is known";
            case Need.ToBeWorkload _ -> "a workload: it is served what its namespace may have";
            case Need.Rights rights -> rights.words();
            case Need.Inside inside -> inside.words();
        };
    }
}
