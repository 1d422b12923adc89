package io.sallyport.model.read;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// Bytes under guidance of the branches that they take. The usual run replays the committed corpus; with JAZZER_FUZZ=1,
/// as `./sallyport test --nightly` sets it, it looks for ten minutes.
@Tag("V17")
class YamlFuzzTest {

    // Longer than the bound of other tests, which would end the ten minutes early and call that a failure.
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    @FuzzTest(maxDuration = "10m")
    void bytesAreReadOrExplainedAndObjectsStayTheSame(byte[] bytes) {
        ReaderClaims.hold("in.yaml", bytes);
    }
}
