package io.sallyport.runtime.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceParentTest {

    private static final String GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void whatIsReadIsWrittenAgain() {
        assertThat(TraceParent.of(Span.fromContext(TraceParent.read(GOOD)))).isEqualTo(GOOD);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-zz",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7\n-01"
            })
    void whatIsNotWellFormedIsNobodysTrace(String header) {
        assertThat(TraceParent.read(header)).isSameAs(Context.root());
    }

    @Test
    void aMebibyteIsNobodysTraceEither() {
        assertThat(TraceParent.read(GOOD + "-" + "x".repeat(1 << 20))).isSameAs(Context.root());
        assertThat(TraceParent.read(null)).isSameAs(Context.root());
    }

    @Test
    void aSpanWithoutATraceIsSaidNothingOf() {
        assertThat(TraceParent.of(Span.getInvalid())).isEmpty();
    }
}
