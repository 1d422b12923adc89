package io.sallyport.analysis.policy;

import static io.sallyport.model.Severity.ERROR;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.model.AuthorizationPolicy;
import io.sallyport.model.EnvoyFilter;
import io.sallyport.model.Kind;
import io.sallyport.model.PolicyTargetReference;
import io.sallyport.model.RequestAuthentication;
import io.sallyport.model.Spec;
import io.sallyport.model.Telemetry;
import io.sallyport.model.WasmPlugin;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What policies apply to.
final class TargetRules {

    private static final ImmutableSet<Kind> KINDS = ImmutableSet.of(
            Kind.TELEMETRY,
            Kind.AUTHORIZATION_POLICY,
            Kind.REQUEST_AUTHENTICATION,
            Kind.WASM_PLUGIN,
            Kind.ENVOY_FILTER);
    private static final String HEAD =
            "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {namespace: shop, name: logs}\nspec: ";

    private TargetRules() {}

    static List<Rule<?>> all() {
        return List.of(new TargetIsOne(), new TargetIsValid());
    }

    private static @Nullable PolicyTargetReference single(Spec spec) {
        return switch (spec) {
            case Telemetry telemetry -> telemetry.targetRef();
            case AuthorizationPolicy policy -> policy.targetRef();
            case RequestAuthentication authentication -> authentication.targetRef();
            case WasmPlugin plugin -> plugin.targetRef();
            default -> null;
        };
    }

    private static @Nullable List<PolicyTargetReference> many(Spec spec) {
        return switch (spec) {
            case Telemetry telemetry -> telemetry.targetRefs();
            case AuthorizationPolicy policy -> policy.targetRefs();
            case RequestAuthentication authentication -> authentication.targetRefs();
            case WasmPlugin plugin -> plugin.targetRefs();
            case EnvoyFilter filter -> filter.targetRefs();
            default -> null;
        };
    }

    private static boolean hasSelector(Spec spec) {
        return switch (spec) {
            case Telemetry telemetry -> telemetry.selector() != null;
            case AuthorizationPolicy policy -> policy.selector() != null;
            case RequestAuthentication authentication -> authentication.selector() != null;
            case WasmPlugin plugin -> plugin.selector() != null;
            case EnvoyFilter filter -> filter.workloadSelector() != null;
            default -> false;
        };
    }

    /// SP1104: two ways to say whom a policy is for.
    static final class TargetIsOne extends ObjectRule<Spec> {
        TargetIsOne() {
            super(
                    "SP1104",
                    ERROR,
                    "Policy has a selector and a target",
                    KINDS,
                    Spec.class,
                    new Page(
                            "A policy selects workloads by labels, or names its targets; not both.",
                            HEAD
                                    + "{selector: {matchLabels: {app: a}}, targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: edge}]}",
                            HEAD + "{selector: {matchLabels: {app: a}}}"));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            var many = many(spec.value());
            boolean several = many != null && !many.isEmpty();
            int given =
                    (hasSelector(spec.value()) ? 1 : 0) + (single(spec.value()) != null ? 1 : 0) + (several ? 1 : 0);
            if (given > 1) {
                report.at(
                        spec.below(several ? "targetRefs" : "targetRef"),
                        "more than one of selector, targetRef and targetRefs (expected: one of them)");
            }
        }
    }

    /// SP1105: targets that Istio does not know.
    static final class TargetIsValid extends ObjectRule<Spec> {
        private static final int MOST = 16;
        private static final int LONGEST_NAME = 253;
        private static final ImmutableSet<String> KNOWN = ImmutableSet.of(
                "/Service",
                "core/Service",
                "networking.istio.io/ServiceEntry",
                "gateway.networking.k8s.io/Gateway",
                "gateway.networking.k8s.io/GatewayClass");

        TargetIsValid() {
            super(
                    "SP1105",
                    ERROR,
                    "Target of a policy is not valid",
                    KINDS,
                    Spec.class,
                    new Page(
                            "Targets are Services, ServiceEntries, and Gateways of the Gateway API, in the policy's own namespace; at most 16.",
                            HEAD + "{targetRefs: [{kind: Deployment, group: apps, name: edge}]}",
                            HEAD + "{targetRefs: [{kind: Gateway, group: gateway.networking.k8s.io, name: edge}]}"));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            Stream.concat(spec.field("targetRef", TargetRules::single), spec.each("targetRefs", TargetRules::many))
                    .forEach(target -> {
                        var to = target.value();
                        if (to.name().isEmpty()) {
                            report.at(target.below("name"), "name is empty (expected: the target's name)");
                        }
                        if (to.name().length() > LONGEST_NAME) {
                            report.at(
                                    target.below("name"),
                                    "name of %d characters (expected: at most 253)"
                                            .formatted(to.name().length()));
                        }
                        if (!to.namespace().isEmpty()) {
                            report.at(
                                    target.below("namespace"),
                                    "namespace \"%s\" (expected: none; targets are in the policy's own namespace)"
                                            .formatted(to.namespace()));
                        }
                        if (!KNOWN.contains(to.group() + "/" + to.kind())) {
                            report.at(
                                    target,
                                    "target \"%s/%s\" (expected: Service, networking.istio.io/ServiceEntry or gateway.networking.k8s.io/Gateway)"
                                            .formatted(to.group(), to.kind()));
                        }
                    });
            var many = many(spec.value());
            if (many != null && many.size() > MOST) {
                report.at(spec.below("targetRefs"), "%d targetRefs (expected: at most 16)".formatted(many.size()));
            }
        }
    }
}
