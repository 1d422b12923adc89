package io.sallyport.standalone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A directory as large ones are: the quickstart, and beside it some hundreds of hosts and services, one a file.
final class TrainingFiles {

    private static final int HOSTS = 600;
    private static final int SERVICES = 60;

    private TrainingFiles() {}

    /// Writes them into a new folder, which it returns.
    static Path write(Path quickstart, Path folder) throws IOException {
        Files.createDirectories(folder.resolve("many"));
        try (var files = Files.list(quickstart)) {
            for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                Files.copy(file, folder.resolve(String.valueOf(file.getFileName())));
            }
        }
        Files.writeString(folder.resolve("many/gateway.yaml"), """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: many, namespace: many}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 8090, name: http, protocol: HTTP}, hosts: ["*"]}
                """);
        for (var number = 0; number < SERVICES; number++) {
            Files.writeString(folder.resolve("many/service-" + number + ".yaml"), service(number));
        }
        for (var number = 0; number < HOSTS; number++) {
            Files.writeString(folder.resolve("many/host-" + number + ".yaml"), host(number));
        }
        return folder;
    }

    private static String service(int number) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: service-%1$d, namespace: many}
                spec:
                  hosts: [service-%1$d.many.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints:
                  - {address: 10.0.%1$d.1}
                  - {address: 10.0.%1$d.2}
                """.formatted(number);
    }

    private static String host(int number) {
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: host-%1$d, namespace: many}
                spec:
                  hosts: [host-%1$d.many.test]
                  gateways: [many]
                  http:
                  - match: [{uri: {exact: /health}}]
                    directResponse: {status: 200, body: {string: "well"}}
                  - match: [{uri: {prefix: /api/}, headers: {x-version: {exact: "2"}}}]
                    rewrite: {uri: /}
                    timeout: 5s
                    retries: {attempts: 2, perTryTimeout: 1s}
                    route:
                    - {destination: {host: service-%2$d.many.test, port: {number: 80}}, weight: 90}
                    - {destination: {host: service-%3$d.many.test, port: {number: 80}}, weight: 10}
                  - route: [{destination: {host: service-%2$d.many.test, port: {number: 80}}}]
                """.formatted(number, number % SERVICES, (number + 1) % SERVICES);
    }
}
