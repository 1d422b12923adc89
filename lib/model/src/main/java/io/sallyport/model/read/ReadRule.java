package io.sallyport.model.read;

import io.sallyport.model.RuleCode;
import io.sallyport.model.Severity;

/// What the reader reports: one permanent code for each, with an example and its repair for the reference page.
public enum ReadRule {
    UNKNOWN_FIELD(
            "SP1001",
            Severity.ERROR,
            "Unknown field",
            "spec:\n  hsots: [shop.test]\n",
            "spec:\n  hosts: [shop.test]\n"),
    WRONG_TYPE(
            "SP1002",
            Severity.ERROR,
            "Value of the wrong type",
            "spec:\n  hosts: shop.test\n",
            "spec:\n  hosts: [shop.test]\n"),
    UNKNOWN_CHOICE(
            "SP1003",
            Severity.ERROR,
            "Value is none of the allowed words",
            "tls: {mode: SIMPEL}\n",
            "tls: {mode: SIMPLE}\n"),
    BAD_INTEGER(
            "SP1004",
            Severity.ERROR,
            "Not an integer in plain decimal, or out of range",
            "port: {number: 080}\n",
            "port: {number: 80}\n"),
    BAD_NUMBER("SP1005", Severity.ERROR, "Not a number", "percentage: {value: .nan}\n", "percentage: {value: 0.5}\n"),
    BAD_DURATION("SP1006", Severity.ERROR, "Not a duration", "timeout: 1d\n", "timeout: 24h\n"),
    ONE_OF_CLASH(
            "SP1007",
            Severity.ERROR,
            "Fields that exclude one another",
            "uri: {exact: /a, prefix: /a}\n",
            "uri: {prefix: /a}\n"),
    DUPLICATE_KEY(
            "SP1008",
            Severity.ERROR,
            "Key given twice",
            "hosts: [a.test]\nhosts: [b.test]\n",
            "hosts: [a.test, b.test]\n"),
    MISSING_FIELD(
            "SP1009",
            Severity.ERROR,
            "Required field is missing",
            "route:\n- destination: {subset: v1}\n",
            "route:\n- destination: {host: shop, subset: v1}\n"),
    UNQUOTED(
            "SP1010",
            Severity.ERROR,
            "YAML makes something else of this string: quote it",
            "hosts: [no]\n",
            "hosts: [\"no\"]\n"),
    EMPTY(
            "SP1012",
            Severity.ERROR,
            "Empty where Istio wants a value",
            "providers: [{name: \"\"}]\n",
            "providers: [{name: otel}]\n"),
    BAD_BASE64("SP1011", Severity.ERROR, "Not base64", "body: {bytes: '?'}\n", "body: {bytes: aGVsbG8=}\n"),
    MISSING_API_VERSION(
            "SP1020",
            Severity.ERROR,
            "No apiVersion",
            "kind: Gateway\n",
            "apiVersion: networking.istio.io/v1\nkind: Gateway\n"),
    MISSING_KIND(
            "SP1021",
            Severity.ERROR,
            "No kind",
            "apiVersion: networking.istio.io/v1\n",
            "apiVersion: networking.istio.io/v1\nkind: Gateway\n"),
    UNKNOWN_KIND("SP1022", Severity.ERROR, "Unknown kind", "kind: VirtualServce\n", "kind: VirtualService\n"),
    UNKNOWN_VERSION(
            "SP1023",
            Severity.ERROR,
            "Unknown apiVersion",
            "apiVersion: networking.istio.io/v2\n",
            "apiVersion: networking.istio.io/v1\n"),
    MISSING_NAME("SP1024", Severity.ERROR, "No metadata.name", "metadata: {}\n", "metadata: {name: shop}\n"),
    BAD_NAME(
            "SP1025",
            Severity.ERROR,
            "Name that Kubernetes does not allow",
            "metadata: {name: My_Shop}\n",
            "metadata: {name: my-shop}\n"),
    BAD_LABEL(
            "SP1026",
            Severity.ERROR,
            "Label or annotation that Kubernetes does not allow",
            "labels: {app: \"a b\"}\n",
            "labels: {app: a-b}\n"),
    BAD_TIMESTAMP(
            "SP1027",
            Severity.ERROR,
            "Not an RFC 3339 time",
            "creationTimestamp: yesterday\n",
            "creationTimestamp: \"2026-01-31T12:00:00Z\"\n"),
    BAD_PLATFORM(
            "SP1028",
            Severity.ERROR,
            "Setting of sallyport.yaml out of range",
            "listen: {web: 8080}\n",
            "listen: {80: 8080}\n"),
    SYNTAX("SP1040", Severity.ERROR, "Not YAML, or not JSON", "hosts: [a.test\n", "hosts: [a.test]\n"),
    ENCODING("SP1041", Severity.ERROR, "Not UTF-8", "a file in UTF-16\n", "the same file in UTF-8\n"),
    CONTROL_CHARACTER(
            "SP1042",
            Severity.ERROR,
            "Character that has no place in configuration",
            "a NUL byte, or a byte order mark inside the text\n",
            "the text without it\n"),
    TAG("SP1043", Severity.ERROR, "Language tag", "name: !!java/object x\n", "name: x\n"),
    TOO_DEEP("SP1044", Severity.ERROR, "Nested too deeply", "[[[[…]]]]\n", "at most 64 levels\n"),
    TOO_MANY_ALIASES(
            "SP1045",
            Severity.ERROR,
            "Aliases that expand too far",
            "a: &a [*b, *b, …]\n",
            "the text without aliases\n"),
    RECURSIVE_ALIAS("SP1046", Severity.ERROR, "Alias inside its own anchor", "a: &a [*a]\n", "a: []\n"),
    TOO_LARGE("SP1047", Severity.ERROR, "Too large", "a document of 5 MiB\n", "several documents\n"),
    NOT_A_MAPPING("SP1048", Severity.ERROR, "Document is no mapping", "- a\n- b\n", "apiVersion: …\nkind: …\n"),
    BAD_KEY("SP1049", Severity.ERROR, "Key that is no string", "? [a, b]\n: c\n", "\"a, b\": c\n"),
    OVERRIDDEN_MERGE(
            "SP4040",
            Severity.WARNING,
            "Key given again after a merge",
            "<<: *defaults\nport: 80\n",
            "port: 80   # and no port under the anchor\n"),
    UNKNOWN_DIRECTIVE("SP4041", Severity.WARNING, "Unknown YAML directive", "%FOO bar\n---\n", "---\n"),
    NO_EFFECT("SP4042", Severity.INFO, "Kind that has no effect here", "kind: Deployment\n", "nothing to repair\n"),
    NO_EFFECT_SETTING(
            "SP4043",
            Severity.INFO,
            "Setting that has no effect here",
            "mesh: {enableTracing: true}\n",
            "nothing to repair\n");

    private final String id;
    private final Severity severity;
    private final String title;
    private final String example;
    private final String repair;

    ReadRule(String id, Severity severity, String title, String example, String repair) {
        this.id = id;
        this.severity = severity;
        this.title = title;
        this.example = example;
        this.repair = repair;
    }

    public RuleCode code() {
        return new RuleCode(id, severity, title);
    }

    /// What is reported, as it might be written.
    public String example() {
        return example;
    }

    /// The same, as it should be.
    public String repair() {
        return repair;
    }
}
