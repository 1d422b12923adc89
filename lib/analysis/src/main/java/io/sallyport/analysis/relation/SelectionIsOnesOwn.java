package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Selection;
import io.sallyport.analysis.WorldRule;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Spec;
import java.util.List;
import java.util.Set;

/// SP3110: two objects for the same workloads, of which Istio takes one (L4).
final class SelectionIsOnesOwn extends WorldRule<Spec> {

    private static final String OLD = """
            apiVersion: networking.istio.io/v1
            kind: Sidecar
            metadata: {namespace: shop, name: first}
            spec: {egress: [{hosts: ["./*"]}]}
            ---
            """;
    private static final String YOUNG =
            "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {namespace: shop, name: second}\nspec: ";

    SelectionIsOnesOwn() {
        super(
                "SP3110",
                WARNING,
                "Same workloads as an older object",
                Set.of(Kind.SIDECAR, Kind.TELEMETRY, Kind.PEER_AUTHENTICATION),
                Spec.class,
                new Page(
                        "Of several Sidecars, Telemetries or PeerAuthentications of a namespace with the same selector, or none, only the oldest counts.",
                        OLD + YOUNG + "{egress: [{hosts: [\"istio-system/*\"]}]}",
                        OLD + YOUNG
                                + "{workloadSelector: {labels: {app: cart}}, egress: [{hosts: [\"istio-system/*\"]}]}"));
    }

    @Override
    public void check(At<Spec> spec, Lookup world, Report report) {
        Selection.of(report.object())
                .ifPresent(selection -> world.selecting(selection).stream()
                        .filter(other -> other.isOlderThan(report.object()))
                        .findFirst()
                        .ifPresent(other -> report.at(
                                spec,
                                "selects the workloads of the older %s, which counts (expected: one of them, or other labels)"
                                        .formatted(other.ref()),
                                List.of(new Report.Place(other, Path.of("spec"))))));
    }
}
