package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import com.google.common.collect.Comparators;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What is shipped is no older than the list of published flaws in `docs/security.md` asks, or has an exception there
/// that ends. The list is kept by hand: this holds the class path to it, so that nothing falls back behind a fix, by a
/// pin or by what some other library brings along.
@Tag("V31")
class KnownHolesTest {

    private static final String ENVOY = "envoy";
    private static final int LONGEST_DAYS = 14;
    private static final Pattern JAR = Pattern.compile("(.+?)-(\\d[^-]*)(?:-.*)?\\.jar");
    private static final Pattern COMPARED = Pattern.compile("compared by hand on (\\d{4}-\\d{2}-\\d{2})");
    private static final Pattern LAUNCHERS = Pattern.compile("readonly ENVOY_VERSION=(\\S+)");
    private static final Comparator<Iterable<Integer>> BY_NUMBERS =
            Comparators.lexicographical(Comparator.<Integer>naturalOrder());

    private record Waiver(String part, String version, LocalDate until) {}

    private final Map<String, String> fixed = new TreeMap<>();
    private final List<Waiver> exceptions = new ArrayList<>();
    private final Map<String, String> shipped = new TreeMap<>();
    private LocalDate compared;

    @BeforeEach
    void read() throws IOException {
        var root = ReadmeTest.root();
        var text = Files.readString(root.resolve("docs/security.md"));
        var section = text.substring(text.indexOf("## Versions with a date"));
        for (var line :
                section.substring(0, section.indexOf("\n## ", 1)).lines().toList()) {
            var cells = Splitter.on('|').trimResults().splitToList(line);
            if (line.startsWith("| `")) {
                var part = cells.get(1).replace("`", "");
                if (cells.size() == 5) {
                    fixed.put(part, cells.get(2));
                } else {
                    exceptions.add(new Waiver(part, cells.get(2), LocalDate.parse(cells.get(3))));
                }
            }
        }
        compared = LocalDate.parse(only(COMPARED, section));
        shipped.put(ENVOY, only(LAUNCHERS, Files.readString(root.resolve("sallyport"))));
        for (var entry : Splitter.on(File.pathSeparatorChar).split(System.getProperty("java.class.path"))) {
            var jar = JAR.matcher(Path.of(entry).getFileName().toString());
            if (jar.matches()) {
                shipped.put(jar.group(1), jar.group(2));
            }
        }
    }

    @Test
    void nothingIsOlderThanItsFixes() {
        assertThat(fixed).hasSizeGreaterThan(10);
        assertThat(shipped.keySet()).as("the list names what is shipped").containsAll(fixed.keySet());
        fixed.forEach((part, version) -> {
            if (exceptions.stream().noneMatch(each -> each.part().equals(part))) {
                assertThat(isOlder(shipped.getOrDefault(part, "0"), version))
                        .as("%s %s is older than %s, without an exception", part, shipped.get(part), version)
                        .isFalse();
            }
        });
    }

    @Test
    void exceptionsAreNeededAndEnd() {
        for (var exception : exceptions) {
            assertThat(shipped).as("shipped").containsEntry(exception.part(), exception.version());
            assertThat(isOlder(exception.version(), fixed.getOrDefault(exception.part(), "0")))
                    .as("%s needs an exception", exception.part())
                    .isTrue();
            assertThat(exception.until()).isBetween(compared, compared.plusDays(LONGEST_DAYS));
        }
    }

    // The day itself counts in the nightly run alone: an old commit can be built again.
    @Test
    void noExceptionIsPast() {
        var today = Boolean.getBoolean("sallyport.nightly") ? LocalDate.now(ZoneOffset.UTC) : compared;
        assertThat(exceptions).allSatisfy(each -> assertThat(each.until()).isAfterOrEqualTo(today));
    }

    private static boolean isOlder(String version, String than) {
        return BY_NUMBERS.compare(numbers(version), numbers(than)) < 0;
    }

    // 4.1.136.Final is 4, 1, 136.
    private static List<Integer> numbers(String version) {
        return Splitter.on('.')
                .splitToStream(version)
                .filter(part -> part.chars().allMatch(Character::isDigit))
                .map(Integer::valueOf)
                .toList();
    }

    private static String only(Pattern pattern, String text) {
        var matcher = pattern.matcher(text);
        assertThat(matcher.find()).as(pattern.pattern()).isTrue();
        return matcher.group(1);
    }
}
