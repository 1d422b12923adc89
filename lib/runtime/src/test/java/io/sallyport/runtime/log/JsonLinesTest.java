package io.sallyport.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.runtime.telemetry.TraceParent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

@Tag("V20")
class JsonLinesTest {

    private static final String HOSTILE = "a\"},\n{\"level\":\"FORGED\u2028\u0000\u001b[31m\ud800 \\";

    private final LoggerContext context = new LoggerContext();
    private final JsonLines lines = new JsonLines();

    private JsonNode line(String message, @Nullable Throwable error, KeyValuePair... pairs) throws IOException {
        lines.setService("sallyport-test");
        var event =
                new LoggingEvent("", context.getLogger("io.sallyport.Some"), Level.WARN, message, error, new Object[0]);
        event.setInstant(Instant.parse("2026-01-02T03:04:05.678Z"));
        for (var pair : pairs) {
            event.addKeyValuePair(pair);
        }
        var text = new String(lines.encode(event), StandardCharsets.UTF_8);
        assertThat(text).endsWith("\n");
        assertThat(text.substring(0, text.length() - 1)).doesNotContain("\n", "\r", "\u001b", "\u0000");
        return new ObjectMapper().readTree(text);
    }

    @Test
    void aLineIsOneObjectWithWhatIsKnown() throws Exception {
        var line = line("Made a revision", null, new KeyValuePair("revision", 42L), new KeyValuePair("ok", true));

        assertThat(line.toString())
                .isEqualTo("{\"ts\":\"2026-01-02T03:04:05.678Z\",\"level\":\"WARN\",\"service\":\"sallyport-test\","
                        + "\"logger\":\"io.sallyport.Some\",\"thread\":\""
                        + Thread.currentThread().getName()
                        + "\",\"message\":\"Made a revision\",\"revision\":42,\"ok\":true}");
    }

    @Test
    void withinAChangeItCarriesTheTracesIds() throws Exception {
        var trace = TraceParent.read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        try (var _ = trace.makeCurrent()) {
            var line = line("Made a revision", null);

            assertThat(line.path("trace_id").asText()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
            assertThat(line.path("span_id").asText()).isEqualTo("00f067aa0ba902b7");
        }
    }

    @Test
    void whatOthersWroteCannotStartALineOrAKey() throws Exception {
        var line = line(HOSTILE, new IllegalStateException(HOSTILE), new KeyValuePair(HOSTILE, HOSTILE));

        assertThat(line.path("level").asText()).isEqualTo("WARN");
        assertThat(line.properties()).hasSize(8);
        assertThat(line.path("error").asText()).contains("IllegalStateException");
    }

    @Test
    void aKeyOfOursIsNotReplaced() throws Exception {
        var line = line("x", null, new KeyValuePair("level", "ERROR"), new KeyValuePair("trace_id", "forged"));

        assertThat(line.path("level").asText()).isEqualTo("WARN");
        assertThat(line.path("level_").asText()).isEqualTo("ERROR");
        assertThat(line.path("trace_id").isMissingNode()).isTrue();
        assertThat(line.path("trace_id_").asText()).isEqualTo("forged");
    }

    @Test
    void aLineIsBounded() throws Exception {
        var line = line("x".repeat(1 << 20), null, new KeyValuePair("name", "y".repeat(1 << 20)));

        assertThat(line.toString().length()).isLessThan(20_000);
    }
}
