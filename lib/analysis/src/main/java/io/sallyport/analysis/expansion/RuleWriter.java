package io.sallyport.analysis.expansion;

import io.sallyport.model.EgressPolicy;
import io.sallyport.model.EgressPolicy.Client;
import io.sallyport.model.EgressPolicy.Port;
import java.util.List;
import java.util.function.Predicate;

/// Writes the rules of one host's VirtualService: on each port, clients that are meant go to the gateway (or straight
/// out, without one), others are turned away, and the gateway sends on what comes to it.
final class RuleWriter {

    private static final String ALL = "*";

    private final EgressPolicy spec;
    private final String gateway;
    private final List<Client> clients;
    private final boolean isExact;
    private final String host;
    private final String nobody;

    RuleWriter(EgressPolicy spec, String gateway, List<Client> clients, boolean isExact, String host, String nobody) {
        this.spec = spec;
        this.gateway = gateway;
        this.clients = clients;
        this.isExact = isExact;
        this.host = host;
        this.nobody = nobody;
    }

    void write(ExpandedText text) {
        section(text, "http", port -> EgressExpansion.isHttp(port.protocol()));
        section(text, "tls", port -> EgressExpansion.isTls(port.protocol()));
        section(text, "tcp", port -> port.protocol() == EgressPolicy.Protocol.TCP);
    }

    private void section(ExpandedText text, String name, Predicate<Port> taken) {
        var ports = spec.ports().stream().filter(taken).toList();
        if (ports.isEmpty()) {
            return;
        }
        text.line(1, name + ":");
        for (var port : ports) {
            var door = spec.gateway();
            // The gateway's own rule comes first: with `gateways` a match of HTTP does not look at sources, so those of
            // clients go without, and would be the gateway's too where its labels are those of a client.
            if (door != null) {
                text.line(1, "- match:").line(2, "- gateways:").item(3, gateway);
                match(text, port, name);
                route(text, host, port.number());
            }
            text.line(1, "- match:");
            if (isExact) {
                text.line(2, "- gateways:").item(3, "mesh");
                match(text, port, name);
            } else {
                for (var client : clients) {
                    text.line(2, "- port: " + port.number());
                    names(text, name);
                    source(text, client);
                }
            }
            var next = door == null ? host : door.name() + "." + door.namespace() + ".svc.cluster.local";
            route(text, next, port.number());
            if (!isExact) {
                text.line(1, "- match:").line(2, "- gateways:").item(3, "mesh");
                match(text, port, name);
                if (name.equals("http")) {
                    text.line(2, "directResponse:").line(3, "status: 502");
                } else {
                    route(text, nobody, 443);
                }
            }
        }
    }

    private void match(ExpandedText text, Port port, String section) {
        text.line(3, "port: " + port.number());
        names(text, section);
    }

    private void names(ExpandedText text, String section) {
        if (section.equals("tls")) {
            text.line(3, "sniHosts:").item(3, host);
        }
    }

    private static void source(ExpandedText text, Client client) {
        if (!client.namespace().equals(ALL)) {
            text.entry(3, "sourceNamespace", client.namespace());
        }
        if (!client.labels().isEmpty()) {
            text.line(3, "sourceLabels:");
            client.labels().forEach((key, value) -> text.entry(4, key, value));
        }
    }

    private static void route(ExpandedText text, String host, int port) {
        text.line(2, "route:").line(2, "- destination:");
        text.entry(4, "host", host);
        text.line(4, "port:").line(5, "number: " + port);
    }
}
