package io.sallyport.benchmark;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import io.sallyport.testkit.tls.Authority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// `size` teams on port 443 of one gateway: each has a Gateway with a server of its own, a secret of its own, and a
/// VirtualService with three routes, which comes by the API because that changes it later. The certificate in the
/// secrets is the same one, for `*.bench.test`.
record TlsWorkload(int size, Authority authority) {

    static String host(int number) {
        return "host-" + number + ".bench.test";
    }

    static String gateway(int number) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge-%1$d, namespace: default}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: [%2$s]
                    tls: {mode: SIMPLE, credentialName: cert-%1$d}
                """.formatted(number, host(number));
    }

    /// `/probe` answers `mark`, so that a change can be told from what was before.
    static String virtualService(int number, String mark) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: host-%1$d, namespace: default}
                spec:
                  hosts: [%2$s]
                  gateways: [edge-%1$d]
                  http:
                  - match: [{uri: {exact: /probe}}]
                    directResponse: {status: 200, body: {string: "%3$s"}}
                  - match: [{uri: {prefix: /api}}]
                    directResponse: {status: 204}
                  - directResponse: {status: 404}
                """.formatted(number, host(number), mark);
    }

    /// Writes Gateways and secrets, with secrets for `more` hosts than there are.
    void writeTo(Path directory, int more) throws IOException {
        var issued = authority.issue(List.of("*.bench.test"), 20);
        for (var n = 0; n < size; n++) {
            Files.writeString(directory.resolve("gateway-" + n + ".yaml"), gateway(n));
        }
        for (var n = 0; n < size + more; n++) {
            var secret = Files.createDirectories(directory.resolve("secrets/istio-system/cert-" + n));
            Files.copy(issued.certificate(), secret.resolve("tls.crt"));
            Files.copy(issued.key(), secret.resolve("tls.key"));
        }
    }

    /// Replaces the certificate of one host, and answers its serial number.
    int renew(Path directory, int number) throws IOException {
        var issued = authority.issue(List.of("*.bench.test"), 20);
        var secret = directory.resolve("secrets/istio-system/cert-" + number);
        Files.move(issued.key(), secret.resolve("tls.key"), REPLACE_EXISTING, ATOMIC_MOVE);
        Files.move(issued.certificate(), secret.resolve("tls.crt"), REPLACE_EXISTING, ATOMIC_MOVE);
        return authority.lastSerial();
    }
}
