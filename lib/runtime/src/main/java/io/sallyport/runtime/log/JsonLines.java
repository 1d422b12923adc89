package io.sallyport.runtime.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.opentelemetry.api.trace.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatter;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// Writes each event as one line of JSON:
///
/// ```json
/// {"ts":"2026-01-02T03:04:05.678Z","level":"INFO","service":"sallyport-xds","logger":"io.sallyport.xds…",
///  "message":"Published a revision","trace_id":"…","span_id":"…","revision":42}
/// ```
///
/// Values that others made (names, messages of proxies) are escaped, so none of them can start a line or a key of its
/// own, and cut at 8 KiB. A key that is one of ours already gets an underscore.
public final class JsonLines extends EncoderBase<ILoggingEvent> {

    private static final int MAX_CHARS = 8 << 10;
    private static final List<String> OURS =
            List.of("ts", "level", "service", "logger", "thread", "message", "trace_id", "span_id", "error");
    private static final JsonFactory JSON = new JsonFactory();

    private String service = "";

    /// Which service writes; set by `logback-json.xml`.
    public void setService(String service) {
        this.service = service;
    }

    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        var line = new ByteArrayOutputStream(256);
        try (var json = JSON.createGenerator(line)) {
            write(json, event);
        } catch (IOException e) {
            throw new UncheckedIOException("a line in memory", e);
        }
        line.writeBytes("\n".getBytes(StandardCharsets.UTF_8));
        return line.toByteArray();
    }

    private void write(JsonGenerator json, ILoggingEvent event) throws IOException {
        json.writeStartObject();
        json.writeStringField("ts", DateTimeFormatter.ISO_INSTANT.format(event.getInstant()));
        json.writeStringField("level", event.getLevel().toString());
        if (!service.isEmpty()) {
            json.writeStringField("service", service);
        }
        json.writeStringField("logger", event.getLoggerName());
        json.writeStringField("thread", event.getThreadName());
        json.writeStringField("message", bounded(event.getFormattedMessage()));
        var span = Span.current().getSpanContext();
        if (span.isValid()) {
            json.writeStringField("trace_id", span.getTraceId());
            json.writeStringField("span_id", span.getSpanId());
        }
        writePairs(json, event);
        if (event.getThrowableProxy() != null) {
            json.writeStringField("error", bounded(ThrowableProxyUtil.asString(event.getThrowableProxy())));
        }
        json.writeEndObject();
    }

    private static void writePairs(JsonGenerator json, ILoggingEvent event) throws IOException {
        var pairs = event.getKeyValuePairs();
        if (pairs == null) {
            return;
        }
        var seen = new HashSet<>(OURS);
        for (KeyValuePair pair : pairs) {
            var key = bounded(pair.key);
            while (!seen.add(key)) {
                key = key + "_";
            }
            writePair(json, key, pair.value);
        }
    }

    private static void writePair(JsonGenerator json, String key, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> json.writeNullField(key);
            case Integer number -> json.writeNumberField(key, number);
            case Long number -> json.writeNumberField(key, number);
            case Boolean truth -> json.writeBooleanField(key, truth);
            default -> json.writeStringField(key, bounded(String.valueOf(value)));
        }
    }

    // Half a surrogate pair is no text, and a line with one is no JSON.
    private static String bounded(@Nullable String text) {
        if (text == null) {
            return "";
        }
        var cut = text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "…";
        return new String(cut.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
