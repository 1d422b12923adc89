package io.sallyport.accesslog.config;

import com.google.common.collect.ImmutableSet;
import io.sallyport.model.Gateway;
import io.sallyport.model.VirtualService;
import io.sallyport.proto.accesslog.v1.AccessLogEntryOrBuilder;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Which gateways an object may serve on, and which server of a gateway took a request: Istio's own rules for names
/// and hosts. Source: Istio, `networking/v1/gateway.proto` and `virtual_service.proto`.
final class GatewayServers {

    private static final String MESH = "mesh";
    private static final String KUBERNETES = "kubernetes://";

    private static final ImmutableSet<String> REQUESTS = ImmutableSet.of("HTTP", "HTTP2", "GRPC", "GRPC-WEB");

    private GatewayServers() {}

    /// `shop/edge`, in the order of the object: those of the whole and those of its rules.
    static List<String> named(VirtualService object, String namespace) {
        var names = new LinkedHashSet<>(object.gateways());
        object.http().forEach(rule -> rule.match().forEach(match -> names.addAll(match.gateways())));
        object.tls().forEach(rule -> rule.match().forEach(match -> names.addAll(match.gateways())));
        object.tcp().forEach(rule -> rule.match().forEach(match -> names.addAll(match.gateways())));
        var qualified = new ArrayList<String>();
        for (var name : names) {
            if (!name.equals(MESH)) {
                qualified.add(qualified(name, namespace));
            }
        }
        return qualified;
    }

    private static String qualified(String name, String namespace) {
        return name.contains("/") ? name : namespace + "/" + name;
    }

    /// The server that a row came in by: the one whose hosts fit best.
    static Optional<Gateway.Server> server(Gateway gateway, AccessLogEntryOrBuilder row) {
        var encrypted = !row.getTlsVersion().isEmpty();
        var name = encrypted && !row.getServerName().isEmpty() ? row.getServerName() : host(row);
        Gateway.Server best = null;
        var length = -1;
        for (var server : gateway.servers()) {
            if (terminates(server) != encrypted || (row.getKind().equals("tcp") && isOfRequests(server))) {
                continue;
            }
            for (var host : server.hosts()) {
                var plain = host.substring(host.indexOf('/') + 1);
                if (fits(plain, name) && plain.length() > length) {
                    best = server;
                    length = plain.length();
                }
            }
        }
        return Optional.ofNullable(best);
    }

    private static boolean isOfRequests(Gateway.Server server) {
        var port = server.port();
        var protocol = port == null ? "" : port.protocol().toUpperCase(Locale.ROOT);
        return REQUESTS.contains(protocol) || (protocol.equals("HTTPS") && terminates(server));
    }

    private static boolean terminates(Gateway.Server server) {
        var tls = server.tls();
        return tls != null
                && tls.mode() != Gateway.TlsMode.PASSTHROUGH
                && tls.mode() != Gateway.TlsMode.AUTO_PASSTHROUGH
                && (!tls.credentialName().isEmpty()
                        || !tls.credentialNames().isEmpty()
                        || !tls.serverCertificate().isEmpty()
                        || !tls.tlsCertificates().isEmpty()
                        || tls.mode() == Gateway.TlsMode.ISTIO_MUTUAL);
    }

    private static String host(AccessLogEntryOrBuilder row) {
        var host = row.getHost().isEmpty() ? row.getServerName() : row.getHost();
        var colon = host.lastIndexOf(':');
        return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
    }

    // A connection without a name comes in by a server for every host.
    private static boolean fits(String pattern, String name) {
        var host = name.toLowerCase(Locale.ROOT);
        var wanted = pattern.toLowerCase(Locale.ROOT);
        return wanted.startsWith("*") ? host.endsWith(wanted.substring(1)) : wanted.equals(host);
    }

    /// The secrets of a server, `namespace/name`.
    static List<String> secrets(Gateway.Server server, String proxyNamespace) {
        var tls = server.tls();
        if (tls == null) {
            return List.of();
        }
        var names = new LinkedHashSet<String>();
        if (!tls.credentialName().isEmpty()) {
            names.add(tls.credentialName());
        }
        names.addAll(tls.credentialNames());
        return names.stream()
                .map(name -> name.startsWith(KUBERNETES) ? name.substring(KUBERNETES.length()) : name)
                .map(name -> qualified(name, proxyNamespace))
                .toList();
    }
}
