package io.sallyport.model.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// No bytes whatsoever make the reader throw, and what it accepts it accepts again.
@Tag("V17")
class MutationTest {

    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 500_000 : 2_500;
    private static final List<String> PIECES = List.of(
            "&a",
            "*a",
            "<<: *a",
            "---\n",
            "...\n",
            "%YAML 1.2\n",
            "!!str ",
            "!t ",
            "{",
            "}",
            "[",
            "]",
            "? ",
            ": ",
            "- ",
            "|",
            ">",
            "\"",
            "'",
            "\t",
            "\r",
            "\u0000",
            "\u2028",
            "\ufeff",
            "\\",
            "#",
            "~",
            "null",
            "0x",
            "1e999",
            "\ud83d\ude00",
            "kind: List\nitems:\n- ",
            "mesh: |\n ",
            "\n  ",
            "snake_case",
            "\"\\ud800\"",
            "-1s",
            "\u0085",
            ",",
            "a: ");

    private static final List<String> SEEDS = List.of(
            Reading.gateway("80"),
            Reading.virtualService(
                    "hosts: [a.test]\nhttp: [{match: [{uri: {prefix: /}}], timeout: 1s, headers: {request: {set: {a: b}}}}]"),
            "apiVersion: v1\nkind: List\nitems:\n- "
                    + Reading.gateway("80").indent(2).strip() + "\n- {kind: Secret, apiVersion: v1}\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata:\n  mesh: |\n    defaultConfig:\n      statusPort: 1\n",
            "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"a\"}, \"data\": {\"k\": \"dg==\"}}",
            "a: &a {b: c}\nd: {<<: *a}\n--- |\n text\n---\n\"q\\n\": 'x'\n");

    @ParameterizedTest
    @ValueSource(strings = {"in.yaml", "in.json", "sallyport.yaml"})
    void nothingMakesTheReaderThrow(String name) {
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var bytes = mutated(new Random(seed));
            var result = readOrExplain(name, bytes, seed);
            for (var document : result.documents()) {
                assertThat(document.findings()).allSatisfy(finding -> {
                    assertThat(finding.location().line()).isPositive();
                    assertThat(finding.location().column()).isPositive();
                });
                if (document.object() != null && !document.source().text().isEmpty()) {
                    assertThat(new YamlReader().readDocument(document.source()).object())
                            .as("%s, seed %d: %s", name, seed, new String(bytes, StandardCharsets.UTF_8))
                            .isEqualTo(document.object());
                }
            }
        }
    }

    private static ReadResult readOrExplain(String name, byte[] bytes, long seed) {
        try {
            return new YamlReader().read(name, bytes);
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError(
                    "%s, seed %d: %s".formatted(name, seed, new String(bytes, StandardCharsets.UTF_8)), e);
        }
    }

    private static byte[] mutated(Random random) {
        var text = new StringBuilder(SEEDS.get(random.nextInt(SEEDS.size())));
        for (var i = random.nextInt(6); i >= 0; i--) {
            var at = random.nextInt(text.length() + 1);
            switch (random.nextInt(4)) {
                case 0 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                case 1 -> text.delete(at, Math.min(text.length(), at + random.nextInt(12)));
                case 2 -> text.insert(at, text.substring(0, Math.min(40, text.length())));
                default -> text.insert(at, (char) random.nextInt(0x180));
            }
        }
        var bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(4) == 0 && bytes.length > 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    @Test
    void anEmptyFileHoldsNothing() {
        assertThat(new YamlReader().read("a.yaml", new byte[0]).documents()).isEmpty();
        assertThat(new YamlReader().read("a.json", new byte[0]).findings()).isEmpty();
    }
}
