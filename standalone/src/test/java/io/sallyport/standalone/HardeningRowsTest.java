package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Each number of the hardening reference has a test that carries it, or `docs/security.md` says why not; and the tests
/// that the page names are there.
class HardeningRowsTest {

    /// How many rows the reference has of each letter. It is not part of the repository.
    private static final Map<String, Integer> ROWS = Map.of("V", 31, "F", 30, "H", 126);

    private static final int THREATS = 28;
    private static final Pattern TAG = Pattern.compile("@Tag\\(\"([VFMH]\\d+)\"\\)");
    private static final Pattern CODE = Pattern.compile("`([^`]+)`");
    private static final Pattern CLASS = Pattern.compile("[A-Z][a-z]+([A-Z][a-z]*)+");
    // What looks like a class of ours and is none.
    private static final Set<String> OTHERS = Set.of("HttpOnly", "SameSite");

    private final Set<String> tags = new TreeSet<>();
    private final Set<String> classes = new TreeSet<>();
    private String page;

    @BeforeEach
    void read() throws IOException {
        var root = ReadmeTest.root();
        page = Files.readString(root.resolve("docs/security.md"));
        for (var folder : List.of("", "lib", "test")) {
            try (var modules = Files.list(root.resolve(folder))) {
                for (var module : modules.toList()) {
                    for (var sources : List.of("src/test/java", "src/main/java")) {
                        readSources(module.resolve(sources));
                    }
                }
            }
        }
        assertThat(tags).contains("V1", "H1", "F1");
    }

    private void readSources(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (var files = Files.walk(folder)) {
            for (var file :
                    files.filter(each -> each.toString().endsWith(".java")).toList()) {
                classes.add(file.getFileName().toString().replace(".java", ""));
                TAG.matcher(Files.readString(file)).results().forEach(tag -> tags.add(tag.group(1)));
            }
        }
    }

    // The cells of each row by its number: "F15 network" is F15.
    private Map<String, List<String>> rows(String heading, int columns) {
        var from = page.indexOf("\n## " + heading);
        assertThat(from).as(heading).isPositive();
        var end = page.indexOf("\n## ", from + 1);
        var rows = new TreeMap<String, List<String>>();
        for (var line : page.substring(from, end).lines().toList()) {
            if (line.matches("\\| [VFMH]\\d+ .*")) {
                var cells = Splitter.on('|').trimResults().splitToList(line);
                assertThat(cells).as(line).hasSize(columns + 2);
                rows.put(Splitter.on(' ').splitToList(cells.get(1)).getFirst(), cells);
            }
        }
        return rows;
    }

    @Test
    void eachNumberHasATestOrAReason() {
        var reasons = rows("Faults of the world", 3);
        for (var letter : ROWS.keySet()) {
            var without = IntStream.rangeClosed(1, ROWS.getOrDefault(letter, 0))
                    .mapToObj(number -> letter + number)
                    .filter(row -> !tags.contains(row) && !reasons.containsKey(row))
                    .toList();
            assertThat(without).as("without a test and without a reason").isEmpty();
        }
        reasons.forEach((row, cells) -> {
            if (!tags.contains(row)) {
                assertThat(cells.get(3)).as("why %s has no test", row).isNotEmpty();
            }
        });
    }

    @Test
    void eachThreatHasAProof() {
        var threats = rows("Threat model", 4);

        assertThat(threats).hasSize(THREATS);
        threats.forEach((row, cells) ->
                assertThat(cells.get(4)).as("the proof of %s", row).isNotEmpty());
    }

    @Test
    void testsThatThePageNamesExist() {
        var named = CODE.matcher(page).results().map(code -> code.group(1)).filter(CLASS.asMatchPredicate());

        assertThat(named.filter(name -> !classes.contains(name) && !OTHERS.contains(name)))
                .isEmpty();
    }
}
