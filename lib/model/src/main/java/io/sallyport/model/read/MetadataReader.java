package io.sallyport.model.read;

import com.google.re2j.Pattern;
import io.sallyport.model.Kind;
import io.sallyport.model.Metadata;
import io.sallyport.model.Path;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Reads `metadata`: names, labels and annotations by Kubernetes' rules. What the API server fills in (`uid`,
/// `managedFields`, ...) is ignored.
final class MetadataReader {

    static final Path METADATA = Path.of("metadata");
    static final String DEFAULT_NAMESPACE = "default";

    private static final Set<String> READ = Set.of("name", "namespace", "labels", "annotations", "creationTimestamp");
    private static final Set<String> IGNORED = Set.of(
            "clusterName",
            "deletionGracePeriodSeconds",
            "deletionTimestamp",
            "finalizers",
            "generateName",
            "generation",
            "initializers",
            "managedFields",
            "ownerReferences",
            "resourceVersion",
            "selfLink",
            "uid");
    private static final Pattern LABEL_VALUE = Pattern.compile("([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?");
    private static final Pattern DNS_LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
    private static final int LONGEST_LABEL = 63;
    private static final int LONGEST_SUBDOMAIN = 253;
    private static final int ANNOTATION_BYTES = 256 * 1024;

    private final Report report;

    MetadataReader(Report report) {
        this.report = report;
    }

    /// The name that a document gives itself, before it is judged.
    static @Nullable String rawName(Node.Fields document, String field) {
        return document.get("metadata") instanceof Node.Fields metadata
                        && metadata.get(field) instanceof Node.Scalar scalar
                        && Scalars.sort(scalar) == Scalars.Sort.STRING
                        && !scalar.text().isEmpty()
                ? scalar.text()
                : null;
    }

    Metadata read(Node.Fields document, Kind kind, String apiVersion) {
        var entry = document.entry("metadata");
        if (entry == null || Scalars.isNull(entry.value())) {
            report.add(ReadRule.MISSING_NAME, METADATA.field("name"), document, "no metadata.name (expected: a name)");
            return new Metadata(apiVersion, new TreeMap<>(), new TreeMap<>(), null);
        }
        if (!(entry.value() instanceof Node.Fields fields)) {
            report.add(ReadRule.WRONG_TYPE, METADATA, entry.value(), "metadata is no mapping (expected: a mapping)");
            return new Metadata(apiVersion, new TreeMap<>(), new TreeMap<>(), null);
        }
        checkFields(fields);
        checkName(fields, entry.key(), kind);
        var namespace = fields.get("namespace");
        if (namespace instanceof Node.Scalar scalar && isSet(scalar) && isText(scalar, "namespace")) {
            checkLabel(scalar, METADATA.field("namespace"));
        }
        return new Metadata(apiVersion, labels(fields), annotations(fields), created(fields));
    }

    private void checkFields(Node.Fields fields) {
        for (var entry : fields.entries()) {
            var name = entry.key().text();
            if (!READ.contains(name) && !IGNORED.contains(name)) {
                report.add(
                        ReadRule.UNKNOWN_FIELD,
                        METADATA.field(name),
                        entry.key(),
                        "unknown field %s%s"
                                .formatted(Words.quote(name), Words.hint(name, new java.util.TreeSet<>(READ))));
            }
        }
    }

    private void checkName(Node.Fields fields, Node.Scalar key, Kind kind) {
        var path = METADATA.field("name");
        var name = fields.get("name");
        if (name == null || Scalars.isNull(name)) {
            var generated = fields.entry("generateName");
            if (generated != null) {
                report.add(
                        ReadRule.MISSING_NAME,
                        METADATA.field("generateName"),
                        generated.key(),
                        "generateName makes a new object on every read (expected: metadata.name)");
            } else {
                report.add(ReadRule.MISSING_NAME, path, key, "no metadata.name (expected: a name)");
            }
        } else if (!(name instanceof Node.Scalar scalar)) {
            report.add(ReadRule.WRONG_TYPE, path, name, "metadata.name is no string (expected: a string)");
        } else if (isText(scalar, "name")) {
            if (kind == Kind.SERVICE) {
                checkLabel(scalar, path);
            } else if (!isSubdomain(scalar.text())) {
                report.add(
                        ReadRule.BAD_NAME,
                        path,
                        scalar,
                        "name %s (expected: lower-case letters, digits, \"-\" and \".\", at most 253)"
                                .formatted(Words.quote(scalar.text())));
            }
        }
    }

    private boolean isSet(Node.Scalar scalar) {
        return !Scalars.isNull(scalar) && !scalar.text().isEmpty();
    }

    private boolean isText(Node.Scalar scalar, String field) {
        if (Scalars.sort(scalar) == Scalars.Sort.STRING) {
            return true;
        }
        report.add(
                ReadRule.UNQUOTED,
                METADATA.field(field),
                scalar,
                "%s is %s in YAML (expected: a string; quote it)"
                        .formatted(scalar.text(), Scalars.sort(scalar).text()));
        return false;
    }

    private void checkLabel(Node.Scalar scalar, Path path) {
        if (!isDnsLabel(scalar.text())) {
            report.add(
                    ReadRule.BAD_NAME,
                    path,
                    scalar,
                    "%s %s (expected: lower-case letters, digits and \"-\", at most 63)"
                            .formatted(path.name(), Words.quote(scalar.text())));
        }
    }

    static boolean isDnsLabel(String name) {
        return name.length() <= LONGEST_LABEL && DNS_LABEL.matcher(name).matches();
    }

    static boolean isSubdomain(String name) {
        if (name.isEmpty() || name.length() > LONGEST_SUBDOMAIN) {
            return false;
        }
        for (var part : name.split("\\.", -1)) {
            if (!DNS_LABEL.matcher(part).matches()) {
                return false;
            }
        }
        return true;
    }

    private SortedMap<String, String> labels(Node.Fields metadata) {
        var labels = texts(metadata, "labels");
        if (metadata.get("labels") instanceof Node.Fields fields) {
            for (var entry : fields.entries()) {
                var path = METADATA.field("labels").field(entry.key().text());
                checkKey(entry.key(), path);
                var value = labels.get(entry.key().text());
                if (value != null && !isLabelValue(value)) {
                    report.add(
                            ReadRule.BAD_LABEL,
                            path,
                            entry.value(),
                            "label value %s (expected: letters, digits, \"-\", \"_\" and \".\", at most 63)"
                                    .formatted(Words.quote(value)));
                }
            }
        }
        return labels;
    }

    static boolean isLabelValue(String value) {
        return value.length() <= LONGEST_LABEL && LABEL_VALUE.matcher(value).matches();
    }

    private SortedMap<String, String> annotations(Node.Fields metadata) {
        var annotations = texts(metadata, "annotations");
        if (metadata.get("annotations") instanceof Node.Fields fields) {
            var path = METADATA.field("annotations");
            fields.entries()
                    .forEach(entry ->
                            checkKey(entry.key(), path.field(entry.key().text())));
            var bytes = annotations.entrySet().stream()
                    .mapToLong(entry -> utf8(entry.getKey()) + utf8(entry.getValue()))
                    .sum();
            if (bytes > ANNOTATION_BYTES) {
                report.add(
                        ReadRule.BAD_LABEL,
                        path,
                        fields,
                        "annotations of %,d bytes (expected: at most 256 KiB)".formatted(bytes));
            }
        }
        return annotations;
    }

    private static long utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private void checkKey(Node.Scalar key, Path path) {
        var text = key.text();
        var slash = text.indexOf('/');
        var name = text.substring(slash + 1);
        var prefixed = slash < 0 || isSubdomain(text.substring(0, slash));
        if (!prefixed || name.isEmpty() || !isLabelValue(name)) {
            report.add(
                    ReadRule.BAD_LABEL,
                    path,
                    key,
                    "key %s (expected: a name of at most 63 letters, digits, \"-\", \"_\" and \".\", after an optional DNS prefix and \"/\")"
                            .formatted(Words.quote(text)));
        }
    }

    private SortedMap<String, String> texts(Node.Fields metadata, String field) {
        var texts = new TreeMap<String, String>();
        var node = metadata.get(field);
        var path = METADATA.field(field);
        if (node == null || Scalars.isNull(node)) {
            return texts;
        }
        if (!(node instanceof Node.Fields fields)) {
            report.add(
                    ReadRule.WRONG_TYPE,
                    path,
                    node,
                    "%s is no mapping (expected: a mapping of strings)".formatted(field));
            return texts;
        }
        var binder = new ScalarBinder(report);
        for (var entry : fields.entries()) {
            var here = path.field(entry.key().text());
            if (!(entry.value() instanceof Node.Scalar scalar)) {
                report.add(ReadRule.WRONG_TYPE, here, entry.value(), "no string (expected: a string)");
            } else if (Scalars.isNull(scalar)) {
                texts.put(entry.key().text(), "");
            } else if (binder.value(new io.sallyport.model.schema.FieldType.Text(), scalar, here)
                    instanceof String text) {
                texts.put(entry.key().text(), text);
            }
        }
        return texts;
    }

    private @Nullable Instant created(Node.Fields metadata) {
        var node = metadata.get("creationTimestamp");
        if (node == null || Scalars.isNull(node)) {
            return null;
        }
        if (node instanceof Node.Scalar scalar) {
            try {
                return OffsetDateTime.parse(scalar.text()).toInstant();
            } catch (DateTimeException e) {
                // Said below, in the words of the finding.
            }
        }
        report.add(
                ReadRule.BAD_TIMESTAMP,
                METADATA.field("creationTimestamp"),
                node,
                "creationTimestamp is no time (expected: RFC 3339, such as \"2026-01-31T12:00:00Z\")");
        return null;
    }
}
