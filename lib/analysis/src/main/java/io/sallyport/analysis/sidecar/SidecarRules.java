package io.sallyport.analysis.sidecar;

import static io.sallyport.model.Severity.ERROR;
import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.Rule;
import io.sallyport.analysis.destinationrule.PoolRules;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.analysis.text.Protocol;
import io.sallyport.model.Gateway.TlsMode;
import io.sallyport.model.Kind;
import io.sallyport.model.MeshConfig.OutboundMode;
import io.sallyport.model.Sidecar;
import io.sallyport.model.Sidecar.CaptureMode;
import io.sallyport.model.Sidecar.IstioEgressListener;
import io.sallyport.model.Sidecar.IstioIngressListener;
import io.sallyport.model.Sidecar.SidecarPort;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// All rules about Sidecars.
public final class SidecarRules {

    private static final String EGRESS = "egress: [{hosts: [\"./*\"]}]";

    private SidecarRules() {}

    public static List<Rule<?>> all() {
        return List.of(
                new SidecarSaysSomething(),
                new ListenerPortIsValid(),
                new ListenerPortIsUnique(),
                new DefaultEndpointIsLocal(),
                new IngressTlsIsSupported(),
                new EgressHostIsName(),
                new CatchAllListenerIsLast(),
                new EgressProxyIsValid(),
                new SidecarPoolIsValid(),
                new EgressHostIsNotRepeated(),
                new HttpPoolHasHttp());
    }

    private static Stream<At<IstioIngressListener>> ingress(At<Sidecar> sidecar) {
        return sidecar.each("ingress", Sidecar::ingress);
    }

    private static Stream<At<IstioEgressListener>> egress(At<Sidecar> sidecar) {
        return sidecar.each("egress", Sidecar::egress);
    }

    /// SP1601: a Sidecar that changes nothing.
    static final class SidecarSaysSomething extends ObjectRule<Sidecar> {
        SidecarSaysSomething() {
            super(
                    "SP1601",
                    ERROR,
                    "Sidecar is empty",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "A Sidecar needs ingress, egress, outboundTrafficPolicy or inboundConnectionPool.",
                            "{workloadSelector: {labels: {app: cart}}}",
                            "{workloadSelector: {labels: {app: cart}}, " + EGRESS + "}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            var value = sidecar.value();
            if (value.ingress().isEmpty()
                    && value.egress().isEmpty()
                    && value.outboundTrafficPolicy() == null
                    && value.inboundConnectionPool() == null) {
                report.at(
                        sidecar,
                        "empty Sidecar (expected: ingress, egress, outboundTrafficPolicy or inboundConnectionPool)");
            }
        }
    }

    /// SP1602: a port that nothing can listen on.
    static final class ListenerPortIsValid extends ObjectRule<Sidecar> {
        ListenerPortIsValid() {
            super(
                    "SP1602",
                    ERROR,
                    "Port of a Sidecar's listener is not valid",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "Ports are 1 to 65535, or 0 with a Unix socket on the way out; names are DNS labels; protocols are Istio's; targetPort means nothing here.",
                            "{egress: [{port: {number: 0, protocol: HTTP, name: http}, hosts: [\"./*\"]}]}",
                            "{egress: [{port: {number: 9080, protocol: HTTP, name: http}, hosts: [\"./*\"]}]}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            ingress(sidecar).forEach(listener -> {
                if (listener.value().port() == null) {
                    report.at(listener, "no port (expected: port)");
                }
                listener.field("port", IstioIngressListener::port).forEach(port -> {
                    common(port, report);
                    number(port, report);
                });
                bind(listener, listener.value().bind(), report);
            });
            egress(sidecar)
                    .forEach(listener -> listener.field("port", IstioEgressListener::port)
                            .forEach(port -> {
                                common(port, report);
                                if (port.value().number() == 0) {
                                    socket(listener, report);
                                } else {
                                    number(port, report);
                                    bind(listener, listener.value().bind(), report);
                                }
                            }));
        }

        private static void common(At<SidecarPort> port, Report report) {
            var value = port.value();
            if (!value.name().isEmpty() && !Hosts.isLabel(value.name())) {
                report.at(
                        port.below("name"),
                        "port name \"%s\" (expected: letters, digits and dashes)".formatted(value.name()));
            }
            if (!value.protocol().isEmpty() && Protocol.of(value.protocol()).isEmpty()) {
                report.at(
                        port.below("protocol"),
                        "protocol \"%s\" (expected: %s)".formatted(value.protocol(), Protocol.EXPECTED));
            }
            if (value.targetPort() > 0) {
                report.at(
                        port.below("targetPort"),
                        "targetPort %d has no effect on a Sidecar (expected: none)".formatted(value.targetPort()));
            }
        }

        private static void number(At<SidecarPort> port, Report report) {
            int number = port.value().number();
            if (number < 1 || number > 65535) {
                report.at(port.below("number"), "port %d (expected: 1 to 65535)".formatted(number));
            }
        }

        private static void bind(At<?> listener, String bind, Report report) {
            if (!bind.isEmpty() && !Addresses.isAddress(bind)) {
                report.at(listener.below("bind"), "bind \"%s\" (expected: an IP address)".formatted(bind));
            }
        }

        private static void socket(At<IstioEgressListener> listener, Report report) {
            var bind = listener.value().bind();
            if (!bind.startsWith(Addresses.UNIX)) {
                report.at(
                        listener,
                        "port 0 with bind \"%s\" (expected: a Unix socket, or a port of 1 to 65535)".formatted(bind));
            } else {
                Addresses.socketProblem(bind.substring(Addresses.UNIX.length()))
                        .ifPresent(problem -> report.at(listener.below("bind"), problem));
            }
            var mode = listener.value().captureMode();
            if (mode != CaptureMode.DEFAULT && mode != CaptureMode.NONE) {
                report.at(
                        listener.below("captureMode"),
                        "captureMode %s of a Unix socket (expected: DEFAULT or NONE)".formatted(mode));
            }
        }
    }

    /// SP1603: two listeners on one port.
    static final class ListenerPortIsUnique extends ObjectRule<Sidecar> {
        ListenerPortIsUnique() {
            super(
                    "SP1603",
                    ERROR,
                    "Port of a Sidecar is listened on twice",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "Each listener of one direction needs a port, or a Unix socket, of its own.",
                            "{egress: [{port: {number: 80, protocol: HTTP, name: a}, hosts: [\"./*\"]}, {port: {number: 80, protocol: HTTP, name: b}, hosts: [\"./*\"]}]}",
                            "{egress: [{port: {number: 80, protocol: HTTP, name: a}, hosts: [\"./*\"]}, {port: {number: 81, protocol: HTTP, name: b}, hosts: [\"./*\"]}]}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            var inward = new HashSet<String>();
            ingress(sidecar)
                    .forEach(listener -> listener.field("port", IstioIngressListener::port)
                            .forEach(port ->
                                    unique(port, Integer.toString(port.value().number()), inward, report)));
            var outward = new HashSet<String>();
            egress(sidecar)
                    .forEach(listener -> listener.field("port", IstioEgressListener::port)
                            .forEach(port -> unique(
                                    port,
                                    port.value().number() == 0
                                            ? listener.value().bind()
                                            : Integer.toString(port.value().number()),
                                    outward,
                                    report)));
        }

        private static void unique(At<SidecarPort> port, String door, Set<String> seen, Report report) {
            if (!seen.add(door)) {
                report.at(port, "\"%s\" is listened on already (expected: another port)".formatted(door));
            }
        }
    }

    /// SP1604: the workload is on the same machine.
    static final class DefaultEndpointIsLocal extends ObjectRule<Sidecar> {
        private static final Set<String> LOCAL = new TreeSet<>(List.of("", "127.0.0.1", "0.0.0.0", "::1", "::"));

        DefaultEndpointIsLocal() {
            super(
                    "SP1604",
                    ERROR,
                    "Default endpoint is not local",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "defaultEndpoint is a port on 127.0.0.1, 0.0.0.0, [::1] or [::], or a Unix socket.",
                            "{ingress: [{port: {number: 80, protocol: HTTP, name: a}, defaultEndpoint: \"10.0.0.1:80\"}]}",
                            "{ingress: [{port: {number: 80, protocol: HTTP, name: a}, defaultEndpoint: \"127.0.0.1:80\"}]}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            ingress(sidecar)
                    .flatMap(listener -> listener.field("defaultEndpoint", IstioIngressListener::defaultEndpoint))
                    .filter(endpoint -> !endpoint.value().isEmpty())
                    .forEach(endpoint -> problem(endpoint.value()).ifPresent(problem -> report.at(endpoint, problem)));
        }

        private static Optional<String> problem(String endpoint) {
            if (endpoint.startsWith(Addresses.UNIX)) {
                return Addresses.socketProblem(endpoint.substring(Addresses.UNIX.length()));
            }
            int colon = endpoint.lastIndexOf(':');
            var host = colon < 0 ? endpoint : endpoint.substring(0, colon);
            var port = endpoint.substring(colon + 1);
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            var bare = bracketed ? host.substring(1, host.length() - 1) : host;
            boolean fits = colon >= 0 && LOCAL.contains(bare) && (bracketed || !bare.contains(":")) && isPort(port);
            return fits
                    ? Optional.empty()
                    : Optional.of(
                            "defaultEndpoint \"%s\" (expected: \"127.0.0.1:<port>\", \"0.0.0.0:<port>\", \"[::1]:<port>\", \"[::]:<port>\" or \"unix://<path>\")"
                                    .formatted(endpoint));
        }

        private static boolean isPort(String text) {
            return !text.isEmpty()
                    && text.length() <= 5
                    && text.chars().allMatch(c -> c >= '0' && c <= '9')
                    && Integer.parseInt(text) >= 1
                    && Integer.parseInt(text) <= 65535;
        }
    }

    /// SP1605: TLS that a sidecar cannot do.
    static final class IngressTlsIsSupported extends ObjectRule<Sidecar> {
        IngressTlsIsSupported() {
            super(
                    "SP1605",
                    ERROR,
                    "TLS of a Sidecar's listener is not supported",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "A Sidecar's listener takes certificates from files, without httpsRedirect, credentialName and subjectAltNames, and not ISTIO_MUTUAL or AUTO_PASSTHROUGH.",
                            "{ingress: [{port: {number: 80, protocol: HTTPS, name: a}, tls: {mode: SIMPLE, credentialName: c}}]}",
                            "{ingress: [{port: {number: 80, protocol: HTTPS, name: a}, tls: {mode: SIMPLE, serverCertificate: /c, privateKey: /k}}]}"));
        }

        private static boolean isPlain(IstioIngressListener listener) {
            var port = listener.port();
            return port != null
                    && Protocol.of(port.protocol()).filter(Protocol::isTls).isEmpty();
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            ingress(sidecar)
                    .filter(listener -> listener.value().tls() != null && isPlain(listener.value()))
                    .forEach(listener -> report.at(
                            listener.below("tls"), "tls on a plain port (expected: none; or protocol HTTPS or TLS)"));
            ingress(sidecar)
                    .flatMap(listener -> listener.field("tls", IstioIngressListener::tls))
                    .forEach(tls -> {
                        var value = tls.value();
                        if (!value.subjectAltNames().isEmpty()) {
                            report.at(tls.below("subjectAltNames"), "subjectAltNames of a Sidecar (expected: none)");
                        }
                        if (value.httpsRedirect()) {
                            report.at(tls.below("httpsRedirect"), "httpsRedirect of a Sidecar (expected: none)");
                        }
                        if (!value.credentialName().isEmpty()) {
                            report.at(tls.below("credentialName"), "credentialName of a Sidecar (expected: files)");
                        }
                        if (!value.credentialNames().isEmpty()) {
                            report.at(tls.below("credentialNames"), "credentialNames of a Sidecar (expected: files)");
                        }
                        if (!value.tlsCertificates().isEmpty()) {
                            report.at(
                                    tls.below("tlsCertificates"),
                                    "tlsCertificates of a Sidecar (expected: serverCertificate and privateKey)");
                        }
                        if (value.mode() == TlsMode.ISTIO_MUTUAL || value.mode() == TlsMode.AUTO_PASSTHROUGH) {
                            report.at(
                                    tls.below("mode"),
                                    "mode %s of a Sidecar (expected: SIMPLE, MUTUAL or OPTIONAL_MUTUAL)"
                                            .formatted(value.mode()));
                        }
                        boolean terminates = value.mode() == TlsMode.SIMPLE
                                || value.mode() == TlsMode.MUTUAL
                                || value.mode() == TlsMode.OPTIONAL_MUTUAL;
                        if (terminates && value.credentialName().isEmpty()) {
                            boolean mutual = value.mode() != TlsMode.SIMPLE;
                            if (value.serverCertificate().isEmpty()
                                    || value.privateKey().isEmpty()
                                    || (mutual && value.caCertificates().isEmpty())) {
                                report.at(
                                        tls,
                                        "%s without certificate, key%s (expected: their files)"
                                                .formatted(value.mode(), mutual ? " or CA" : ""));
                            }
                        }
                    });
        }
    }

    /// SP1606: hosts are named with their namespace.
    static final class EgressHostIsName extends ObjectRule<Sidecar> {
        EgressHostIsName() {
            super(
                    "SP1606",
                    ERROR,
                    "Host of a Sidecar is not valid",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "Hosts are \"namespace/host\", with \"*\", \".\" or \"~\" for the namespace, and full names, \"*\" or \"*.name\" for the host.",
                            "{egress: [{hosts: [cart.test]}]}",
                            "{egress: [{hosts: [shop/cart.test]}]}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            egress(sidecar).forEach(listener -> {
                if (listener.value().hosts().isEmpty()) {
                    report.at(listener.below("hosts"), "no hosts (expected: at least one, such as \"./*\")");
                }
                listener.each("hosts", IstioEgressListener::hosts)
                        .forEach(host -> problem(host.value()).ifPresent(problem -> report.at(host, problem)));
            });
        }

        private static Optional<String> problem(String host) {
            int slash = host.indexOf('/');
            if (slash < 0) {
                return Optional.of("host \"%s\" (expected: \"namespace/host\")".formatted(host));
            }
            var namespace = host.substring(0, slash);
            var name = host.substring(slash + 1);
            boolean known =
                    namespace.equals("*") || namespace.equals(".") || namespace.equals("~") || Hosts.isLabel(namespace);
            if (!known) {
                return Optional.of("host \"%s\": namespace \"%s\" (expected: a namespace, \"*\", \".\" or \"~\")"
                        .formatted(host, namespace));
            }
            if (!name.equals("*") && !name.contains(".")) {
                return Optional.of(
                        "host \"%s\" has a short name (expected: a full name such as \"%s/cart.%s.svc.cluster.local\")"
                                .formatted(host, namespace, namespace));
            }
            if (Hosts.isPartialWildcard(name)) {
                return Optional.of("host \"%s\" (expected: \"*\" alone, or in front of a dot)".formatted(host));
            }
            return Hosts.wildcardProblem(name);
        }
    }

    /// SP1607: what takes the rest comes last.
    static final class CatchAllListenerIsLast extends ObjectRule<Sidecar> {
        CatchAllListenerIsLast() {
            super(
                    "SP1607",
                    ERROR,
                    "Listener without a port is not the last",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "One egress listener may have no port, and it comes last.",
                            "{egress: [{hosts: [\"./*\"]}, {port: {number: 80, protocol: HTTP, name: a}, hosts: [\"./*\"]}]}",
                            "{egress: [{port: {number: 80, protocol: HTTP, name: a}, hosts: [\"./*\"]}, {hosts: [\"./*\"]}]}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            var listeners = egress(sidecar).toList();
            for (int i = 0; i < listeners.size() - 1; i++) {
                if (listeners.get(i).value().port() == null) {
                    report.at(listeners.get(i), "listener without port before others (expected: it last)");
                }
            }
        }
    }

    /// SP1608: a proxy that is used under ALLOW_ANY only.
    static final class EgressProxyIsValid extends ObjectRule<Sidecar> {
        EgressProxyIsValid() {
            super(
                    "SP1608",
                    ERROR,
                    "Egress proxy is not valid",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "egressProxy goes with ALLOW_ANY, and has a full host name and a port.",
                            "{outboundTrafficPolicy: {mode: REGISTRY_ONLY, egressProxy: {host: egress.test, port: {number: 80}}}}",
                            "{outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: egress.test, port: {number: 80}}}}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            sidecar.field("outboundTrafficPolicy", Sidecar::outboundTrafficPolicy)
                    .forEach(policy -> {
                        var proxy = policy.value().egressProxy();
                        if (proxy == null) {
                            return;
                        }
                        var at = policy.path().field("egressProxy");
                        if (policy.value().mode() != OutboundMode.ALLOW_ANY) {
                            report.at(
                                    at,
                                    "egressProxy with %s (expected: ALLOW_ANY)"
                                            .formatted(policy.value().mode()));
                            return;
                        }
                        Hosts.nameProblem(proxy.host()).ifPresent(problem -> report.at(at.field("host"), problem));
                        var port = proxy.port();
                        if (port == null || port.number() < 1 || port.number() > 65535) {
                            report.at(at.field("port"), "no port of 1 to 65535 (expected: port: {number: …})");
                        }
                        if (!proxy.subset().isEmpty() && !Hosts.isLabel(proxy.subset())) {
                            report.at(
                                    at.field("subset"),
                                    "subset \"%s\" (expected: letters, digits and dashes)".formatted(proxy.subset()));
                        }
                    });
        }
    }

    /// SP1609: bounds that bound nothing.
    static final class SidecarPoolIsValid extends ObjectRule<Sidecar> {
        SidecarPoolIsValid() {
            super(
                    "SP1609",
                    ERROR,
                    "Connection pool of a Sidecar is not valid",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "A pool has tcp or http settings; counts are 0 or more, times 1 ms or more.",
                            "{inboundConnectionPool: {}}",
                            "{inboundConnectionPool: {tcp: {maxConnections: 10}}}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            Stream.concat(
                            sidecar.field("inboundConnectionPool", Sidecar::inboundConnectionPool),
                            ingress(sidecar)
                                    .flatMap(listener ->
                                            listener.field("connectionPool", IstioIngressListener::connectionPool)))
                    .forEach(pool -> PoolRules.check(pool, report));
        }
    }

    /// SP4601: Istio warns too.
    static final class EgressHostIsNotRepeated extends ObjectRule<Sidecar> {
        EgressHostIsNotRepeated() {
            super(
                    "SP4601",
                    WARNING,
                    "Host of a Sidecar is repeated",
                    Kind.SIDECAR,
                    Sidecar.class,
                    new Page(
                            "\"namespace/*\" holds every host of the namespace, and \"*/*\" everything.",
                            "{egress: [{hosts: [\"./*\", \"./cart.test\"]}]}",
                            "{egress: [{hosts: [\"./*\"]}]}"));
        }

        @Override
        public void check(At<Sidecar> sidecar, Report report) {
            egress(sidecar).forEach(listener -> {
                Map<String, Set<String>> seen = new HashMap<>();
                listener.each("hosts", IstioEgressListener::hosts)
                        .filter(host -> host.value().contains("/"))
                        .forEach(host -> {
                            int slash = host.value().indexOf('/');
                            var written = host.value().substring(0, slash);
                            var namespace =
                                    written.equals(".") ? report.object().namespace() : written;
                            var name = host.value().substring(slash + 1);
                            var names = seen.computeIfAbsent(namespace, _ -> new HashSet<>());
                            boolean repeated =
                                    name.equals("*") ? !names.isEmpty() : names.contains(name) || names.contains("*");
                            if (repeated) {
                                report.at(host, "host \"%s\" is repeated (expected: once)".formatted(host.value()));
                            }
                            names.add(name);
                        });
                if (seen.getOrDefault("*", Set.of()).contains("*") && seen.size() > 1) {
                    report.at(listener.below("hosts"), "\"*/*\" beside other hosts (expected: it alone)");
                }
            });
        }
    }
}
