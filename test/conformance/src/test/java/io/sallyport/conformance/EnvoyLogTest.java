package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.Sallyport;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an Envoy writes is for whoever looks for a fault: nothing that each change repeats for each route.
class EnvoyLogTest {

    @Test
    void soundConfigurationIsTakenWithoutAWord(@TempDir Path folder) throws Exception {
        var config = Files.createDirectories(folder.resolve("config"));
        Files.writeString(config.resolve("shop.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: shop, namespace: shop}
                spec:
                  hosts: [shop.test]
                  gateways: [edge]
                  http:
                  - timeout: 3s
                    route: [{destination: {host: cart.internal}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: cart, namespace: shop}
                spec:
                  hosts: [cart.internal]
                  resolution: STATIC
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  endpoints: [{address: 127.0.0.1}]
                """);
        Files.writeString(config.resolve("sallyport.yaml"), """
                proxies:
                - name: istio-ingressgateway
                  namespace: istio-system
                  labels: {istio: ingressgateway}
                  listen: {80: %d}
                """.formatted(
                        FreePorts.take(1).getFirst()));

        try (var sallyport = Sallyport.up(config, folder.resolve("data"))) {
            assertThat(sallyport.firstLines()).contains("ready in");
            assertThat(folder.resolve("data/proxies/istio-system/istio-ingressgateway/stderr.log"))
                    .content()
                    .isEmpty();
        }
    }
}
