package io.sallyport.analysis.object;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.AuthorizationPolicy;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.EnvoyFilter;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.PeerAuthentication;
import io.sallyport.model.PolicySelector;
import io.sallyport.model.ProxyConfig;
import io.sallyport.model.RequestAuthentication;
import io.sallyport.model.ServiceEntry;
import io.sallyport.model.Sidecar;
import io.sallyport.model.Spec;
import io.sallyport.model.Telemetry;
import io.sallyport.model.VirtualService;
import io.sallyport.model.WasmPlugin;
import io.sallyport.model.WorkloadSelector;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All rules about several kinds at once.
public final class ObjectRules {

    private static final ImmutableSet<Kind> EXPORTED =
            ImmutableSet.of(Kind.VIRTUAL_SERVICE, Kind.DESTINATION_RULE, Kind.SERVICE_ENTRY);

    private ObjectRules() {}

    public static List<Rule<?>> all() {
        return ImmutableList.<Rule<?>>builder()
                .add(new ExportIsValid())
                .add(new AnnotationIsAllowed())
                .add(new SelectorIsLiteral())
                .add(new SelectorSelects())
                .addAll(EffectRules.all())
                .build();
    }

    private static Stream<At<String>> exports(At<Spec> spec) {
        return spec.each("exportTo", value -> switch (value) {
            case VirtualService service -> service.exportTo();
            case DestinationRule rule -> rule.exportTo();
            case ServiceEntry entry -> entry.exportTo();
            default -> null;
        });
    }

    /// SP1101: visibility that contradicts itself.
    static final class ExportIsValid extends ObjectRule<Spec> {
        ExportIsValid() {
            super(
                    "SP1101",
                    ERROR,
                    "exportTo is not valid",
                    EXPORTED,
                    Spec.class,
                    new Page(
                            "exportTo names namespaces, \".\" (this one), \"*\" alone, or, for a ServiceEntry, \"~\" alone; each once.",
                            "{hosts: [shop.test], exportTo: [\".\", \"*\"], http: [{directResponse: {status: 200}}]}",
                            "{hosts: [shop.test], exportTo: [\".\", other], http: [{directResponse: {status: 200}}]}"));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            var namespace = report.object().namespace();
            boolean mayHide = spec.value() instanceof ServiceEntry;
            var seen = new HashSet<String>();
            var all = exports(spec).toList();
            for (var export : all) {
                var name = export.value().equals(".") ? namespace : export.value();
                boolean known = name.equals("*") || (name.equals("~") && mayHide) || Hosts.isLabel(name);
                if (!known) {
                    report.at(
                            export,
                            "exportTo \"%s\" (expected: a namespace, \".\"%s or \"*\")"
                                    .formatted(export.value(), mayHide ? ", \"~\"" : ""));
                } else if (!seen.add(name)) {
                    report.at(
                            export,
                            "exportTo \"%s\" is repeated (expected: each namespace once)".formatted(export.value()));
                }
            }
            if (all.size() > 1 && (seen.contains("*") || seen.contains("~"))) {
                report.at(
                        spec.below("exportTo"),
                        "exportTo has \"%s\" and others (expected: it alone)"
                                .formatted(seen.contains("*") ? "*" : "~"));
            }
            boolean selects = spec.value() instanceof DestinationRule rule && rule.workloadSelector() != null;
            if (selects && !seen.isEmpty() && !(seen.size() == 1 && seen.contains(namespace))) {
                report.at(spec.below("exportTo"), "exportTo beside workloadSelector (expected: \".\" only, or none)");
            }
        }
    }

    /// SP1102: annotations with which Istio's admission refuses an object.
    static final class AnnotationIsAllowed extends ObjectRule<Spec> {
        private static final String REJECT = "internal.istio.io/webhook-always-reject";
        private static final String DRY_RUN = "istio.io/dry-run";

        AnnotationIsAllowed() {
            super(
                    "SP1102",
                    ERROR,
                    "Annotation is not allowed here",
                    istio(),
                    Spec.class,
                    new Page("istio.io/dry-run belongs on AuthorizationPolicies only.", """
                            apiVersion: networking.istio.io/v1
                            kind: Gateway
                            metadata: {namespace: shop, name: edge, annotations: {istio.io/dry-run: "true"}}
                            spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
                            """, """
                            apiVersion: networking.istio.io/v1
                            kind: Gateway
                            metadata: {namespace: shop, name: edge, annotations: {istio.io/rev: default}}
                            spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
                            """));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            var annotations = report.object().metadata().annotations();
            var at = Path.of("metadata", "annotations");
            if (annotations.containsKey(REJECT)) {
                report.at(at.field(REJECT), "annotation \"%s\" (expected: none)".formatted(REJECT));
            }
            if (annotations.containsKey(DRY_RUN) && report.object().ref().kind() != Kind.AUTHORIZATION_POLICY) {
                report.at(
                        at.field(DRY_RUN),
                        "annotation \"%s\" on a %s (expected: none; AuthorizationPolicies only)"
                                .formatted(DRY_RUN, report.object().ref().kind()));
            }
        }
    }

    static ImmutableSet<Kind> istio() {
        return Stream.of(Kind.values())
                .filter(kind -> kind.group().endsWith(".istio.io"))
                .collect(ImmutableSet.toImmutableSet());
    }

    private static Stream<At<Map<String, String>>> selectors(At<Spec> spec) {
        return switch (spec.value()) {
            case ServiceEntry entry -> labels(spec, entry.workloadSelector());
            case Sidecar sidecar -> labels(spec, sidecar.workloadSelector());
            case EnvoyFilter filter -> labels(spec, filter.workloadSelector());
            case DestinationRule rule -> matchLabels(spec, "workloadSelector", rule.workloadSelector());
            case Telemetry telemetry -> matchLabels(spec, "selector", telemetry.selector());
            case ProxyConfig config -> matchLabels(spec, "selector", config.selector());
            case WasmPlugin plugin -> matchLabels(spec, "selector", plugin.selector());
            case AuthorizationPolicy policy -> matchLabels(spec, "selector", policy.selector());
            case RequestAuthentication authentication -> matchLabels(spec, "selector", authentication.selector());
            case PeerAuthentication authentication -> matchLabels(spec, "selector", authentication.selector());
            default -> Stream.empty();
        };
    }

    private static Stream<At<Map<String, String>>> labels(At<Spec> spec, @Nullable WorkloadSelector selector) {
        return selector == null
                ? Stream.empty()
                : Stream.of(new At<>(spec.path().field("workloadSelector").field("labels"), selector.labels()));
    }

    private static Stream<At<Map<String, String>>> matchLabels(
            At<Spec> spec, String field, @Nullable PolicySelector selector) {
        return selector == null
                ? Stream.empty()
                : Stream.of(new At<>(spec.path().field(field).field("matchLabels"), selector.matchLabels()));
    }

    /// SP1103: selectors compare labels for equality.
    static final class SelectorIsLiteral extends ObjectRule<Spec> {
        private static final int LONGEST_VALUE = 63;

        SelectorIsLiteral() {
            super(
                    "SP1103",
                    ERROR,
                    "Selector that no label equals",
                    istio(),
                    Spec.class,
                    new Page(
                            "A selector compares labels for equality, and a label has at most 63 characters; leave a label out to take any value.",
                            """
                            apiVersion: networking.istio.io/v1
                            kind: ServiceEntry
                            metadata: {namespace: shop, name: cart}
                            spec: {hosts: [cart.test], resolution: STATIC, workloadSelector: {labels: {app: "cart*"}}}
                            """,
                            """
                            apiVersion: networking.istio.io/v1
                            kind: ServiceEntry
                            metadata: {namespace: shop, name: cart}
                            spec: {hosts: [cart.test], resolution: STATIC, workloadSelector: {labels: {app: cart}}}
                            """));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            selectors(spec)
                    .forEach(selector -> selector.value().forEach((key, value) -> {
                        if (key.isEmpty()) {
                            report.at(selector, "empty key in the selector (expected: a label's name)");
                        } else if (key.contains("*") || value.contains("*")) {
                            report.at(
                                    selector.path().field(key),
                                    "selector \"%s: %s\" has a wildcard (expected: plain text)".formatted(key, value));
                        } else if (value.length() > LONGEST_VALUE) {
                            report.at(
                                    selector.path().field(key),
                                    "selector value of %d characters (expected: at most 63)".formatted(value.length()));
                        }
                    }));
        }
    }

    /// SP4103: Istio warns too.
    static final class SelectorSelects extends ObjectRule<Spec> {
        SelectorSelects() {
            super(
                    "SP4103",
                    WARNING,
                    "Selector without labels",
                    istio(),
                    Spec.class,
                    new Page(
                            "A selector without labels takes every workload of the namespace; leave it out to say so.",
                            """
                            apiVersion: networking.istio.io/v1
                            kind: DestinationRule
                            metadata: {namespace: shop, name: cart}
                            spec: {host: cart, workloadSelector: {}}
                            """,
                            """
                            apiVersion: networking.istio.io/v1
                            kind: DestinationRule
                            metadata: {namespace: shop, name: cart}
                            spec: {host: cart, workloadSelector: {matchLabels: {app: cart}}}
                            """));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            selectors(spec)
                    .filter(selector -> selector.value().isEmpty())
                    .forEach(selector -> report.at(
                            selector,
                            "selector without labels takes every workload (expected: labels, or no selector)"));
        }
    }
}
