package io.sallyport.analysis.policy;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.CelSyntax;
import io.sallyport.analysis.text.Durations;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.Telemetry;
import io.sallyport.model.Telemetry.AccessLogging;
import io.sallyport.model.Telemetry.Metrics;
import io.sallyport.model.Telemetry.MetricsOverrides;
import io.sallyport.model.Telemetry.TagOperation;
import io.sallyport.model.Telemetry.Tracing;
import java.util.List;
import java.util.stream.Stream;

/// What is logged, traced and counted.
final class TelemetryRules {

    private TelemetryRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new SamplingIsShare(),
                new TagIsNamed(),
                new OverrideIsComplete(),
                new IntervalIsLongEnough(),
                new FilterIsExpression(),
                new TracingIsSingle(),
                new OverriddenTagHasName(),
                new FilterIsBesideProvider(),
                new FilterCanBeBuilt(),
                new FilterAttributesExist(),
                new FilterTypesFit(),
                new LogBufferIsNumber());
    }

    /// SP1702: more than all.
    static final class SamplingIsShare extends ObjectRule<Telemetry> {
        SamplingIsShare() {
            super(
                    "SP1702",
                    ERROR,
                    "Sampling is no percentage",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "randomSamplingPercentage is 0 to 100.",
                            "{tracing: [{randomSamplingPercentage: 101}]}",
                            "{tracing: [{randomSamplingPercentage: 10}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            telemetry
                    .each("tracing", Telemetry::tracing)
                    .flatMap(tracing -> tracing.field("randomSamplingPercentage", Tracing::randomSamplingPercentage))
                    .filter(share -> !(share.value() >= 0 && share.value() <= 100))
                    .forEach(share -> report.at(share, "%s %% (expected: 0 to 100)".formatted(share.value())));
        }
    }

    /// SP1703: tags without a name.
    static final class TagIsNamed extends ObjectRule<Telemetry> {
        TagIsNamed() {
            super(
                    "SP1703",
                    ERROR,
                    "Tag has no name",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "A tag needs a name.",
                            "{tracing: [{customTags: {\"\": {literal: {value: shop}}}}]}",
                            "{tracing: [{customTags: {team: {literal: {value: shop}}}}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            telemetry
                    .each("tracing", Telemetry::tracing)
                    .flatMap(tracing -> tracing.entries("customTags", Tracing::customTags))
                    .filter(tag -> tag.path().name().isEmpty())
                    .forEach(tag -> report.at(tag, "tag without a name (expected: a name)"));
        }
    }

    /// SP1704: changes that change nothing.
    static final class OverrideIsComplete extends ObjectRule<Telemetry> {
        OverrideIsComplete() {
            super(
                    "SP1704",
                    ERROR,
                    "Override of a metric is not complete",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "UPSERT of a tag needs a value, REMOVE has none.",
                            "{metrics: [{overrides: [{tagOverrides: {path: {operation: UPSERT}}}]}]}",
                            "{metrics: [{overrides: [{tagOverrides: {path: {operation: UPSERT, value: request.path}}}]}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            telemetry
                    .each("metrics", Telemetry::metrics)
                    .flatMap(metrics -> metrics.each("overrides", Metrics::overrides))
                    .forEach(override -> {
                        override.entries("tagOverrides", MetricsOverrides::tagOverrides)
                                .forEach(tag -> {
                                    boolean removes = tag.value().operation() == TagOperation.REMOVE;
                                    if (removes && !tag.value().value().isEmpty()) {
                                        report.at(
                                                tag.below("value"),
                                                "value \"%s\" with REMOVE (expected: none)"
                                                        .formatted(tag.value().value()));
                                    } else if (!removes && tag.value().value().isEmpty()) {
                                        report.at(tag, "no value with UPSERT (expected: value)");
                                    }
                                });
                    });
        }
    }

    /// SP1706: metrics all the time.
    static final class IntervalIsLongEnough extends ObjectRule<Telemetry> {
        IntervalIsLongEnough() {
            super(
                    "SP1706",
                    ERROR,
                    "Reporting interval is too short",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "reportingInterval is 1 ms or more.",
                            "{metrics: [{reportingInterval: 0s}]}",
                            "{metrics: [{reportingInterval: 10s}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            telemetry
                    .each("metrics", Telemetry::metrics)
                    .flatMap(metrics -> metrics.field("reportingInterval", Metrics::reportingInterval))
                    .forEach(time -> Durations.problem(time.value()).ifPresent(problem -> report.at(time, problem)));
        }
    }

    /// SP1705: a filter that no proxy can read.
    static final class FilterIsExpression extends ObjectRule<Telemetry> {
        FilterIsExpression() {
            super(
                    "SP1705",
                    ERROR,
                    "Log filter is no CEL expression",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "Log filters are written in CEL: comparisons of attributes such as response.code.",
                            "{accessLogging: [{filter: {expression: \"response.code >=\"}}]}",
                            "{accessLogging: [{filter: {expression: \"response.code >= 400\"}}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            telemetry
                    .each("accessLogging", Telemetry::accessLogging)
                    .flatMap(logging -> logging.field("filter", AccessLogging::filter))
                    .forEach(filter -> CelSyntax.problem(filter.value().expression())
                            .ifPresent(problem -> report.at(filter.below("expression"), problem)));
        }
    }

    /// SP4706: Istio warns too.
    static final class OverriddenTagHasName extends ObjectRule<Telemetry> {
        OverriddenTagHasName() {
            super(
                    "SP4706",
                    WARNING,
                    "Overridden tag has no name",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "tagOverrides names the tag that it changes.",
                            "{metrics: [{overrides: [{tagOverrides: {\"\": {value: request.path}}}]}]}",
                            "{metrics: [{overrides: [{tagOverrides: {path: {value: request.path}}}]}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            telemetry
                    .each("metrics", Telemetry::metrics)
                    .flatMap(metrics -> metrics.each("overrides", Metrics::overrides))
                    .flatMap(override -> override.entries("tagOverrides", MetricsOverrides::tagOverrides))
                    .filter(tag -> tag.path().name().isEmpty())
                    .forEach(tag -> report.at(tag, "tag \"\" (expected: the name of a tag)"));
        }
    }

    /// SP4701: Istio warns too.
    static final class TracingIsSingle extends ObjectRule<Telemetry> {
        TracingIsSingle() {
            super(
                    "SP4701",
                    WARNING,
                    "Several tracing settings",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "Only one entry of tracing, with one provider, is used.",
                            "{tracing: [{providers: [{name: a}, {name: b}]}]}",
                            "{tracing: [{providers: [{name: a}]}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            if (telemetry.value().tracing().size() > 1) {
                report.at(
                        telemetry.below("tracing"),
                        "%d entries of tracing (expected: one)"
                                .formatted(telemetry.value().tracing().size()));
            }
            telemetry
                    .each("tracing", Telemetry::tracing)
                    .filter(tracing -> tracing.value().providers().size() > 1)
                    .forEach(tracing -> report.at(
                            tracing.below("providers"),
                            "%d providers (expected: one)"
                                    .formatted(tracing.value().providers().size())));
        }
    }

    /// SP4702: the filter belongs to the providers of its own entry, and here it has none (L4, P16).
    static final class FilterIsBesideProvider extends ObjectRule<Telemetry> {
        FilterIsBesideProvider() {
            super(
                    "SP4702",
                    WARNING,
                    "Log filter stands apart from its provider",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "A filter holds for the providers of its own entry; in an entry of its own it filters nothing.",
                            "{accessLogging: [{providers: [{name: envoy}]}, {filter: {expression: \"response.code >= 400\"}}]}",
                            "{accessLogging: [{providers: [{name: envoy}], filter: {expression: \"response.code >= 400\"}}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            boolean elsewhere = telemetry.value().accessLogging().stream()
                    .anyMatch(logging -> !logging.providers().isEmpty() && logging.filter() == null);
            telemetry
                    .each("accessLogging", Telemetry::accessLogging)
                    .filter(logging -> elsewhere
                            && logging.value().providers().isEmpty()
                            && logging.value().filter() != null)
                    .forEach(logging -> report.at(
                            logging.below("filter"),
                            "the filter has no provider beside it (expected: both in one entry)"));
        }
    }

    /// SP4703: Istio's admission takes the whole of CEL, and Envoy builds a part of it.
    static final class FilterCanBeBuilt extends ObjectRule<Telemetry> {
        FilterCanBeBuilt() {
            super(
                    "SP4703",
                    WARNING,
                    "Log filter cannot be built",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "Envoy's filters know a part of CEL, and one that they cannot build makes Envoy refuse every listener. Here that one log is withheld: nothing is written by it.",
                            "{accessLogging: [{filter: {expression: \"request.headers.exists(name, name == 'x-debug')\"}}]}",
                            "{accessLogging: [{filter: {expression: \"'x-debug' in request.headers\"}}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            filters(telemetry)
                    .forEach(filter -> CelSyntax.unbuildable(filter.value().expression())
                            .ifPresent(problem -> report.at(filter.below("expression"), problem)));
        }
    }

    // Those that are expressions; for others that is said.
    private static Stream<At<Telemetry.Filter>> filters(At<Telemetry> telemetry) {
        return telemetry
                .each("accessLogging", Telemetry::accessLogging)
                .flatMap(logging -> logging.field("filter", AccessLogging::filter))
                .filter(filter -> CelSyntax.problem(filter.value().expression()).isEmpty());
    }

    // Those that Envoy builds as well, and works out with each request.
    private static Stream<At<Telemetry.Filter>> builtFilters(At<Telemetry> telemetry) {
        return filters(telemetry)
                .filter(filter ->
                        CelSyntax.unbuildable(filter.value().expression()).isEmpty());
    }

    /// SP4708: Envoy takes any name, and finds with each request that it has no such attribute.
    static final class FilterAttributesExist extends ObjectRule<Telemetry> {
        FilterAttributesExist() {
            super(
                    "SP4708",
                    INFO,
                    "Log filter asks for an unknown attribute",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "Envoy logs nothing where a filter asks for an attribute that it does not have, unless the rest of the filter decides.",
                            "{accessLogging: [{filter: {expression: \"response.codee >= 400\"}}]}",
                            "{accessLogging: [{filter: {expression: \"response.code >= 400\"}}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            builtFilters(telemetry)
                    .forEach(filter -> CelSyntax.unknownAttribute(filter.value().expression())
                            .ifPresent(problem -> report.at(filter.below("expression"), problem)));
        }
    }

    /// SP4709: Envoy learns of types with each request.
    static final class FilterTypesFit extends ObjectRule<Telemetry> {
        FilterTypesFit() {
            super(
                    "SP4709",
                    INFO,
                    "Types of a log filter do not fit",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "A filter is a bool, and compares equal types; where it is not or does not, Envoy logs nothing, and says nothing. A header is a string: int(request.headers['x-retries']) is its number.",
                            "{accessLogging: [{filter: {expression: \"response.code == '500'\"}}]}",
                            "{accessLogging: [{filter: {expression: \"response.code == 500\"}}]}"));
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            builtFilters(telemetry)
                    .forEach(filter -> CelSyntax.mistyped(filter.value().expression())
                            .ifPresent(problem -> report.at(filter.below("expression"), problem)));
        }
    }

    /// SP4707: the annotation has no effect.
    static final class LogBufferIsNumber extends ObjectRule<Telemetry> {
        LogBufferIsNumber() {
            super(
                    "SP4707",
                    WARNING,
                    "Buffer of a log has no such size",
                    Kind.TELEMETRY,
                    Telemetry.class,
                    new Page(
                            "The annotation sallyport.io/log-buffer-bytes takes 1 to 1048576, sallyport.io/log-flush-millis 10 to 60000; any other value leaves Envoy's own, 16 KiB and a second.",
                            telemetry("64Ki"),
                            telemetry("\"65536\"")));
        }

        private static String telemetry(String value) {
            return "apiVersion: telemetry.istio.io/v1\nkind: Telemetry\nmetadata: {namespace: shop, name: edge, annotations: {"
                    + LogBuffer.BYTES + ": " + value + "}}\nspec: {selector: {matchLabels: {app: edge}}}";
        }

        @Override
        public void check(At<Telemetry> telemetry, Report report) {
            check(report, LogBuffer.BYTES, 1, LogBuffer.MAX_BYTES);
            check(report, LogBuffer.MILLIS, LogBuffer.MIN_MILLIS, LogBuffer.MAX_MILLIS);
        }

        private static void check(Report report, String annotation, int least, int most) {
            var written = report.object().metadata().annotations().get(annotation);
            if (written != null
                    && LogBuffer.read(report.object(), annotation, least, most).isEmpty()) {
                report.at(
                        Path.of("metadata", "annotations").field(annotation),
                        "\"%s\" (expected: a number from %d to %d)".formatted(written, least, most));
            }
        }
    }
}
