package io.sallyport.runtime.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What is promised of a wire that goes silent. That it is so shows `WiresTest` in test/conformance, on wires that do.
@Tag("F15")
class NetworkFaults {

    @Test
    void bothSidesNoticeWithinTwentySeconds() {
        assertThat(2 * Channels.SILENCE_SECONDS).isLessThanOrEqualTo(20);
        for (var limits : new ServerLimits[] {ServerLimits.api(), ServerLimits.xds(), ServerLimits.sds()}) {
            assertThat(limits.keepAlive().toSeconds() + Channels.SILENCE_SECONDS)
                    .isLessThanOrEqualTo(20);
        }
    }
}
