package io.sallyport.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Makes ways out by chance: a policy, entries of several namespaces that are exported or not, Sidecars that
/// narrow what is seen, and an egress gateway that some names are sent to. Equal seeds make equal text.
final class ChanceEgress {

    /// The hosts that are declared now and then; the last is never declared.
    static final List<String> HOSTS = List.of("a.test", "b.test", "x.c.test", "d.test", "unknown.test");

    private static final List<String> NAMESPACES = List.of("default", "shop", "istio-system");

    private final RandomGenerator random;
    private final int http;
    private final int tls;
    private final int tcp;

    /// The ports are those of the servers that play all hosts.
    ChanceEgress(RandomGenerator random, int http, int tls, int tcp) {
        this.random = random;
        this.http = http;
        this.tls = tls;
        this.tcp = tcp;
    }

    private String oneOf(List<String> words) {
        return words.get(random.nextInt(words.size()));
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    /// The documents of one configuration.
    List<String> configuration() {
        var documents = new ArrayList<String>();
        if (!oneIn(4)) {
            documents.add("""
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {namespace: istio-system, name: istio}
                    data:
                      mesh: |
                        outboundTrafficPolicy: {mode: %s}
                    """.formatted(oneOf(List.of("REGISTRY_ONLY", "REGISTRY_ONLY", "ALLOW_ANY"))));
        }
        for (var host : List.of("a.test", "b.test", "*.c.test", "d.test")) {
            if (!oneIn(5)) {
                documents.add(entry(host));
            }
        }
        for (var namespace : List.of("default", "shop")) {
            if (oneIn(4)) {
                documents.add(sidecar(namespace));
            }
        }
        if (!oneIn(3)) {
            documents.addAll(gateway(oneOf(List.of("a.test", "b.test", "d.test"))));
        }
        return documents;
    }

    private String entry(String host) {
        var ports = new ArrayList<String>(List.of("{number: 80, name: http, protocol: HTTP}"));
        if (!oneIn(3)) {
            ports.add("{number: 443, name: tls, protocol: " + oneOf(List.of("TLS", "HTTPS")) + "}");
        }
        if (host.equals("d.test")) {
            ports.add("{number: 31400, name: tcp, protocol: TCP}");
        }
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: entry-%d, namespace: %s}
                spec:
                  hosts: ["%s"]
                  exportTo: ["%s"]
                  ports: %s
                  resolution: STATIC
                  endpoints: [{address: 127.0.0.1, ports: {http: %d%s%s}}]
                """.formatted(
                        random.nextInt(1_000_000),
                        oneOf(NAMESPACES),
                        host,
                        oneOf(List.of("*", "*", ".", "shop")),
                        ports,
                        http,
                        ports.stream().anyMatch(port -> port.contains("tls")) ? ", tls: " + tls : "",
                        host.equals("d.test") ? ", tcp: " + tcp : "");
    }

    private String sidecar(String namespace) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Sidecar
                metadata: {name: default, namespace: %s}
                spec:
                  outboundTrafficPolicy: {mode: %s}
                  egress: [{hosts: ["%s/*"%s]}]
                """.formatted(
                        namespace,
                        oneOf(List.of("REGISTRY_ONLY", "ALLOW_ANY")),
                        oneOf(List.of("*", ".", "istio-system")),
                        oneIn(2) ? ", \"*/a.test\"" : "");
    }

    private List<String> gateway(String host) {
        return List.of("""
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: way-out, namespace: istio-system}
                spec:
                  selector: {istio: egressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["%s"]}
                  - {port: {number: 443, name: tls, protocol: TLS}, hosts: ["%1$s"], tls: {mode: PASSTHROUGH}}
                """.formatted(host), """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: way-out, namespace: istio-system}
                spec:
                  hosts: ["%s"]
                  exportTo: ["%s"]
                  gateways: [mesh, way-out]
                  http:
                  - match: [{gateways: [mesh], port: 80}]
                    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]
                  - match: [{gateways: [way-out], port: 80}]
                    headers: {request: {set: {x-through: gateway}}}
                    route: [{destination: {host: "%1$s", port: {number: 80}}}]
                  %s
                """.formatted(
                        host,
                        oneOf(List.of("*", "*", ".")),
                        oneIn(3) ? "" : """
                tls:
                  - match: [{gateways: [mesh], port: 443, sniHosts: ["%s"]}]
                    route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 443}}}]
                  - match: [{gateways: [way-out], port: 443, sniHosts: ["%1$s"]}]
                    route: [{destination: {host: "%1$s", port: {number: 443}}}]
                """.formatted(host).strip()));
    }
}
