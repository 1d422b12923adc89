package io.sallyport.model.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.write.YamlWriter;
import java.nio.charset.StandardCharsets;

/// What holds for all bytes: they are read or explained, with a place, and an object that was read is the same after it
/// was written and read again.
final class ReaderClaims {

    private ReaderClaims() {}

    static void hold(String name, byte[] bytes) {
        for (var document : new YamlReader().read(name, bytes).documents()) {
            assertThat(document.findings()).allSatisfy(finding -> {
                assertThat(finding.location().line()).isPositive();
                assertThat(finding.location().column()).isPositive();
                assertThat(finding.message()).isNotBlank();
            });
            if (document.object() != null && !document.isRefused()) {
                isTheSameAgain(document.object());
            }
        }
    }

    // Of a Secret the text is not kept, on purpose.
    private static void isTheSameAgain(ConfigObject<?> object) {
        if (object.ref().kind() == Kind.SECRET) {
            return;
        }
        var text = YamlWriter.write(object);
        var again = new YamlReader().read("again.yaml", text.getBytes(StandardCharsets.UTF_8));
        assertThat(again.findings()).as(text).noneMatch(finding -> finding.isError());
        var copy = again.objects().findFirst().orElseThrow(() -> new AssertionError(text));
        assertThat(copy.ref()).as(text).isEqualTo(object.ref());
        assertThat(copy.spec()).as(text).isEqualTo(object.spec());
        assertThat(YamlWriter.write(copy)).isEqualTo(text);
    }
}
