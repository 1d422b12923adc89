package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.DestinationRule;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import java.util.List;

/// SP3115: DestinationRules of one host and namespace are merged, and of two subsets with one name the older counts
/// (D2).
final class SubsetIsOnesOwn extends WorldRule<DestinationRule> {

    SubsetIsOnesOwn() {
        super(
                "SP3115",
                WARNING,
                "Subset has an older DestinationRule",
                Kind.DESTINATION_RULE,
                DestinationRule.class,
                new Page(
                        "DestinationRules of one namespace and host are merged: their subsets add up, and of several with one name that of the oldest rule counts.",
                        rule("old", "v1") + rule("young", "v1"),
                        rule("old", "v1") + rule("young", "v2")));
    }

    private static String rule(String name, String subset) {
        return """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {namespace: shop, name: %s}
                spec: {host: a.test, subsets: [{name: %s, labels: {app: %s}}]}
                ---
                """.formatted(name, subset, name);
    }

    @Override
    public void check(At<DestinationRule> rule, Lookup world, Report report) {
        if (rule.value().workloadSelector() != null) {
            return;
        }
        var older = world
                .rulesFor(Hosts.fullName(rule.value().host(), report.object().namespace()))
                .stream()
                .filter(other -> other.namespace().equals(report.object().namespace()))
                .filter(other -> other.isOlderThan(report.object()))
                .filter(other -> ((DestinationRule) other.spec()).workloadSelector() == null
                        && ((DestinationRule) other.spec())
                                .exportTo()
                                .equals(rule.value().exportTo()))
                .toList();
        rule.each("subsets", DestinationRule::subsets)
                .forEach(subset -> older.stream()
                        .filter(other -> ((DestinationRule) other.spec())
                                .subsets().stream()
                                        .anyMatch(taken -> taken.name()
                                                .equals(subset.value().name())))
                        .findFirst()
                        .ifPresent(other -> report.at(
                                subset,
                                "never used: the older %s has a subset \"%s\" for this host (expected: each name once)"
                                        .formatted(other.ref(), subset.value().name()),
                                List.of(new Report.Place(other, Path.of("spec", "subsets"))))));
    }
}
