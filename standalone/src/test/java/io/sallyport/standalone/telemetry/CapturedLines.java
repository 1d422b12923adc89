package io.sallyport.standalone.telemetry;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.runtime.log.JsonLines;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/// The lines that this process logs meanwhile, as JSON.
final class CapturedLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {

    private final JsonLines encoder = new JsonLines();
    private final List<JsonNode> lines = new CopyOnWriteArrayList<>();
    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

    CapturedLines() {
        start();
        root.addAppender(this);
    }

    // On the thread that logs, as every appender of ours: the trace is the thread's.
    @Override
    protected void append(ILoggingEvent event) {
        var text = new String(encoder.encode(event), StandardCharsets.UTF_8);
        if (text.indexOf('\n') != text.length() - 1) {
            throw new AssertionError("more than a line: " + text);
        }
        try {
            lines.add(new ObjectMapper().readTree(text));
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    List<JsonNode> ofTrace(String trace) {
        return lines.stream()
                .filter(line -> line.path("trace_id").asText().equals(trace))
                .toList();
    }

    @Override
    public void close() {
        root.detachAppender(this);
        stop();
    }
}
