package io.sallyport.analysis.virtualservice;

import static io.sallyport.model.Severity.WARNING;

import io.sallyport.analysis.At;
import io.sallyport.analysis.ObjectRule;
import io.sallyport.analysis.Report;
import io.sallyport.model.Kind;
import io.sallyport.model.VirtualService;
import io.sallyport.model.VirtualService.L4MatchAttributes;
import io.sallyport.model.VirtualService.TcpRoute;
import java.util.ArrayList;

/// SP4222: a gateway sends the connections of a port to one place, that of the first rule for the port (G14).
final class TcpMatchIsFirst extends ObjectRule<VirtualService> {
    private static final String FIRST =
            "{hosts: ['*'], gateways: [edge], tcp: [{match: [{port: 5432}], route: [{destination: {host: cart}}]}, {match: [{port: %d, sourceLabels: {app: web}}], route: [{destination: {host: till}}]}]}";

    TcpMatchIsFirst() {
        super(
                "SP4222",
                WARNING,
                "TCP match has an earlier rule",
                Kind.VIRTUAL_SERVICE,
                VirtualService.class,
                new Page(
                        "A gateway finds the rule for a connection by port alone, whatever addresses, source labels and subnets say. A later rule for the port is never used.",
                        FIRST.formatted(5432),
                        FIRST.formatted(5433)));
    }

    @Override
    public void check(At<VirtualService> service, Report report) {
        if (!Walk.isGatewayOnly(service.value())) {
            return;
        }
        var earlier = new ArrayList<At<L4MatchAttributes>>();
        service.each("tcp", VirtualService::tcp).forEach(route -> {
            var matches = route.each("match", TcpRoute::match).toList();
            matches.forEach(match -> earlier.stream()
                    .filter(first -> covers(first.value(), match.value()))
                    .findFirst()
                    // Equal matches are told by SP4202.
                    .filter(first -> !first.value().equals(match.value()))
                    .ifPresent(first -> report.at(
                            match,
                            "never used: %s takes the connections of its port (expected: one rule for each port)"
                                    .formatted(first.path()))));
            matches.stream().limit(MOST - earlier.size()).forEach(earlier::add);
        });
    }

    // Nobody has more ports; a hostile object must not cost its square.
    private static final int MOST = 400;

    private static boolean covers(L4MatchAttributes first, L4MatchAttributes later) {
        return (first.port() == 0 || first.port() == later.port())
                && (first.gateways().isEmpty()
                        || (!later.gateways().isEmpty() && first.gateways().containsAll(later.gateways())));
    }
}
