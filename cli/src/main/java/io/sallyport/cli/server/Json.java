package io.sallyport.cli.server;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.JsonFormat;
import java.util.List;
import java.util.stream.Collectors;

/// Responses in proto3 JSON, which `-o json` prints.
public final class Json {

    private Json() {}

    public static String of(MessageOrBuilder message) {
        try {
            return JsonFormat.printer().print(message);
        } catch (InvalidProtocolBufferException unknown) {
            throw new IllegalStateException("a message of our own cannot be printed", unknown);
        }
    }

    /// One message on one line.
    public static String line(MessageOrBuilder message) {
        try {
            return JsonFormat.printer().omittingInsignificantWhitespace().print(message);
        } catch (InvalidProtocolBufferException unknown) {
            throw new IllegalStateException("a message of our own cannot be printed", unknown);
        }
    }

    /// A JSON array of texts that are JSON already.
    public static String array(List<String> elements) {
        return elements.isEmpty()
                ? "[]"
                : elements.stream()
                        .map(element -> element.indent(2).stripTrailing())
                        .collect(Collectors.joining(",\n", "[\n", "\n]"));
    }
}
