package io.sallyport.model.read;

import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableSortedSet;
import com.google.common.io.BaseEncoding;
import com.google.re2j.Pattern;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.Metadata;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.PublicCertificate;
import io.sallyport.model.Secret;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.Spec;
import io.sallyport.model.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Makes one object of one tree: kind, metadata, spec, in this order.
final class ObjectReader {

    private static final Path SPEC = Path.of("spec");
    private static final List<String> ENVELOPE = List.of("apiVersion", "kind", "metadata", "spec", "status");
    private static final Set<String> FLAT_ENVELOPE = Set.of("apiVersion", "kind", "metadata");
    private static final Set<String> SECRET_FIELDS = Set.of("data", "stringData");
    private static final CharMatcher LINE_END = CharMatcher.anyOf("\r\n");
    private static final Pattern DATA_KEY = Pattern.compile("[-._a-zA-Z0-9]{1,253}");

    private final SourceDocument source;
    private final Report report;

    ObjectReader(SourceDocument source) {
        this.source = source;
        this.report = new Report(source.name());
    }

    Report report() {
        return report;
    }

    DocumentResult read(Node root) {
        if (!(root instanceof Node.Fields document)) {
            report.add(
                    ReadRule.NOT_A_MAPPING,
                    Path.ROOT,
                    root,
                    "the document is no mapping (expected: apiVersion, kind, metadata, spec)");
            return result(null, null);
        }
        if (isPlatformFile(source.name()) && document.get("kind") == null) {
            return platform(document);
        }
        var said = new KindReader(report).read(document);
        if (said.kind().isEmpty()) {
            return result(null, null);
        }
        var kind = said.kind().get();
        var ref = ref(document, kind);
        report.about(ref);
        if (kind == Kind.PLATFORM) {
            return platform(document);
        }
        var metadata = new MetadataReader(report).read(document, kind, said.apiVersion());
        var spec = kind == Kind.SECRET ? secret(document) : spec(document, kind, ref);
        return object(ref, metadata, spec);
    }

    static boolean isPlatformFile(String name) {
        return name.equals(Platform.FILE_NAME) || name.endsWith("/" + Platform.FILE_NAME);
    }

    private static @Nullable ObjectRef ref(Node.Fields document, Kind kind) {
        if (kind == Kind.PLATFORM) {
            return Platform.REF;
        }
        var name = MetadataReader.rawName(document, "name");
        var namespace = MetadataReader.rawName(document, "namespace");
        return name == null
                ? null
                : new ObjectRef(kind, namespace == null ? MetadataReader.DEFAULT_NAMESPACE : namespace, name);
    }

    private DocumentResult object(@Nullable ObjectRef ref, Metadata metadata, @Nullable Spec spec) {
        if (ref == null || spec == null || report.hasErrors()) {
            return result(ref, null);
        }
        return result(ref, new ConfigObject<>(ref, metadata, spec, source, Age.NONE));
    }

    private DocumentResult result(@Nullable ObjectRef ref, @Nullable ConfigObject<?> object) {
        return new DocumentResult(source.index(), ref, object, report.sorted(), source);
    }

    private @Nullable Spec spec(Node.Fields document, Kind kind, @Nullable ObjectRef ref) {
        var binder = new Binder(report, Schema.takesSnakeCase(kind));
        if (Schema.isFlat(kind)) {
            var spec = binder.message(Schema.of(kind), without(document, FLAT_ENVELOPE), Path.ROOT);
            if (spec instanceof ConfigMap map && ref != null) {
                return withMesh(map, document, ref);
            }
            return (Spec) spec;
        }
        checkEnvelope(document, kind);
        var entry = document.entry("spec");
        var node = entry == null || Scalars.isNull(entry.value()) ? empty(document) : entry.value();
        return (Spec) binder.message(Schema.of(kind), node, SPEC);
    }

    private static Node.Fields empty(Node.Fields document) {
        return new Node.Fields(
                List.of(), document.line(), document.column(), document.start(), document.end(), 1, false);
    }

    private static Node.Fields without(Node.Fields document, Set<String> names) {
        var rest = document.entries().stream()
                .filter(entry -> !names.contains(entry.key().text()))
                .toList();
        return new Node.Fields(
                rest, document.line(), document.column(), document.start(), document.end(), document.weight(), false);
    }

    private void checkEnvelope(Node.Fields document, Kind kind) {
        for (var entry : document.entries()) {
            var name = entry.key().text();
            if (!ENVELOPE.contains(name)) {
                var hint = Schema.of(kind)
                        .pathTo(name)
                        .map(inside -> " (did you mean \"spec.%s\"?)".formatted(inside))
                        .orElseGet(() -> Words.hint(name, ENVELOPE));
                report.add(
                        ReadRule.UNKNOWN_FIELD,
                        Path.of(name),
                        entry.key(),
                        "unknown field %s%s".formatted(Words.quote(name), hint));
            }
        }
    }

    private DocumentResult platform(Node.Fields document) {
        report.about(Platform.REF);
        var schema = Schema.of(Kind.PLATFORM);
        var spec = new Binder(report, true).message(schema, without(document, FLAT_ENVELOPE), Path.ROOT);
        var apiVersion = Kind.PLATFORM.group() + "/" + Kind.PLATFORM.versions().getFirst();
        var metadata = new Metadata(apiVersion, new TreeMap<>(), new TreeMap<>(), null);
        return object(Platform.REF, metadata, spec instanceof Platform platform ? checked(platform, document) : null);
    }

    private Platform checked(Platform platform, Node.Fields document) {
        new PlatformCheck(report).check(platform, document);
        return platform;
    }

    /// The mesh settings stand as text inside the ConfigMap; their positions are those of the file where the text is
    /// written as a block.
    private Spec withMesh(ConfigMap map, Node.Fields document, ObjectRef ref) {
        var text = map.data().get(ConfigMap.MESH_KEY);
        if (!ref.name().equals(ConfigMap.MESH_NAME)
                || text == null
                || !(document.get("data") instanceof Node.Fields data)
                || !(data.get(ConfigMap.MESH_KEY) instanceof Node.Scalar scalar)) {
            return map;
        }
        var path = Path.of("data", ConfigMap.MESH_KEY);
        try {
            var embedded = new EmbeddedText(source, scalar);
            var tree = new YamlComposer(embedded.text(), embedded.firstLine()).compose();
            tree.problems().forEach(report::add);
            var root = tree.root();
            var mesh = root == null ? null : new Binder(report, true).message(Schema.mesh(), root, path);
            return mesh instanceof MeshConfig settings
                    ? new ConfigMap(map.data(), map.binaryData(), map.immutable(), settings)
                    : map;
        } catch (UnreadableException e) {
            report.add(e.problem());
            return map;
        }
    }

    /// Only the names of the keys are taken; no message ever quotes a value.
    private Spec secret(Node.Fields document) {
        var keys = new TreeSet<String>();
        for (var field : SECRET_FIELDS.stream().sorted().toList()) {
            var node = document.get(field);
            if (node instanceof Node.Fields content) {
                content.entries().forEach(entry -> keys.add(dataKey(entry, Path.of(field))));
            } else if (node != null && !Scalars.isNull(node)) {
                report.add(ReadRule.WRONG_TYPE, Path.of(field), node, field + " is no mapping (expected: a mapping)");
            }
        }
        var envelope = new ArrayList<>(FLAT_ENVELOPE);
        envelope.addAll(SECRET_FIELDS);
        var rest = without(document, Set.copyOf(envelope));
        var secret = new Binder(report, false).message(Schema.of(Kind.SECRET), rest, Path.ROOT);
        return secret instanceof Secret plain
                ? new Secret(plain.type(), plain.immutable(), ImmutableSortedSet.copyOf(keys), certificate(document))
                : new Secret("", false, ImmutableSortedSet.of(), null);
    }

    // `cert` is looked at before `tls.crt`, and stringData replaces data (T8).
    private static @Nullable PublicCertificate certificate(Node.Fields document) {
        for (var key : List.of("cert", "tls.crt")) {
            for (var field : List.of("stringData", "data")) {
                if (document.get(field) instanceof Node.Fields content
                        && content.get(key) instanceof Node.Scalar scalar) {
                    return CertificateText.read(scalar.text(), field.equals("data"))
                            .orElse(null);
                }
            }
        }
        return null;
    }

    private String dataKey(Node.Entry entry, Path path) {
        var key = entry.key().text();
        var here = path.field(key);
        if (!DATA_KEY.matcher(key).matches() || key.equals(".") || key.startsWith("..")) {
            report.add(
                    ReadRule.BAD_LABEL,
                    here,
                    entry.key(),
                    "key %s of a Secret (expected: letters, digits, \"-\", \"_\" and \".\", at most 253; not \"..\" in front)"
                            .formatted(Words.quote(key)));
        }
        var text = entry.value() instanceof Node.Scalar scalar
                        && (Scalars.sort(scalar) == Scalars.Sort.STRING || Scalars.isNull(scalar))
                ? scalar
                : null;
        if (text == null) {
            report.add(
                    ReadRule.WRONG_TYPE, here, entry.value(), "the value of a key is no string (expected: a string)");
        } else if (path.name().equals("data") && !Scalars.isNull(text) && !isBase64(text.text())) {
            report.add(
                    ReadRule.BAD_BASE64,
                    here,
                    entry.value(),
                    "the value of a key is no base64 (expected: base64; or plain text under stringData)");
        }
        return key;
    }

    // As Go reads it: line ends are skipped, and the padding is there.
    private static boolean isBase64(String text) {
        var bare = LINE_END.removeFrom(text);
        return bare.length() % 4 == 0 && BaseEncoding.base64().canDecode(bare);
    }
}
