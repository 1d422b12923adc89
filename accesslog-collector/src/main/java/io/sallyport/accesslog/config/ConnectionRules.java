package io.sallyport.accesslog.config;

import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.RouteDestination;
import io.sallyport.proto.accesslog.v1.AccessLogEntryOrBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Which rule of a VirtualService took a connection. The proxy names the object alone, since a rule's place changes
/// with edits that must not end connections; the name in the client's hello and the cluster tell the rest. Where they
/// fit several rules, none is named.
final class ConnectionRules {

    private ConnectionRules() {}

    /// `tls[1]`, as the rules of requests are `http[1]`.
    static Optional<String> rule(VirtualService object, AccessLogEntryOrBuilder row) {
        var name = row.getServerName().toLowerCase(Locale.ROOT);
        for (var i = 0; i < object.tls().size() && !name.isEmpty(); i++) {
            var rule = object.tls().get(i);
            boolean isMeant = rule.match().stream()
                    .flatMap(match -> match.sniHosts().stream())
                    .anyMatch(host -> fits(host, name));
            // The first one counts, as at the proxy.
            if (isMeant && leadsTo(rule.route(), row.getCluster())) {
                return Optional.of("tls[" + i + "]");
            }
        }
        var found = new ArrayList<String>();
        for (var i = 0; i < object.tcp().size(); i++) {
            if (leadsTo(object.tcp().get(i).route(), row.getCluster())) {
                found.add("tcp[" + i + "]");
            }
        }
        return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }

    private static boolean fits(String pattern, String name) {
        var wanted = pattern.toLowerCase(Locale.ROOT);
        return wanted.startsWith("*") ? name.endsWith(wanted.substring(1)) : wanted.equals(name);
    }

    // "outbound|80|v1|cart.shop.svc.cluster.local", of which a destination may have the first label. Without a cluster
    // no endpoint was chosen.
    private static boolean leadsTo(List<RouteDestination> route, String cluster) {
        var parts = cluster.split("\\|", -1);
        return parts.length != 4
                || route.stream()
                        .map(RouteDestination::destination)
                        .anyMatch(to -> to != null
                                && to.subset().equals(parts[2])
                                && (to.host().equals(parts[3])
                                        || (to.host().indexOf('.') < 0 && parts[3].startsWith(to.host() + "."))));
    }
}
