package io.sallyport.analysis.serviceentry;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.HeaderNames;
import io.sallyport.analysis.text.Labels;
import io.sallyport.model.Kind;
import io.sallyport.model.WorkloadGroup;
import io.sallyport.model.WorkloadGroup.GrpcHealthCheck;
import io.sallyport.model.WorkloadGroup.HttpHealthCheck;
import io.sallyport.model.WorkloadGroup.ObjectMeta;
import io.sallyport.model.WorkloadGroup.ReadinessProbe;
import io.sallyport.model.WorkloadGroup.TcpHealthCheck;
import java.util.List;
import java.util.stream.Stream;

/// Templates for workloads that register themselves.
final class WorkloadGroupRules {

    private WorkloadGroupRules() {}

    static List<Rule<?>> all() {
        return List.of(new TemplateIsValid(), new ProbeIsValid());
    }

    /// SP1521: labels and ports that no workload can have.
    static final class TemplateIsValid extends ObjectRule<WorkloadGroup> {
        TemplateIsValid() {
            super(
                    "SP1521",
                    ERROR,
                    "Template of a WorkloadGroup is not valid",
                    Kind.WORKLOAD_GROUP,
                    WorkloadGroup.class,
                    new Page(
                            "Labels are Kubernetes labels; ports are 1 to 65535, with DNS labels for names.",
                            "{metadata: {labels: {app: a b}}, template: {serviceAccount: a}}",
                            "{metadata: {labels: {app: a-b}}, template: {serviceAccount: a}}"));
        }

        @Override
        public void check(At<WorkloadGroup> group, Report report) {
            group.field("metadata", WorkloadGroup::metadata)
                    .flatMap(metadata -> metadata.entries("labels", ObjectMeta::labels))
                    .forEach(label -> Labels.problem(label.path().name(), label.value())
                            .ifPresent(problem -> report.at(label, problem)));
            group.field("template", WorkloadGroup::template).forEach(template -> {
                WorkloadRules.serviceAccount(template, report);
                WorkloadRules.ports(template, null, report);
            });
        }
    }

    /// SP1522: a probe that asks nothing.
    static final class ProbeIsValid extends ObjectRule<WorkloadGroup> {
        ProbeIsValid() {
            super(
                    "SP1522",
                    ERROR,
                    "Probe of a WorkloadGroup is not valid",
                    Kind.WORKLOAD_GROUP,
                    WorkloadGroup.class,
                    new Page(
                            "A probe has one of httpGet, tcpSocket, exec and grpc; times and thresholds are 0 or more, ports 1 to 65535.",
                            "{template: {serviceAccount: a}, probe: {periodSeconds: 5}}",
                            "{template: {serviceAccount: a}, probe: {periodSeconds: 5, tcpSocket: {port: 80}}}"));
        }

        @Override
        public void check(At<WorkloadGroup> group, Report report) {
            group.field("probe", WorkloadGroup::probe).forEach(probe -> {
                var value = probe.value();
                Stream.of(
                                probe.field("initialDelaySeconds", ReadinessProbe::initialDelaySeconds),
                                probe.field("timeoutSeconds", ReadinessProbe::timeoutSeconds),
                                probe.field("periodSeconds", ReadinessProbe::periodSeconds),
                                probe.field("successThreshold", ReadinessProbe::successThreshold),
                                probe.field("failureThreshold", ReadinessProbe::failureThreshold))
                        .flatMap(part -> part)
                        .filter(number -> number.value() < 0)
                        .forEach(number -> report.at(
                                number,
                                "%s %d (expected: 0 or more)"
                                        .formatted(number.path().name(), number.value())));
                boolean none = value.httpGet() == null
                        && value.tcpSocket() == null
                        && value.exec() == null
                        && value.grpc() == null;
                if (none) {
                    report.at(probe, "probe without a method (expected: httpGet, tcpSocket, exec or grpc)");
                }
                probe.field("httpGet", ReadinessProbe::httpGet).forEach(check -> http(check, report));
                Stream.of(
                                probe.field("httpGet", ReadinessProbe::httpGet)
                                        .flatMap(check -> check.field("port", HttpHealthCheck::port)),
                                probe.field("tcpSocket", ReadinessProbe::tcpSocket)
                                        .flatMap(check -> check.field("port", TcpHealthCheck::port)),
                                probe.field("grpc", ReadinessProbe::grpc)
                                        .flatMap(check -> check.field("port", GrpcHealthCheck::port)))
                        .flatMap(part -> part)
                        .filter(port -> port.value() < 1 || port.value() > 65535)
                        .forEach(port -> report.at(port, "port %d (expected: 1 to 65535)".formatted(port.value())));
                probe.field("exec", ReadinessProbe::exec)
                        .filter(check -> check.value().command().isEmpty())
                        .forEach(
                                check -> report.at(check.below("command"), "no command (expected: at least one word)"));
            });
        }

        private static void http(At<HttpHealthCheck> check, Report report) {
            var scheme = check.value().scheme();
            if (!scheme.isEmpty() && !scheme.equals("HTTP") && !scheme.equals("HTTPS")) {
                report.at(check.below("scheme"), "scheme \"%s\" (expected: HTTP or HTTPS)".formatted(scheme));
            }
            check.each("httpHeaders", HttpHealthCheck::httpHeaders)
                    .filter(header -> !HeaderNames.isPlain(header.value().name()))
                    .forEach(header -> report.at(
                            header.below("name"),
                            "header \"%s\" (expected: letters, digits, \"-\" and \"_\")"
                                    .formatted(header.value().name())));
        }
    }
}
