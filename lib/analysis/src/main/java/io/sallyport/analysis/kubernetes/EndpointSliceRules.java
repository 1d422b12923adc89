package io.sallyport.analysis.kubernetes;

import static io.sallyport.model.Severity.ERROR;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Labels;
import io.sallyport.model.EndpointSlice;
import io.sallyport.model.EndpointSlice.AddressType;
import io.sallyport.model.EndpointSlice.Endpoint;
import io.sallyport.model.EndpointSlice.EndpointPort;
import io.sallyport.model.EndpointSlice.Hints;
import io.sallyport.model.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The addresses and ports of an EndpointSlice. Kubernetes refuses loopback and link-local addresses too; here they are
/// how a gateway on one machine finds its backends, so the former are served and the latter are warned of (SP4506).
/// (Kubernetes: `pkg/apis/discovery/validation/validation.go`.)
final class EndpointSliceRules {

    private EndpointSliceRules() {}

    static List<Rule<?>> all() {
        return List.of(new EndpointAddressFitsType(), new PortOfSliceIsValid(), new EndpointIsDescribed());
    }

    /// SP1921: addresses that are not what the slice says they are.
    static final class EndpointAddressFitsType extends ObjectRule<EndpointSlice> {
        private static final int MOST_ENDPOINTS = 1_000;
        private static final int MOST_ADDRESSES = 100;

        EndpointAddressFitsType() {
            super(
                    "SP1921",
                    ERROR,
                    "Address of an EndpointSlice does not fit",
                    Kind.ENDPOINT_SLICE,
                    EndpointSlice.class,
                    new Page(
                            "Every endpoint has 1 to 100 addresses of the slice's addressType; a slice has at most 1000 endpoints.",
                            """
                            apiVersion: discovery.k8s.io/v1
                            kind: EndpointSlice
                            metadata: {namespace: shop, name: cart-1, labels: {kubernetes.io/service-name: cart}}
                            addressType: IPv4
                            endpoints: [{addresses: [cart.example.com]}]
                            """,
                            """
                            apiVersion: discovery.k8s.io/v1
                            kind: EndpointSlice
                            metadata: {namespace: shop, name: cart-1, labels: {kubernetes.io/service-name: cart}}
                            addressType: IPv4
                            endpoints: [{addresses: [10.0.0.1]}]
                            """));
        }

        @Override
        public void check(At<EndpointSlice> slice, Report report) {
            int count = slice.value().endpoints().size();
            if (count > MOST_ENDPOINTS) {
                report.at(slice.below("endpoints"), "%d endpoints (expected: at most 1000)".formatted(count));
                return;
            }
            var type = slice.value().addressType();
            slice.each("endpoints", EndpointSlice::endpoints).forEach(endpoint -> {
                int addresses = endpoint.value().addresses().size();
                if (addresses == 0) {
                    report.at(endpoint, "endpoint without addresses (expected: at least one)");
                } else if (addresses > MOST_ADDRESSES) {
                    report.at(endpoint, "endpoint with %d addresses (expected: at most 100)".formatted(addresses));
                }
                endpoint.each("addresses", Endpoint::addresses)
                        .filter(address -> type != null && !fits(type, address.value()))
                        .forEach(address -> report.at(
                                address, "address \"%s\" (expected: %s)".formatted(address.value(), expected(type))));
            });
        }

        private static boolean fits(AddressType type, String address) {
            return switch (type) {
                case IPv4 -> address.indexOf(':') < 0 && Addresses.isAddress(address) && !address.equals("0.0.0.0");
                case IPv6 -> address.indexOf(':') >= 0 && Addresses.isAddress(address) && !address.equals("::");
                case FQDN -> isFullName(address);
            };
        }

        private static boolean isFullName(String name) {
            var bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
            return bare.indexOf('.') > 0 && Names.isSubdomain(bare);
        }

        private static String expected(@Nullable AddressType type) {
            return type == AddressType.FQDN
                    ? "a name with at least two labels, such as \"cart.example.com\""
                    : "an %s address, as addressType says".formatted(type);
        }
    }

    /// SP1922: a port that Kubernetes does not take.
    static final class PortOfSliceIsValid extends ObjectRule<EndpointSlice> {
        private static final int MOST = 20_000;

        PortOfSliceIsValid() {
            super(
                    "SP1922",
                    ERROR,
                    "Port of an EndpointSlice is not valid",
                    Kind.ENDPOINT_SLICE,
                    EndpointSlice.class,
                    new Page(
                            "Ports are 1 to 65535, and their names are DNS labels, each once; the empty name counts as one.",
                            """
                            apiVersion: discovery.k8s.io/v1
                            kind: EndpointSlice
                            metadata: {namespace: shop, name: cart-1, labels: {kubernetes.io/service-name: cart}}
                            addressType: IPv4
                            endpoints: [{addresses: [10.0.0.1]}]
                            ports: [{port: 80}, {port: 81}]
                            """,
                            """
                            apiVersion: discovery.k8s.io/v1
                            kind: EndpointSlice
                            metadata: {namespace: shop, name: cart-1, labels: {kubernetes.io/service-name: cart}}
                            addressType: IPv4
                            endpoints: [{addresses: [10.0.0.1]}]
                            ports: [{port: 80, name: http}, {port: 81, name: admin}]
                            """));
        }

        @Override
        public void check(At<EndpointSlice> slice, Report report) {
            int count = slice.value().ports().size();
            if (count > MOST) {
                report.at(slice.below("ports"), "%d ports (expected: at most 20000)".formatted(count));
                return;
            }
            var names = new HashSet<String>();
            slice.each("ports", EndpointSlice::ports).forEach(port -> {
                var name = port.value().name();
                if (!name.isEmpty() && !Names.isLabel(name)) {
                    report.at(
                            port.below("name"),
                            "port name \"%s\" (expected: lower-case letters, digits and \"-\", at most 63)"
                                    .formatted(name));
                } else if (!names.add(name)) {
                    report.at(port, "port name \"%s\" is given twice (expected: once)".formatted(name));
                }
                port.field("port", EndpointPort::port)
                        .filter(number -> !Names.isPort(number.value()))
                        .forEach(number ->
                                report.at(number, "port %d (expected: 1 to 65535)".formatted(number.value())));
                port.field("appProtocol", EndpointPort::appProtocol)
                        .filter(protocol -> !protocol.value().isEmpty() && !Labels.isQualifiedName(protocol.value()))
                        .forEach(protocol -> report.at(
                                protocol,
                                "appProtocol \"%s\" (expected: a name such as \"http\" or \"kubernetes.io/h2c\")"
                                        .formatted(protocol.value())));
            });
        }
    }

    /// SP1923: names around an endpoint.
    static final class EndpointIsDescribed extends ObjectRule<EndpointSlice> {
        private static final int MOST_HINTS = 8;

        EndpointIsDescribed() {
            super(
                    "SP1923",
                    ERROR,
                    "Endpoint is described by names that cannot be",
                    Kind.ENDPOINT_SLICE,
                    EndpointSlice.class,
                    new Page(
                            "hostname is a DNS label, nodeName a DNS name, and an endpoint is hinted at for at most 8 zones, each once.",
                            """
                            apiVersion: discovery.k8s.io/v1
                            kind: EndpointSlice
                            metadata: {namespace: shop, name: cart-1, labels: {kubernetes.io/service-name: cart}}
                            addressType: IPv4
                            endpoints: [{addresses: [10.0.0.1], hostname: cart.1}]
                            """,
                            """
                            apiVersion: discovery.k8s.io/v1
                            kind: EndpointSlice
                            metadata: {namespace: shop, name: cart-1, labels: {kubernetes.io/service-name: cart}}
                            addressType: IPv4
                            endpoints: [{addresses: [10.0.0.1], hostname: cart-1}]
                            """));
        }

        @Override
        public void check(At<EndpointSlice> slice, Report report) {
            slice.each("endpoints", EndpointSlice::endpoints).forEach(endpoint -> {
                endpoint.field("hostname", Endpoint::hostname)
                        .filter(name -> !name.value().isEmpty() && !Names.isLabel(name.value()))
                        .forEach(name ->
                                report.at(name, "hostname \"%s\" (expected: a DNS label)".formatted(name.value())));
                endpoint.field("nodeName", Endpoint::nodeName)
                        .filter(name -> !name.value().isEmpty() && !Names.isSubdomain(name.value()))
                        .forEach(name ->
                                report.at(name, "nodeName \"%s\" (expected: a DNS name)".formatted(name.value())));
                endpoint.field("hints", Endpoint::hints)
                        .forEach(hints -> Stream.of(
                                        hints.each("forZones", Hints::forZones).toList(),
                                        hints.each("forNodes", Hints::forNodes).toList())
                                .forEach(list -> hints(list, report)));
            });
        }

        private static void hints(List<At<EndpointSlice.Named>> hints, Report report) {
            var seen = new HashSet<String>();
            for (var hint : hints) {
                if (!seen.add(hint.value().name())) {
                    report.at(
                            hint,
                            "\"%s\" is given twice (expected: once)"
                                    .formatted(hint.value().name()));
                }
            }
            if (hints.size() > MOST_HINTS) {
                report.at(hints.getLast(), "%d hints (expected: at most 8)".formatted(hints.size()));
            }
        }
    }
}
