package io.sallyport.cli.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConnectionHeadersTest {

    private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void aPipelinesTraceGoesOn() {
        var headers = Connection.headers(Optional.empty(), Map.of("TRACEPARENT", PARENT));

        assertThat(headers.get(Connection.TRACE)).isEqualTo(PARENT);
    }

    @Test
    void whatIsNoTraceStaysHere() {
        assertThat(Connection.headers(Optional.empty(), Map.of()).containsKey(Connection.TRACE))
                .isFalse();
        assertThat(Connection.headers(Optional.empty(), Map.of("TRACEPARENT", "x".repeat(1 << 20)))
                        .containsKey(Connection.TRACE))
                .isFalse();
    }
}
