package io.sallyport.analysis.kubernetes;

import static io.sallyport.model.Severity.ERROR;

import com.google.common.collect.ImmutableSet;
import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.model.Kind;
import io.sallyport.model.Service;
import io.sallyport.model.Service.ServicePort;
import java.util.HashSet;
import java.util.List;

/// Where a Service is reached, and what only some types of Service may say. (Kubernetes:
/// `pkg/apis/core/validation/validation.go`.)
final class ServiceAddressRules {

    private static final String NONE = "None";

    private ServiceAddressRules() {}

    static List<Rule<?>> all() {
        return List.of(new ServiceAddressIsValid(), new SettingFitsServiceType(), new ServiceSettingIsInRange());
    }

    /// SP1904: an address that is none, or that the type does not have.
    static final class ServiceAddressIsValid extends ObjectRule<Service> {
        private static final int MOST = 2;

        ServiceAddressIsValid() {
            super(
                    "SP1904",
                    ERROR,
                    "Address of a Service is not valid",
                    Kind.SERVICE,
                    Service.class,
                    new Page(
                            "clusterIP is an IP address or None, clusterIPs are one or two of different families, and externalName is a host name.",
                            "{type: ExternalName, externalName: \"https://db.example.com\"}",
                            "{type: ExternalName, externalName: db.example.com}"));
        }

        @Override
        public void check(At<Service> service, Report report) {
            var spec = service.value();
            if (spec.type() == Service.Type.ExternalName) {
                externalName(service, report);
            } else {
                clusterIps(service, report);
            }
            service.each("externalIPs", Service::externalIPs)
                    .filter(address -> !Addresses.isAddress(address.value()))
                    .forEach(address -> report.at(
                            address, "externalIP \"%s\" (expected: an IP address)".formatted(address.value())));
            service.each("loadBalancerSourceRanges", Service::loadBalancerSourceRanges)
                    .filter(range -> !range.value().contains("/")
                            || Addresses.subnetProblem(range.value().strip()).isPresent())
                    .forEach(range -> report.at(
                            range,
                            "source range \"%s\" (expected: a network such as \"10.0.0.0/8\")"
                                    .formatted(range.value())));
        }

        private static void externalName(At<Service> service, Report report) {
            var spec = service.value();
            var name = spec.externalName();
            var bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
            if (!Names.isSubdomain(bare)) {
                report.at(
                        service.below("externalName"),
                        "externalName \"%s\" (expected: a host name in lower case)".formatted(name));
            }
            if (!spec.clusterIP().isEmpty() || !spec.clusterIPs().isEmpty()) {
                report.at(service.below("clusterIP"), "clusterIP of an ExternalName (expected: none)");
            }
        }

        private static void clusterIps(At<Service> service, Report report) {
            var spec = service.value();
            var one = spec.clusterIP();
            if (spec.clusterIPs().isEmpty()) {
                if (!one.isEmpty()) {
                    address(new At<>(service.below("clusterIP"), one), report);
                }
                return;
            }
            if (!spec.clusterIPs().getFirst().equals(one)) {
                report.at(
                        service.below("clusterIPs"),
                        "clusterIPs[0] \"%s\" beside clusterIP \"%s\" (expected: the same)"
                                .formatted(spec.clusterIPs().getFirst(), one));
            }
            if (spec.clusterIPs().size() > MOST) {
                report.at(
                        service.below("clusterIPs"),
                        "%d clusterIPs (expected: at most two)"
                                .formatted(spec.clusterIPs().size()));
            }
            boolean isList = spec.clusterIPs().size() > 1;
            var families = new HashSet<Boolean>();
            service.each("clusterIPs", Service::clusterIPs).forEach(address -> {
                address(address, report);
                if (isList && address.value().equals(NONE)) {
                    report.at(address, "\"None\" beside other clusterIPs (expected: it alone)");
                } else if (!families.add(address.value().indexOf(':') >= 0)) {
                    report.at(
                            address,
                            "clusterIP \"%s\" is of the same family as the other (expected: one IPv4 and one IPv6)"
                                    .formatted(address.value()));
                }
            });
        }

        private static void address(At<String> address, Report report) {
            if (!address.value().equals(NONE) && !Addresses.isAddress(address.value())) {
                report.at(address, "clusterIP \"%s\" (expected: an IP address, or None)".formatted(address.value()));
            }
        }
    }

    /// SP1905: a setting that this type of Service cannot have.
    static final class SettingFitsServiceType extends ObjectRule<Service> {
        SettingFitsServiceType() {
            super(
                    "SP1905",
                    ERROR,
                    "Setting does not fit the type of Service",
                    Kind.SERVICE,
                    Service.class,
                    new Page(
                            "Node ports need NodePort or LoadBalancer; what is about load balancers needs LoadBalancer; a headless Service is neither.",
                            "{ports: [{port: 80, nodePort: 30080}]}",
                            "{type: NodePort, ports: [{port: 80, nodePort: 30080}]}"));
        }

        @Override
        public void check(At<Service> service, Report report) {
            var spec = service.value();
            var type = spec.type();
            boolean isBalanced = type == Service.Type.LoadBalancer;
            boolean isOnNodes = isBalanced || type == Service.Type.NodePort;
            if (!isOnNodes) {
                service.each("ports", Service::ports)
                        .flatMap(port -> port.field("nodePort", ServicePort::nodePort))
                        .filter(port -> port.value() != 0)
                        .forEach(port -> report.at(
                                port,
                                "nodePort %d of a %s (expected: none; or type NodePort)"
                                        .formatted(port.value(), type)));
            } else if (ServiceRules.isHeadless(spec)) {
                report.at(service.below("clusterIP"), "clusterIP None of a %s (expected: none)".formatted(type));
            }
            if (!isBalanced) {
                only(
                        service,
                        "loadBalancerSourceRanges",
                        !spec.loadBalancerSourceRanges().isEmpty(),
                        report);
                only(service, "loadBalancerClass", !spec.loadBalancerClass().isEmpty(), report);
                only(service, "allocateLoadBalancerNodePorts", spec.allocateLoadBalancerNodePorts() != null, report);
            }
            boolean isOutside = isOnNodes
                    || (type == Service.Type.ClusterIP && !spec.externalIPs().isEmpty());
            if (spec.externalTrafficPolicy() != null && !isOutside) {
                report.at(
                        service.below("externalTrafficPolicy"),
                        "externalTrafficPolicy of a %s (expected: none; or type NodePort or LoadBalancer)"
                                .formatted(type));
            }
            boolean isLocal = isBalanced && spec.externalTrafficPolicy() == Service.TrafficPolicy.Local;
            if (spec.healthCheckNodePort() != 0 && !isLocal) {
                report.at(
                        service.below("healthCheckNodePort"),
                        "healthCheckNodePort %d (expected: none; or type LoadBalancer with externalTrafficPolicy Local)"
                                .formatted(spec.healthCheckNodePort()));
            }
            if (spec.sessionAffinity() == Service.SessionAffinity.None && spec.sessionAffinityConfig() != null) {
                report.at(
                        service.below("sessionAffinityConfig"),
                        "sessionAffinityConfig without affinity (expected: none; or sessionAffinity ClientIP)");
            }
            boolean hasFamilies = !spec.ipFamilies().isEmpty() || spec.ipFamilyPolicy() != null;
            if (type == Service.Type.ExternalName && hasFamilies) {
                report.at(service.below("ipFamilies"), "ipFamilies of an ExternalName (expected: none)");
            }
        }

        private static void only(At<Service> service, String field, boolean isSet, Report report) {
            if (isSet) {
                report.at(
                        service.below(field),
                        "%s of a %s (expected: none; or type LoadBalancer)"
                                .formatted(field, service.value().type()));
            }
        }
    }

    /// SP1906: a setting with a value that Kubernetes does not know.
    static final class ServiceSettingIsInRange extends ObjectRule<Service> {
        private static final int DAY = 86_400;
        private static final ImmutableSet<String> DISTRIBUTIONS =
                ImmutableSet.of("", "PreferClose", "PreferSameZone", "PreferSameNode");

        ServiceSettingIsInRange() {
            super(
                    "SP1906",
                    ERROR,
                    "Setting of a Service is out of range",
                    Kind.SERVICE,
                    Service.class,
                    new Page(
                            "A client stays for at most a day; address families are given once; traffic is distributed by one of three words.",
                            "{ports: [{port: 80}], trafficDistribution: Nearest}",
                            "{ports: [{port: 80}], trafficDistribution: PreferClose}"));
        }

        @Override
        public void check(At<Service> service, Report report) {
            var spec = service.value();
            service.field("sessionAffinityConfig", Service::sessionAffinityConfig)
                    .flatMap(config -> config.field("clientIP", Service.SessionAffinityConfig::clientIP))
                    .flatMap(client -> client.field("timeoutSeconds", Service.ClientIpConfig::timeoutSeconds))
                    .filter(seconds -> seconds.value() < 1 || seconds.value() > DAY)
                    .forEach(seconds ->
                            report.at(seconds, "timeoutSeconds %d (expected: 1 to 86400)".formatted(seconds.value())));
            if (!DISTRIBUTIONS.contains(spec.trafficDistribution())) {
                report.at(
                        service.below("trafficDistribution"),
                        "trafficDistribution \"%s\" (expected: PreferClose, PreferSameZone or PreferSameNode)"
                                .formatted(spec.trafficDistribution()));
            }
            if (spec.ipFamilies().size() > new HashSet<>(spec.ipFamilies()).size()) {
                report.at(service.below("ipFamilies"), "ipFamilies repeat one (expected: each family once)");
            } else if (spec.ipFamilies().size() > 1 && spec.ipFamilyPolicy() == Service.IpFamilyPolicy.SingleStack) {
                report.at(
                        service.below("ipFamilies"),
                        "two ipFamilies with SingleStack (expected: one; or PreferDualStack or RequireDualStack)");
            }
        }
    }
}
