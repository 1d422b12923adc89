package io.sallyport.charts;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// What is rendered: each case is one file of values and the installs that use it.
final class Cases {

    static final Path FOLDER = Path.of("src/test/resources/cases");

    // Rendered once for all tests: making keys takes its time.
    private static final Map<String, String> TEXTS = new ConcurrentHashMap<>();

    private Cases() {}

    /// One install of one case, and the file that says what it gives.
    record Rendered(String name, Install install, Path values, Path expected) {

        List<Map<String, Object>> objects() {
            return Yaml.documents(TEXTS.computeIfAbsent(toString(), _ -> install.text(values, Map.of())));
        }

        @Override
        public String toString() {
            return name + ": " + install.release();
        }
    }

    /// All of them.
    static List<Rendered> all() {
        try (var folders = Files.list(FOLDER)) {
            var all = new ArrayList<Rendered>();
            for (var folder : folders.sorted().toList()) {
                for (var line : Files.readAllLines(folder.resolve("installs.txt"))) {
                    var install = Install.of(line);
                    all.add(new Rendered(
                            String.valueOf(folder.getFileName()),
                            install,
                            folder.resolve("values.yaml"),
                            folder.resolve(install.release() + ".yaml")));
                }
            }
            return all;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Those of one chart.
    static List<Rendered> of(String chart) {
        return all().stream()
                .filter(each -> each.install().chart().equals(chart))
                .toList();
    }

    static List<Rendered> gateways() {
        return of("sallyport-gateway");
    }

    static List<Rendered> platforms() {
        return of("sallyport");
    }

    /// The objects of a kind.
    static List<Map<String, Object>> kind(List<Map<String, Object>> objects, String kind) {
        return objects.stream()
                .filter(object -> kind.equals(object.get("kind")))
                .toList();
    }

    static String name(Map<String, Object> object) {
        return String.valueOf(Yaml.at(object, "metadata").get("name"));
    }
}
