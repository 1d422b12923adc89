package io.sallyport.runtime;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Reads the settings of one service from YAML into a record, strictly: an unknown key, a repeated key or a wrong type
/// is an error with its place. Durations are ISO 8601 (`PT10S`).
///
/// Settings come from the operator, not from the platform's users; their resources are read by the model's reader.
public final class Settings {

    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_QUOTED = 40;

    private static final ObjectMapper mapper = YAMLMapper.builder()
            .addModule(new JavaTimeModule())
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private Settings() {}

    /// Reads a file; an empty file is an empty record, so defaults belong into the record's compact constructor.
    public static <T extends Record> T read(Path file, Class<T> type) throws SettingsException {
        String text;
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new SettingsException(file + ": larger than 1 MiB");
            }
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new SettingsException(file + ": no such file (expected: a file of settings)");
        } catch (IOException e) {
            throw new SettingsException(file + ": cannot be read: " + e);
        }
        return parse(text, file.toString(), type);
    }

    /// Reads a text; `source` names it in messages.
    public static <T extends Record> T parse(String text, String source, Class<T> type) throws SettingsException {
        try {
            return mapper.readValue(text.isBlank() ? "{}" : text, type);
        } catch (JsonProcessingException e) {
            throw new SettingsException(place(source, e) + ": " + path(e) + reason(e));
        }
    }

    private static String place(String source, JsonProcessingException e) {
        var location = e.getLocation();
        // An unknown key is noticed when its record is complete, so Jackson's line would be another one.
        return location == null || e instanceof UnrecognizedPropertyException
                ? source
                : source + ":" + location.getLineNr() + ":" + location.getColumnNr();
    }

    private static String path(JsonProcessingException e) {
        if (!(e instanceof JsonMappingException mapping) || mapping.getPath().isEmpty()) {
            return "";
        }
        var path = new StringBuilder();
        for (var step : mapping.getPath()) {
            if (step.getFieldName() != null) {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            } else {
                path.append('[').append(step.getIndex()).append(']');
            }
        }
        return path + ": ";
    }

    private static String reason(JsonProcessingException e) {
        if (e instanceof UnrecognizedPropertyException unknown) {
            return "unknown key (expected: one of " + unknown.getKnownPropertyIds() + ")";
        }
        if (e.getCause() instanceof IllegalArgumentException refused) {
            return String.valueOf(refused.getMessage()).lines().findFirst().orElse("cannot be read");
        }
        if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
            return found(mismatch) + " (expected: " + wanted(mismatch.getTargetType()) + ")";
        }
        // Between what is wrong and what was expected, the parser shows the lines, indented.
        return e.getOriginalMessage()
                .lines()
                .filter(line -> !line.startsWith(" "))
                .collect(Collectors.joining(", "));
    }

    private static String found(MismatchedInputException mismatch) {
        if (!(mismatch instanceof InvalidFormatException invalid)) {
            return "a value that does not belong here";
        }
        var text = String.valueOf(invalid.getValue());
        return '"' + (text.length() > MAX_QUOTED ? text.substring(0, MAX_QUOTED) + "…" : text) + '"';
    }

    private static String wanted(Class<?> type) {
        if (type.isEnum()) {
            return "one of " + List.of(type.getEnumConstants());
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "a list";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "a whole number";
        }
        if (type == double.class || type == Double.class) {
            return "a number";
        }
        if (type == Duration.class) {
            return "a duration, as PT10S";
        }
        return type.isRecord() || Map.class.isAssignableFrom(type) ? "a mapping" : "text";
    }
}
