package io.sallyport.model.read;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Tag;

/// Bytes under guidance of the branches that they take. The usual run replays the committed corpus; with JAZZER_FUZZ=1,
/// as `./sallyport test --nightly` sets it, it looks for ten minutes.
@Tag("V17")
class JsonFuzzTest {

    @FuzzTest(maxDuration = "10m")
    void bytesAreReadOrExplainedAndObjectsStayTheSame(byte[] bytes) {
        ReaderClaims.hold("in.json", bytes);
    }
}
