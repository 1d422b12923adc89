package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The page that walks one change through the classes speaks of classes that are there.
class LifeOfAChangeTest {

    private static final Path ROOT = Path.of("../..");
    private static final Pattern CLASS = Pattern.compile("`([A-Z][a-z]+[A-Za-z]*)`");
    // Words that Istio, gRPC or the picture have, and we have no class for.
    private static final Set<String> NOT_OURS = Set.of("Watch");

    @Test
    void everyClassNamedOnThePageExists() throws IOException {
        var page = Files.readString(ROOT.resolve("docs/life-of-a-change.md"));
        var named = new TreeSet<String>();
        CLASS.matcher(page).results().map(found -> found.group(1)).forEach(named::add);
        named.removeAll(NOT_OURS);

        assertThat(named).hasSizeGreaterThan(30);
        assertThat(classes()).containsAll(named);
    }

    private static Set<String> classes() throws IOException {
        try (var paths = Files.walk(ROOT)) {
            return paths.map(Path::toString)
                    .filter(path -> path.endsWith(".java") && path.contains("src/main/java"))
                    .map(path -> path.replaceAll(".*/(.*)[.]java", "$1"))
                    .collect(Collectors.toSet());
        }
    }
}
