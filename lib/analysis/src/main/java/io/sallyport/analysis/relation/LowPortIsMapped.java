package io.sallyport.analysis.relation;

import static io.sallyport.model.Severity.INFO;

import io.sallyport.analysis.At;
import io.sallyport.analysis.Lookup;
import io.sallyport.analysis.Report;
import io.sallyport.analysis.WorldRule;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.model.Gateway;
import io.sallyport.model.Gateway.Server;
import io.sallyport.model.Kind;
import io.sallyport.model.Platform;
import io.sallyport.model.Platform.Proxy;
import io.sallyport.model.Port;
import io.sallyport.model.Service;
import java.util.List;
import java.util.stream.Stream;

/// SP2115: a port that only a privileged proxy may bind. Others leave the server out, of which Istio writes a line to
/// its own log (G15). Whether a proxy is privileged is known when it connects, so this is told, and not warned of.
final class LowPortIsMapped extends WorldRule<Gateway> {

    private static final int FIRST_FREE = 1_024;

    LowPortIsMapped() {
        super(
                "SP2115",
                INFO,
                "Port needs a privileged proxy",
                Kind.GATEWAY,
                Gateway.class,
                new Page(
                        "Ports below 1024 are bound by privileged proxies only; any other leaves the server out. Map the port to a higher one, in listen of sallyport.yaml or by a Service's targetPort.",
                        example("8080"),
                        example("8080, \"81\": 8081")));
    }

    private static String example(String listen) {
        return """
               apiVersion: sallyport.io/v1alpha1
               kind: Platform
               metadata: {namespace: istio-system, name: sallyport}
               proxies: [{name: edge, namespace: shop, labels: {app: edge}, listen: {"80": %s}}]
               ---
               apiVersion: networking.istio.io/v1
               kind: Gateway
               metadata: {namespace: shop, name: edge}
               spec: {selector: {app: edge}, servers: [{port: {number: 81, name: http, protocol: HTTP}, hosts: ["*"]}]}
               """.formatted(listen);
    }

    @Override
    public void check(At<Gateway> gateway, Lookup world, Report report) {
        var low = gateway.each("servers", Gateway::servers)
                .flatMap(server -> server.field("port", Server::port))
                .filter(port -> port.value().number() > 0 && port.value().number() < FIRST_FREE)
                .toList();
        if (low.isEmpty()) {
            return;
        }
        var proxies = proxies(gateway.value(), world);
        for (var port : low) {
            proxies.stream()
                    .filter(proxy -> !isMapped(proxy, port.value(), world))
                    .findFirst()
                    .ifPresent(proxy -> report.at(
                            port,
                            "port %d is bound as it is, which proxy \"%s/%s\" may do when it is privileged (expected: a port from 1024, or one mapped to it)"
                                    .formatted(port.value().number(), proxy.namespace(), proxy.name())));
        }
    }

    private static List<Proxy> proxies(Gateway gateway, Lookup world) {
        var platform = world.platform().map(object -> (Platform) object.spec()).orElse(Platform.DEFAULT);
        return platform.proxiesOrDefault().stream()
                .filter(proxy -> proxy.kind() == Platform.ProxyKind.router)
                .filter(proxy ->
                        proxy.labels().entrySet().containsAll(gateway.selector().entrySet()))
                .toList();
    }

    private static boolean isMapped(Proxy proxy, Port port, Lookup world) {
        int number = port.number();
        if (proxy.listen().getOrDefault(Integer.toString(number), 0) >= FIRST_FREE) {
            return true;
        }
        return world.providers(HostNames.service(proxy.name(), proxy.namespace())).stream()
                .filter(object -> object.spec() instanceof Service)
                .flatMap(object -> ((Service) object.spec()).ports().stream())
                .filter(own -> own.port() == number)
                .flatMap(own -> Stream.ofNullable(own.targetPort()))
                .anyMatch(target -> target.asNumber().orElse(0) >= FIRST_FREE);
    }
}
