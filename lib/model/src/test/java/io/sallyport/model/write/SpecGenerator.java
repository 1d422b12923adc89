package io.sallyport.model.write;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.Age;
import io.sallyport.model.Bytes;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.IntOrString;
import io.sallyport.model.Kind;
import io.sallyport.model.Metadata;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.Spec;
import io.sallyport.model.Value;
import io.sallyport.model.schema.FieldType;
import io.sallyport.model.schema.RecordSchema;
import io.sallyport.model.schema.Schema;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Makes random objects of any kind by the schema: valid for the reader, and full of texts that YAML could take for
/// something else.
final class SpecGenerator {

    private static final List<String> TEXTS = List.of(
            "",
            "a",
            "no",
            "Yes",
            "~",
            "null",
            "80",
            "0x50",
            "1_000",
            "8e1",
            ".5",
            "-1",
            " x ",
            "a: b",
            "a #b",
            "#c",
            "line\nbreak\n",
            "\n",
            "tab\t",
            "\r\n",
            "\"q\"",
            "'s'",
            "\\",
            "\u00e9",
            "\ud83d\ude00",
            "%REQ(x)%",
            "{{x}}",
            "-",
            "- a",
            "*a",
            "&b",
            "!t",
            "|",
            ">",
            "?",
            ": ",
            "<<",
            "2001-01-01",
            "\u0085",
            "\u00a0",
            "\u200b",
            "]]--;",
            "%YAML",
            "---",
            "...",
            "@x",
            "`y`",
            "[a, b]",
            "{a: b}",
            "x".repeat(2000),
            "a\u0000".substring(0, 1),
            "/dev/stdout");
    private static final int DEPTH = 9;

    private final RandomGenerator random;

    SpecGenerator(RandomGenerator random) {
        this.random = random;
    }

    ConfigObject<?> object(Kind kind) {
        var spec = (Spec) message(Schema.of(kind), 0);
        var labels = new TreeMap<String, String>();
        labels.put("app", "a-" + random.nextInt(100));
        var annotations = new TreeMap<String, String>();
        annotations.put("example.com/note", text());
        var created = random.nextBoolean() ? Instant.ofEpochSecond(random.nextInt()) : null;
        var metadata = new Metadata(apiVersion(kind), labels, annotations, created);
        return new ConfigObject<>(
                new ObjectRef(kind, "ns-" + random.nextInt(9), "name-" + random.nextInt(99)),
                metadata,
                spec,
                new SourceDocument("", 1, 0, "", ""),
                Age.NONE);
    }

    private static String apiVersion(Kind kind) {
        var version = kind.versions().getFirst();
        return kind.group().isEmpty() ? version : kind.group() + "/" + version;
    }

    private Record message(RecordSchema schema, int depth) {
        var left = leftOut(schema);
        var members = new @Nullable Object[schema.fields().size()];
        for (var field : schema.fields()) {
            var given = field.required() || (depth < DEPTH && random.nextInt(3) == 0);
            var type = field.type();
            if (field.derived()) {
                members[field.position()] = type instanceof FieldType.Keys ? ImmutableSortedSet.of("a", "b.c") : null;
            } else if (field.isCatchAll()) {
                members[field.position()] = ImmutableSortedMap.of();
            } else if (!left.contains(field.name()) && given) {
                members[field.position()] = field.notEmpty() ? filled(type, depth) : value(type, depth);
            } else if (!field.nullable()) {
                members[field.position()] = zero(type);
            }
        }
        return schema.make(members);
    }

    private Object filled(FieldType type, int depth) {
        var word = "a" + text();
        if (type instanceof FieldType.MapOf(var value)) {
            return ImmutableSortedMap.of(word, value(value, depth));
        }
        if (type instanceof FieldType.ListOf(var element)) {
            return ImmutableList.of(element instanceof FieldType.Message ? value(element, depth) : word);
        }
        return word;
    }

    private Set<String> leftOut(RecordSchema schema) {
        var left = new HashSet<String>();
        for (var group : schema.groups()) {
            left.addAll(group.members());
            left.remove(group.members().get(random.nextInt(group.members().size())));
        }
        return left;
    }

    private Object zero(FieldType type) {
        return switch (type) {
            case FieldType.Text _ -> "";
            case FieldType.Bool _ -> false;
            case FieldType.Whole whole -> whole.wide() ? (Object) 0L : (Object) 0;
            case FieldType.Real _ -> 0.0;
            case FieldType.Choice choice -> choice.type().getEnumConstants()[0];
            case FieldType.ListOf _ -> ImmutableList.of();
            case FieldType.MapOf _ -> ImmutableSortedMap.of();
            default -> throw new IllegalStateException(type.toString());
        };
    }

    private Object value(FieldType type, int depth) {
        return switch (type) {
            case FieldType.Text _ -> text();
            case FieldType.Bool _ -> random.nextBoolean();
            case FieldType.Whole whole -> {
                var number = random.nextLong(whole.min(), whole.max());
                yield whole.wide() ? (Object) number : (Object) (int) number;
            }
            case FieldType.Real _ -> random.nextBoolean() ? random.nextDouble(100) : random.nextDouble(-1e-300, 1e300);
            case FieldType.Span _ ->
                Duration.ofNanos(random.nextLong(random.nextBoolean() ? 1_000_000_000L : Long.MAX_VALUE));
            case FieldType.Base64 _ -> new Bytes(new byte[] {(byte) random.nextInt(), (byte) 0xff, 1});
            case FieldType.Choice choice ->
                choice.type().getEnumConstants()[random.nextInt(choice.type().getEnumConstants().length)];
            case FieldType.NumberOrName _ ->
                random.nextBoolean() ? IntOrString.of(random.nextInt()) : IntOrString.of(text());
            case FieldType.Free _ -> free(0);
            case FieldType.FreeStruct _ -> new Value.Struct(ImmutableSortedMap.of(text(), free(0)));
            case FieldType.Message message -> message(message.schema(), depth + 1);
            case FieldType.ListOf list -> {
                var items = ImmutableList.builder();
                for (var i = random.nextInt(3); i >= 0; i--) {
                    items.add(value(list.element(), depth + 1));
                }
                yield items.build();
            }
            case FieldType.MapOf map -> {
                var entries = new TreeMap<String, Object>();
                for (var i = random.nextInt(3); i >= 0; i--) {
                    entries.put(text(), value(map.value(), depth + 1));
                }
                yield ImmutableSortedMap.copyOf(entries);
            }
            case FieldType.Keys _ -> throw new IllegalStateException("derived");
        };
    }

    private Value free(int depth) {
        return switch (random.nextInt(depth > 3 ? 4 : 6)) {
            case 0 -> new Value.Nothing();
            case 1 -> new Value.Bool(random.nextBoolean());
            case 2 -> new Value.Num(number());
            case 3 -> new Value.Text(text());
            case 4 -> new Value.Sequence(ImmutableList.of(free(depth + 1), free(depth + 1)));
            default -> new Value.Struct(ImmutableSortedMap.of(text(), free(depth + 1)));
        };
    }

    private BigDecimal number() {
        return switch (random.nextInt(3)) {
            case 0 -> BigDecimal.valueOf(random.nextLong());
            case 1 -> BigDecimal.valueOf(random.nextDouble());
            default -> BigDecimal.valueOf(random.nextDouble()).scaleByPowerOfTen(random.nextInt(-200, 200));
        };
    }

    private String text() {
        return TEXTS.get(random.nextInt(TEXTS.size()));
    }
}
