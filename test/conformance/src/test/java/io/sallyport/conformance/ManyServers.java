package io.sallyport.conformance;

import io.sallyport.testkit.tls.Authority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// HTTPS servers of one port, so many that they have one connection manager (decision 50).
final class ManyServers {

    private ManyServers() {}

    /// Lays the secret of all of them into a directory of configuration.
    static void lay(Path directory, Authority authority) throws IOException {
        var issued = authority.issue(List.of("*.shared.test", "*.b.shared.test"), 20);
        var secret = Files.createDirectories(directory.resolve("secrets/istio-system/shared"));
        Files.copy(issued.certificate(), secret.resolve("tls.crt"));
        Files.copy(issued.key(), secret.resolve("tls.key"));
        Files.copy(authority.certificate(), secret.resolve("ca.crt"));
    }

    /// So many servers with a host each, one for a wildcard, and one that asks for a certificate.
    static String configuration(int servers) {
        return IntStream.range(0, servers)
                        .mapToObj(n -> server("host-" + n, "host-" + n + ".shared.test", "SIMPLE"))
                        .collect(Collectors.joining("---\n"))
                + "---\n" + server("wild", "\"*.b.shared.test\"", "SIMPLE")
                + "---\n" + server("mutual", "mutual.shared.test", "MUTUAL");
    }

    /// A server with a host, whose answer is its name.
    static String server(String name, String host, String mode) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: %1$s, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: [%2$s]
                    tls: {mode: %3$s, credentialName: shared}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %1$s, namespace: shop}
                spec:
                  hosts: [%2$s]
                  gateways: [%1$s]
                  http:
                  - directResponse: {status: 200, body: {string: %1$s}}
                """.formatted(name, host, mode);
    }
}
