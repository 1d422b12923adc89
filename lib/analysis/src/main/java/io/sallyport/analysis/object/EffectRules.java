package io.sallyport.analysis.object;

import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import com.google.common.collect.Iterables;
import com.google.common.collect.Sets;
import io.sallyport.analysis.At;
import io.sallyport.analysis.FieldStates;
import io.sallyport.analysis.FieldStates.NoEffect;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.gatewayapi.GatewayApi;
import io.sallyport.model.ConfigMap;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig;
import io.sallyport.model.Path;
import io.sallyport.model.Platform;
import io.sallyport.model.Spec;
import io.sallyport.model.schema.SpecWalk;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Nothing is silently ignored: what has no effect says so.
final class EffectRules {

    private EffectRules() {}

    static List<Rule<?>> all() {
        return List.of(new FieldHasEffect(), new OutboundPolicyIsMeant());
    }

    /// SP5001: Istio knows the field, and Sallyport does nothing with it (yet).
    static final class FieldHasEffect extends ObjectRule<Spec> {
        private static final Set<String> SERVED_METADATA =
                Set.of("ISTIO_META_HTTP10", "PILOT_ENABLE_QUIC_LISTENERS", "SALLYPORT_WORKLOAD_SECRET");

        FieldHasEffect() {
            super(
                    "SP5001",
                    INFO,
                    "Known, has no effect here",
                    Sets.immutableEnumSet(Iterables.concat(
                            ObjectRules.istio(), GatewayApi.KINDS, List.of(Kind.PLATFORM, Kind.CONFIG_MAP))),
                    Spec.class,
                    new Page(
                            "The field, or the kind, is read and checked as Istio does, and changes nothing that Envoy is told. docs/reference/fields.md lists them all.",
                            """
                            apiVersion: networking.istio.io/v1
                            kind: ServiceEntry
                            metadata: {namespace: shop, name: cart}
                            spec: {hosts: [cart.test], resolution: STATIC, endpoints: [{address: 10.0.0.1, serviceAccount: cart}]}
                            """,
                            """
                            apiVersion: networking.istio.io/v1
                            kind: ServiceEntry
                            metadata: {namespace: shop, name: cart}
                            spec: {hosts: [cart.test], resolution: STATIC, endpoints: [{address: 10.0.0.1}]}
                            """));
        }

        @Override
        public void check(At<Spec> spec, Report report) {
            if (spec.value() instanceof ConfigMap map) {
                var mesh = map.mesh();
                if (mesh != null) {
                    SpecWalk.walk(mesh, Path.of("data", ConfigMap.MESH_KEY), fields(report));
                }
                return;
            }
            var kind = FieldStates.of(report.object().ref().kind());
            if (kind.isPresent()) {
                if (kind.get() instanceof NoEffect none) {
                    report.at(
                            spec,
                            "known, has no effect here: %s (expected: nothing to repair)".formatted(none.reason()));
                }
                return;
            }
            SpecWalk.walk(report.object(), fields(report));
        }

        private static SpecWalk.Visitor fields(Report report) {
            var reported = new ArrayList<Path>();
            return (path, owner, field, value) -> {
                var state = FieldStates.of(owner.type(), field.name());
                if (state.isPresent() && state.get() instanceof NoEffect none && !isBelow(path, reported)) {
                    reported.add(path);
                    report.at(
                            path,
                            "%s is known, has no effect here: %s (expected: nothing to repair)"
                                    .formatted(path.name(), none.reason()));
                }
                if (value instanceof Map<?, ?> map && field.name().equals("proxyMetadata")) {
                    reportMetadata(path, map, report);
                }
            };
        }

        // What tells Istio's proxies of HTTP/1.0 and HTTP/3 tells ours; the rest is for an agent that is not here.
        private static void reportMetadata(Path path, Map<?, ?> metadata, Report report) {
            for (var key : metadata.keySet()) {
                var name = key.toString();
                if (!SERVED_METADATA.contains(name)) {
                    report.at(
                            path.field(name),
                            "%s is known, has no effect here: proxies are started with settings of their own (expected: nothing to repair)"
                                    .formatted(name));
                }
            }
        }

        private static boolean isBelow(Path path, List<Path> reported) {
            var at = path.parent();
            while (at != null) {
                for (var above : reported) {
                    if (above == at) {
                        return true;
                    }
                }
                at = at.parent();
            }
            return false;
        }
    }

    /// SP4104: `{}` closes everything, where leaving it out opens everything (E7).
    static final class OutboundPolicyIsMeant extends ObjectRule<Platform> {
        OutboundPolicyIsMeant() {
            super(
                    "SP4104",
                    WARNING,
                    "Empty outboundTrafficPolicy means REGISTRY_ONLY",
                    Kind.PLATFORM,
                    Platform.class,
                    new Page(
                            "An absent outboundTrafficPolicy is ALLOW_ANY, an empty one REGISTRY_ONLY; write the mode.",
                            "mesh: {outboundTrafficPolicy: {}}",
                            "mesh: {outboundTrafficPolicy: {mode: ALLOW_ANY}}"));
        }

        @Override
        public void check(At<Platform> platform, Report report) {
            platform.field("mesh", Platform::mesh)
                    .flatMap(mesh -> mesh.field("outboundTrafficPolicy", MeshConfig::outboundTrafficPolicy))
                    .filter(policy -> policy.value().mode() == MeshConfig.OutboundMode.REGISTRY_ONLY)
                    .filter(policy -> !report.object().source().text().contains("REGISTRY_ONLY"))
                    .forEach(
                            policy -> report.at(
                                    policy,
                                    "outboundTrafficPolicy without a mode is REGISTRY_ONLY (expected: mode: REGISTRY_ONLY or ALLOW_ANY)"));
        }
    }
}
