package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.stack.Sallyport;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A port of a gateway that another program has: `up` starts, and says where to look.
class TakenPortTest {

    @Test
    void upSaysThatTheListenerOfATakenPortIsNotOpen(@TempDir Path folder) throws Exception {
        var config = Files.createDirectories(folder.resolve("config"));
        Files.writeString(config.resolve("edge.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                """);
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Files.writeString(config.resolve("sallyport.yaml"), """
                    proxies:
                    - name: istio-ingressgateway
                      namespace: istio-system
                      labels: {istio: ingressgateway}
                      listen: {80: %d}
                    """.formatted(other.getLocalPort()));

            try (var sallyport = Sallyport.up(config, folder.resolve("data"))) {
                assertThat(sallyport.firstLines())
                        .contains("Envoy refused its listeners (./sallyport proxy-status says why)");
                assertThat(sallyport.shell().run("proxy-status").out())
                        .contains("Address already in use", "Gateway shop/edge spec.servers[0]");
            }
        }
    }
}
