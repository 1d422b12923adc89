package io.sallyport.cli.proxy;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import java.lang.reflect.InvocationTargetException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Envoy's resources as JSON. They hold others as `Any`, whose classes are looked up by name and only when met, so that
/// the thousand types of Envoy's API are not loaded to print one. What this program does not know is shown as a note of
/// its type and size.
final class EnvoyJson {

    private static final Pattern KNOWN_PACKAGES =
            Pattern.compile("(?:envoy|xds|udpa|google\\.protobuf)(?:\\.[A-Za-z][A-Za-z0-9_]*)+");

    private final Set<Descriptor> types = new LinkedHashSet<>();

    private EnvoyJson() {}

    static String of(Message message) {
        var json = new EnvoyJson();
        var printable = json.printable(message);
        var registry = TypeRegistry.newBuilder()
                .add(json.types)
                .add(StringValue.getDescriptor())
                .build();
        try {
            return JsonFormat.printer().usingTypeRegistry(registry).print(printable);
        } catch (InvalidProtocolBufferException unknown) {
            throw new IllegalStateException("an unknown type was not replaced: " + unknown.getMessage(), unknown);
        }
    }

    private Message printable(Message message) {
        if (message instanceof Any any) {
            return printable(any);
        }
        Message.Builder builder = null;
        for (var entry : message.getAllFields().entrySet()) {
            var field = entry.getKey();
            if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
                continue;
            }
            builder = builder == null ? message.toBuilder() : builder;
            if (field.isRepeated()) {
                var elements = (List<?>) entry.getValue();
                for (var i = 0; i < elements.size(); i++) {
                    builder.setRepeatedField(field, i, printable((Message) elements.get(i)));
                }
            } else {
                builder.setField(field, printable((Message) entry.getValue()));
            }
        }
        return builder == null ? message : builder.build();
    }

    private Any printable(Any any) {
        if (any.getTypeUrl().isEmpty()) {
            return any;
        }
        var packed = unpacked(any);
        if (packed.isPresent()) {
            types.add(packed.get().getDescriptorForType());
            return any.toBuilder()
                    .setValue(printable(packed.get()).toByteString())
                    .build();
        }
        return Any.pack(
                StringValue.of(any.getTypeUrl() + ", " + any.getValue().size() + " bytes, unknown to this sallyport"));
    }

    private static Optional<Message> unpacked(Any any) {
        var name = any.getTypeUrl().substring(any.getTypeUrl().lastIndexOf('/') + 1);
        if (!KNOWN_PACKAGES.matcher(name).matches()) {
            return Optional.empty();
        }
        try {
            var type = Class.forName(javaName(name)).asSubclass(Message.class);
            var empty = (Message) type.getMethod("getDefaultInstance").invoke(null);
            return empty == null
                    ? Optional.empty()
                    : Optional.of(empty.getParserForType().parseFrom(any.getValue()));
        } catch (ClassNotFoundException
                | ClassCastException
                | NoSuchMethodException
                | IllegalAccessException
                | InvocationTargetException
                | InvalidProtocolBufferException unknown) {
            return Optional.empty();
        }
    }

    // The Java packages that the published protos name.
    private static String javaName(String protoName) {
        if (protoName.startsWith("envoy.")) {
            return "io.envoyproxy." + protoName;
        }
        if (protoName.startsWith("xds.")) {
            return "com.github." + protoName;
        }
        return protoName.startsWith("udpa.") ? "com.github.udpa." + protoName : "com." + protoName;
    }
}
