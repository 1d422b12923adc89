package io.sallyport.model.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.read.YamlReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RoundTripTest {

    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 20_000 : 80;

    private static ConfigObject<?> read(String text, String reason) {
        var result = new YamlReader().read("in.yaml", text.getBytes(StandardCharsets.UTF_8));
        assertThat(result.findings()).as("%s\n%s", reason, text).noneMatch(finding -> finding.isError());
        return result.objects().findFirst().orElseThrow(() -> new AssertionError(reason + "\n" + text));
    }

    // sallyport.yaml has rules of its own; the next test covers it.
    @ParameterizedTest
    @EnumSource(value = Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "PLATFORM")
    void whatIsWrittenAndReadAgainIsTheSame(Kind kind) {
        for (var seed = 0L; seed < ROUNDS; seed++) {
            var reason = kind + ", seed " + seed;
            var object = new SpecGenerator(new Random(seed)).object(kind);
            var text = YamlWriter.write(object);
            var again = read(text, reason);
            assertThat(again.spec()).as("%s\n%s", reason, text).isEqualTo(object.spec());
            assertThat(again.ref()).as(reason).isEqualTo(object.ref());
            assertThat(again.metadata()).as(reason).isEqualTo(object.metadata());
            assertThat(YamlWriter.write(again)).as(reason).isEqualTo(text);
        }
    }

    @Test
    void thePlatformIsWrittenWithItsKind() {
        var text = """
                apiVersion: sallyport.io/v1alpha1
                kind: Platform
                mesh:
                  accessLogFile: /dev/stdout
                  enableTracing: true
                proxies:
                - name: edge
                  namespace: default
                  address: "127.0.0.1"
                  listen:
                    "80": 8080
                """;

        assertThat(YamlWriter.write(read(text, "platform"))).isEqualTo(text);
    }

    @Test
    void durationsAreWrittenInSeconds() {
        assertThat(YamlWriter.duration(Duration.ofMillis(90_250))).isEqualTo("90.25s");
        assertThat(YamlWriter.duration(Duration.ZERO)).isEqualTo("0s");
        assertThat(YamlWriter.duration(Duration.ofSeconds(100))).isEqualTo("100s");
    }
}
