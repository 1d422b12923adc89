package io.sallyport.analysis.kubernetes;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.INFO;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Labels;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.model.Kind;
import io.sallyport.model.Service;
import io.sallyport.model.Service.ServicePort;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The ports of a Service, and whom it selects. (Kubernetes: `ValidateService` in
/// `pkg/apis/core/validation/validation.go`.)
final class ServiceRules {

    private ServiceRules() {}

    static List<Rule<?>> all() {
        return List.of(
                new ServiceHasPorts(),
                new PortOfServiceIsValid(),
                new ServiceSelectorIsLabels(),
                new PortNameSaysProtocol());
    }

    static boolean isHeadless(Service service) {
        return service.clusterIP().equals("None") || service.clusterIPs().equals(List.of("None"));
    }

    /// SP1901: a Service that nobody can call.
    static final class ServiceHasPorts extends ObjectRule<Service> {
        ServiceHasPorts() {
            super(
                    "SP1901",
                    ERROR,
                    "Service has no ports",
                    Kind.SERVICE,
                    Service.class,
                    new Page(
                            "Only a headless Service (clusterIP: None) and an ExternalName may be without ports.",
                            "{selector: {app: cart}, ports: []}",
                            "{selector: {app: cart}, ports: [{port: 80}]}"));
        }

        @Override
        public void check(At<Service> service, Report report) {
            var spec = service.value();
            if (spec.ports().isEmpty() && spec.type() != Service.Type.ExternalName && !isHeadless(spec)) {
                report.at(service.below("ports"), "no ports (expected: at least one)");
            }
        }
    }

    /// SP1902: a port that Kubernetes does not take.
    static final class PortOfServiceIsValid extends ObjectRule<Service> {
        private static final int KUBELET = 10_250;

        PortOfServiceIsValid() {
            super(
                    "SP1902",
                    ERROR,
                    "Port of a Service is not valid",
                    Kind.SERVICE,
                    Service.class,
                    new Page(
                            "Ports are 1 to 65535, each once by protocol, each with a name of its own where there are several.",
                            "{ports: [{port: 80}, {port: 443}]}",
                            "{ports: [{port: 80, name: http}, {port: 443, name: https}]}"));
        }

        @Override
        public void check(At<Service> service, Report report) {
            var names = new HashSet<String>();
            var numbers = new HashSet<String>();
            var nodePorts = new HashSet<String>();
            boolean isNamed = service.value().ports().size() > 1;
            boolean isBalanced = service.value().type() == Service.Type.LoadBalancer;
            service.each("ports", Service::ports).forEach(port -> {
                number(port, isBalanced, numbers, report);
                name(port, isNamed, names, report);
                target(port, report);
                nodePort(port, nodePorts, report);
                port.field("appProtocol", ServicePort::appProtocol)
                        .filter(protocol -> !protocol.value().isEmpty() && !Labels.isQualifiedName(protocol.value()))
                        .forEach(protocol -> report.at(
                                protocol,
                                "appProtocol \"%s\" (expected: a name such as \"http\" or \"kubernetes.io/h2c\")"
                                        .formatted(protocol.value())));
            });
        }

        private static void number(At<ServicePort> port, boolean isBalanced, Set<String> seen, Report report) {
            int number = port.value().port();
            if (!Names.isPort(number)) {
                report.at(port.below("port"), "port %d (expected: 1 to 65535)".formatted(number));
            } else if (!seen.add(port.value().protocol() + " " + number)) {
                report.at(
                        port.below("port"),
                        "port %d is given twice for %s (expected: once)"
                                .formatted(number, port.value().protocol()));
            } else if (isBalanced && number == KUBELET) {
                report.at(port.below("port"), "port 10250 on a LoadBalancer (expected: another; it is the kubelet's)");
            }
        }

        private static void name(At<ServicePort> port, boolean isNeeded, Set<String> seen, Report report) {
            var name = port.value().name();
            if (name.isEmpty()) {
                if (isNeeded) {
                    report.at(port, "port without a name beside others (expected: a name of its own)");
                }
            } else if (!Names.isLabel(name)) {
                report.at(
                        port.below("name"),
                        "port name \"%s\" (expected: lower-case letters, digits and \"-\", at most 63)"
                                .formatted(name));
            } else if (!seen.add(name)) {
                report.at(port.below("name"), "port name \"%s\" is given twice (expected: once)".formatted(name));
            }
        }

        // 0 and "" mean the port itself.
        private static void target(At<ServicePort> port, Report report) {
            var target = port.value().targetPort();
            if (target == null) {
                return;
            }
            target.asNumber()
                    .filter(number -> number != 0 && !Names.isPort(number))
                    .ifPresent(number -> report.at(
                            port.below("targetPort"), "targetPort %d (expected: 1 to 65535)".formatted(number)));
            target.asName()
                    .filter(name -> !name.isEmpty() && !Names.isPortName(name))
                    .ifPresent(name -> report.at(
                            port.below("targetPort"),
                            "targetPort \"%s\" (expected: a number, or at most 15 lower-case letters, digits and \"-\")"
                                    .formatted(name)));
        }

        private static void nodePort(At<ServicePort> port, Set<String> seen, Report report) {
            int number = port.value().nodePort();
            if (number != 0 && !Names.isPort(number)) {
                report.at(port.below("nodePort"), "nodePort %d (expected: 1 to 65535)".formatted(number));
            } else if (number != 0 && !seen.add(port.value().protocol() + " " + number)) {
                report.at(
                        port.below("nodePort"),
                        "nodePort %d is given twice for %s (expected: once)"
                                .formatted(number, port.value().protocol()));
            }
        }
    }

    /// SP1903: a selector that no Pod can meet.
    static final class ServiceSelectorIsLabels extends ObjectRule<Service> {
        ServiceSelectorIsLabels() {
            super(
                    "SP1903",
                    ERROR,
                    "Selector of a Service cannot be labels",
                    Kind.SERVICE,
                    Service.class,
                    new Page(
                            "A Service selects Pods by labels, and these have names and values by Kubernetes' rules.",
                            "{selector: {app: \"cart shop\"}, ports: [{port: 80}]}",
                            "{selector: {app: cart-shop}, ports: [{port: 80}]}"));
        }

        @Override
        public void check(At<Service> service, Report report) {
            service.entries("selector", Service::selector)
                    .forEach(label -> Labels.problem(label.path().name(), label.value())
                            .ifPresent(problem -> report.at(label, problem)));
        }
    }

    /// SP4901: a port whose bytes have to be guessed (Istio: IST0118).
    static final class PortNameSaysProtocol extends ObjectRule<Service> {
        PortNameSaysProtocol() {
            super(
                    "SP4901",
                    INFO,
                    "Port name does not say its protocol",
                    Kind.SERVICE,
                    Service.class,
                    new Page(
                            "The name of a port begins with its protocol, as in \"http-web\", or appProtocol says it. Client proxies guess otherwise.",
                            "{ports: [{name: web, port: 8080}]}",
                            "{ports: [{name: http-web, port: 8080}]}"));
        }

        @Override
        public void check(At<Service> service, Report report) {
            service.each("ports", Service::ports)
                    .filter(port -> AppProtocol.ofServicePort(
                                    port.value().protocol(),
                                    port.value().appProtocol(),
                                    port.value().name())
                            == AppProtocol.UNSUPPORTED)
                    .forEach(port -> report.at(
                            port,
                            "port %d is named \"%s\" (expected: a name such as \"http-…\" or \"tcp-…\", or appProtocol)"
                                    .formatted(port.value().port(), port.value().name())));
        }
    }
}
