package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.analysis.Analyzer;
import io.sallyport.translation.ProxyClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Golden cases: `in.yaml` makes `plan.txt`. A case with `proxies.txt` is linked for each proxy that it lists, one
/// `name label=value…` a line. `-Dsallyport.golden` writes the outputs.
class CasesTest {

    private static final Path CASES = Path.of("src/test/resources/cases");

    static Stream<Path> cases() throws IOException {
        try (var folders = Files.list(CASES)) {
            return folders.filter(Files::isDirectory).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aPlanIsAsWrittenDown(Path folder) throws IOException {
        var image = new Analyzer().check(Images.image(Files.readString(folder.resolve("in.yaml"))));
        var text = new StringBuilder();
        for (var proxy : proxies(folder)) {
            if (Files.exists(folder.resolve("proxies.txt"))) {
                text.append("proxy ").append(proxy.name()).append('\n');
            }
            text.append(PlanText.of(new Linker(proxy).link(image)));
        }
        var golden = folder.resolve("plan.txt");
        if (Boolean.getBoolean("sallyport.golden")) {
            Files.writeString(golden, text.toString());
        }
        assertThat(text).hasToString(Files.readString(golden));
    }

    private static Iterable<ProxyClass> proxies(Path folder) throws IOException {
        var file = folder.resolve("proxies.txt");
        if (!Files.exists(file)) {
            return java.util.List.of(Images.INGRESS);
        }
        return Files.readAllLines(file).stream()
                .map(line -> line.split(" "))
                .map(words -> Images.router(words[0], labels(words)))
                .toList();
    }

    private static Map<String, String> labels(String[] words) {
        var labels = new java.util.TreeMap<String, String>();
        Stream.of(words).skip(1).map(word -> word.split("=")).forEach(pair -> labels.put(pair[0], pair[1]));
        return labels;
    }
}
