package io.sallyport.charts.crd;

import com.google.common.base.Ascii;
import io.sallyport.model.Kind;
import io.sallyport.model.schema.Schema;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One CustomResourceDefinition per kind that Sallyport reads and no cluster brings along. Names, short names, columns
/// and versions of Istio's kinds are Istio's (`manifests/charts/base/files/crd-all.gen.yaml`), so that its tools and
/// people's habits go on working.
final class Definitions {

    private static final String LABEL = "app.kubernetes.io/part-of";

    private final StructuralSchema schemas = new StructuralSchema(new Descriptions());

    /// A column of `kubectl get`.
    private record Column(String name, String type, String path) {}

    /// The kinds of a group of groups: `istio.io` or `sallyport.io`.
    static List<Kind> kinds(String suffix) {
        return Arrays.stream(Kind.values())
                .filter(kind -> kind.group().endsWith(suffix) && kind != Kind.PLATFORM)
                .toList();
    }

    /// The definition of one kind.
    Map<String, Object> of(Kind kind) {
        var plural = plural(kind);
        var names = new LinkedHashMap<String, Object>();
        names.put("categories", categories(kind));
        names.put("kind", kind.text());
        names.put("listKind", kind.text() + "List");
        names.put("plural", plural);
        if (!shortNames(kind).isEmpty()) {
            names.put("shortNames", shortNames(kind));
        }
        names.put("singular", Ascii.toLowerCase(kind.text()));

        var spec = new LinkedHashMap<String, Object>();
        spec.put("group", kind.group());
        spec.put("names", names);
        spec.put("scope", "Namespaced");
        spec.put(
                "versions",
                kind.versions().stream().map(version -> version(kind, version)).toList());

        var metadata = new LinkedHashMap<String, Object>();
        // Without it, uninstalling the chart would delete every object of every team.
        metadata.put("annotations", Map.of("helm.sh/resource-policy", "keep"));
        metadata.put("labels", Map.of(LABEL, "sallyport"));
        metadata.put("name", plural + "." + kind.group());

        var definition = new LinkedHashMap<String, Object>();
        definition.put("apiVersion", "apiextensions.k8s.io/v1");
        definition.put("kind", "CustomResourceDefinition");
        definition.put("metadata", metadata);
        definition.put("spec", spec);
        return definition;
    }

    private Map<String, Object> version(Kind kind, String name) {
        var version = new LinkedHashMap<String, Object>();
        version.put(
                "additionalPrinterColumns",
                columns(kind).stream().map(Definitions::column).toList());
        version.put("name", name);
        version.put("schema", Map.of("openAPIV3Schema", object(kind)));
        version.put("served", true);
        version.put("storage", name.equals(kind.versions().getFirst()));
        version.put("subresources", Map.of("status", Map.of()));
        return version;
    }

    /// The schema of whole objects of a kind.
    Map<String, Object> object(Kind kind) {
        var properties = new LinkedHashMap<String, Object>();
        var record = Schema.of(kind);
        properties.put("spec", schemas.of(record));
        properties.put("status", status());
        var schema = new LinkedHashMap<String, Object>();
        schema.put("description", Descriptions.of(kind));
        schema.put("type", "object");
        schema.put("properties", properties);
        if (record.fields().stream().anyMatch(field -> field.required())) {
            schema.put("required", List.of("spec"));
        }
        return schema;
    }

    // Istio's status (meta/v1alpha1), open since other controllers write to it as well.
    private static Map<String, Object> status() {
        var condition = new LinkedHashMap<String, Object>();
        for (var time : List.of("lastProbeTime", "lastTransitionTime")) {
            condition.put(time, Map.of("type", "string", "format", "date-time"));
        }
        for (var word : List.of("message", "reason", "status", "type")) {
            condition.put(word, Map.of("type", "string"));
        }
        condition.put("observedGeneration", Map.of("x-kubernetes-int-or-string", true));
        var type = Map.of(
                "type",
                "object",
                "properties",
                ordered("code", Map.of("type", "string"), "name", Map.of("type", "string")));
        var message = ordered(
                "documentationUrl",
                Map.of("type", "string"),
                "level",
                Map.of("type", "string", "enum", List.of("UNKNOWN", "ERROR", "WARNING", "INFO")),
                "type",
                type);
        var properties = ordered(
                "conditions",
                list(condition),
                "observedGeneration",
                Map.of("x-kubernetes-int-or-string", true),
                "validationMessages",
                list(message));
        return ordered("type", "object", "properties", properties, "x-kubernetes-preserve-unknown-fields", true);
    }

    private static Map<String, Object> list(Map<String, Object> properties) {
        return ordered(
                "type",
                "array",
                "items",
                ordered("type", "object", "properties", properties, "x-kubernetes-preserve-unknown-fields", true));
    }

    private static Map<String, Object> ordered(Object... namesAndValues) {
        var map = new LinkedHashMap<String, Object>();
        for (var i = 0; i < namesAndValues.length; i += 2) {
            map.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
        }
        return map;
    }

    private static Map<String, Object> column(Column column) {
        return ordered("jsonPath", column.path(), "name", column.name(), "type", column.type());
    }

    private static List<Column> columns(Kind kind) {
        var age = new Column("Age", "date", ".metadata.creationTimestamp");
        return switch (kind) {
            case VIRTUAL_SERVICE -> List.of(text("Gateways", ".spec.gateways"), text("Hosts", ".spec.hosts"), age);
            case DESTINATION_RULE -> List.of(text("Host", ".spec.host"), age);
            case SERVICE_ENTRY ->
                List.of(
                        text("Hosts", ".spec.hosts"),
                        text("Location", ".spec.location"),
                        text("Resolution", ".spec.resolution"),
                        age);
            case WORKLOAD_ENTRY -> List.of(age, text("Address", ".spec.address"));
            case AUTHORIZATION_POLICY -> List.of(text("Action", ".spec.action"), age);
            case PEER_AUTHENTICATION -> List.of(text("Mode", ".spec.mtls.mode"), age);
            case SECRET_GRANT -> List.of(text("Secrets", ".spec.secrets"), text("Hosts", ".spec.hosts"), age);
            case EGRESS_POLICY -> List.of(text("Hosts", ".spec.hosts"), text("Expires", ".spec.expires"), age);
            default -> List.of(age);
        };
    }

    private static Column text(String name, String path) {
        return new Column(name, "string", path);
    }

    private static List<String> shortNames(Kind kind) {
        return switch (kind) {
            case GATEWAY -> List.of("gw");
            case VIRTUAL_SERVICE -> List.of("vs");
            case DESTINATION_RULE -> List.of("dr");
            case SERVICE_ENTRY -> List.of("se");
            case WORKLOAD_ENTRY -> List.of("we");
            case WORKLOAD_GROUP -> List.of("wg");
            case AUTHORIZATION_POLICY -> List.of("ap");
            case REQUEST_AUTHENTICATION -> List.of("ra");
            case PEER_AUTHENTICATION -> List.of("pa");
            case TELEMETRY -> List.of("telemetry");
            default -> List.of();
        };
    }

    private static List<String> categories(Kind kind) {
        var group = kind.group();
        return group.endsWith("istio.io") ? List.of("istio-io", group.replace('.', '-')) : List.of("sallyport");
    }

    /// `serviceentries`, `gateways`: as Kubernetes forms names of resources.
    static String plural(Kind kind) {
        var name = Ascii.toLowerCase(kind.text());
        return name.endsWith("y") && !name.endsWith("ay") ? name.substring(0, name.length() - 1) + "ies" : name + "s";
    }
}
