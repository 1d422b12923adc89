package io.sallyport.model.write;

import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.Bytes;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.IntOrString;
import io.sallyport.model.Kind;
import io.sallyport.model.Metadata;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Secret;
import io.sallyport.model.Value;
import io.sallyport.model.schema.FieldSpec;
import io.sallyport.model.schema.FieldType;
import io.sallyport.model.schema.RecordSchema;
import io.sallyport.model.schema.Schema;
import io.sallyport.model.schema.SpecWalk;
import io.sallyport.model.write.YamlText.Tree;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes an object as canonical YAML: fields in the order of the records, keys of mappings sorted, zeros left out.
/// Reading it gives an equal object; equal objects give equal text. A Secret is written with its keys and no
/// values.
public final class YamlWriter {

    private static final int LONGEST_PLAIN_NUMBER = 40;

    private YamlWriter() {}

    /// The object as one YAML document, ending in a newline.
    public static String write(ConfigObject<?> object) {
        var text = new YamlText();
        for (var entry : document(object)) {
            text.entry(0, false, entry.key(), entry.value());
        }
        return text.toString();
    }

    private static List<Tree.Entry> document(ConfigObject<?> object) {
        var kind = object.ref().kind();
        var entries = new ArrayList<Tree.Entry>();
        entries.add(new Tree.Entry("apiVersion", text(object.metadata().apiVersion())));
        entries.add(new Tree.Entry("kind", text(kind.word())));
        if (kind != Kind.PLATFORM) {
            entries.add(new Tree.Entry("metadata", metadata(object.ref(), object.metadata())));
        }
        var spec = message(Schema.of(kind), (Record) object.spec());
        if (object.spec() instanceof Secret secret && !secret.keys().isEmpty()) {
            entries.add(new Tree.Entry("data", keys(secret.keys())));
        }
        if (Schema.isFlat(kind)) {
            entries.addAll(spec.entries());
        } else if (!spec.entries().isEmpty()) {
            entries.add(new Tree.Entry("spec", spec));
        }
        return entries;
    }

    private static Tree metadata(ObjectRef ref, Metadata metadata) {
        var entries = new ArrayList<Tree.Entry>();
        entries.add(new Tree.Entry("name", text(ref.name())));
        entries.add(new Tree.Entry("namespace", text(ref.namespace())));
        if (!metadata.labels().isEmpty()) {
            entries.add(new Tree.Entry("labels", texts(metadata.labels())));
        }
        if (!metadata.annotations().isEmpty()) {
            entries.add(new Tree.Entry("annotations", texts(metadata.annotations())));
        }
        var created = metadata.creationTimestamp();
        if (created != null) {
            entries.add(new Tree.Entry("creationTimestamp", text(created.toString())));
        }
        return new Tree.Fields(entries);
    }

    private static Tree texts(Map<String, String> texts) {
        return new Tree.Fields(texts.entrySet().stream()
                .map(entry -> new Tree.Entry(entry.getKey(), text(entry.getValue())))
                .toList());
    }

    private static Tree keys(ImmutableSortedSet<String> keys) {
        return new Tree.Fields(
                keys.stream().map(key -> new Tree.Entry(key, text(""))).toList());
    }

    private static Tree.Fields message(RecordSchema schema, Record owner) {
        var entries = new ArrayList<Tree.Entry>();
        for (var field : schema.fields()) {
            var value = schema.get(owner, field);
            if (field.isCatchAll() && value instanceof Map<?, ?> others) {
                others.forEach((key, other) -> entries.add(new Tree.Entry(key.toString(), free((Value) other))));
            } else if (isWritten(field, value) && value != null) {
                entries.add(new Tree.Entry(field.name(), tree(field.type(), value)));
            }
        }
        return new Tree.Fields(entries);
    }

    private static boolean isWritten(FieldSpec field, @Nullable Object value) {
        return field.isWritten() && (field.required() || !SpecWalk.isZero(field, value));
    }

    private static Tree tree(FieldType type, Object value) {
        return switch (type) {
            case FieldType.Text _, FieldType.Base64 _ ->
                text(value instanceof Bytes bytes ? bytes.base64() : value.toString());
            case FieldType.Bool _, FieldType.Whole _ -> new Tree.Word(value.toString());
            case FieldType.Real _ -> number(BigDecimal.valueOf((Double) value));
            case FieldType.Span _ -> text(duration((Duration) value));
            case FieldType.Choice _ -> text(((Enum<?>) value).name());
            case FieldType.NumberOrName _ -> numberOrName((IntOrString) value);
            case FieldType.Free _, FieldType.FreeStruct _ -> free((Value) value);
            case FieldType.Message message -> message(message.schema(), (Record) value);
            case FieldType.ListOf list ->
                new Tree.Items(((List<?>) value)
                        .stream().map(item -> tree(list.element(), item)).toList());
            case FieldType.MapOf map ->
                new Tree.Fields(((Map<?, ?>) value)
                        .entrySet().stream()
                                .map(entry ->
                                        new Tree.Entry(entry.getKey().toString(), tree(map.value(), entry.getValue())))
                                .toList());
            case FieldType.Keys _ -> throw new IllegalStateException("keys of a Secret are written as its data");
        };
    }

    private static Tree numberOrName(IntOrString value) {
        var number = value.number();
        return number != null ? new Tree.Word(number.toString()) : text(value.toString());
    }

    private static Tree free(Value value) {
        return switch (value) {
            case Value.Nothing _ -> new Tree.Word("null");
            case Value.Bool flag -> new Tree.Word(Boolean.toString(flag.value()));
            case Value.Num number -> number(number.value());
            case Value.Text text -> text(text.value());
            case Value.Sequence list ->
                new Tree.Items(list.items().stream().map(YamlWriter::free).toList());
            case Value.Struct struct ->
                new Tree.Fields(struct.fields().entrySet().stream()
                        .map(entry -> new Tree.Entry(entry.getKey(), free(entry.getValue())))
                        .toList());
        };
    }

    private static Tree number(BigDecimal number) {
        var plain = number.toPlainString();
        return new Tree.Word(plain.length() <= LONGEST_PLAIN_NUMBER ? plain : number.toString());
    }

    private static Tree text(String value) {
        return new Tree.Word(YamlText.scalar(value));
    }

    /// Seconds with up to nine decimals: `90s`, `0.25s`.
    static String duration(Duration duration) {
        var seconds = BigDecimal.valueOf(duration.getSeconds()).add(BigDecimal.valueOf(duration.getNano(), 9));
        return (seconds.signum() == 0 ? "0" : seconds.stripTrailingZeros().toPlainString()) + "s";
    }
}
