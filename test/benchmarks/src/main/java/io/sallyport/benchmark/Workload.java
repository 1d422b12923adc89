package io.sallyport.benchmark;

import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The configuration of the bars: `size` VirtualServices with a host of their own and three routes each, a tenth as
/// many ServiceEntries with four static endpoints, one Gateway with one HTTP server for all hosts.
record Workload(int size) {

    private static final int CHUNK = 2_000;

    static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: edge, namespace: default}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            """;

    /// A VirtualService whose `/probe` answers `mark`, so that a change can be told from what was before.
    static String virtualService(int number, int services, String mark) {
        var destination = "svc-%d.bench.test".formatted(number % Math.max(1, services));
        return """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: host-%1$d, namespace: default}
                spec:
                  hosts: [host-%1$d.bench.test]
                  gateways: [edge]
                  http:
                  - match: [{uri: {exact: /probe}}]
                    directResponse: {status: 200, body: {string: "%2$s"}}
                  - match: [{uri: {prefix: /api}}]
                    route: [{destination: {host: %3$s, port: {number: 80}}}]
                  - route: [{destination: {host: %3$s, port: {number: 80}}}]
                """.formatted(number, mark, destination);
    }

    static String serviceEntry(int number) {
        return """
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: svc-%1$d, namespace: default}
                spec:
                  hosts: [svc-%1$d.bench.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: STATIC
                  endpoints:
                  - {address: 10.%2$d.%3$d.1}
                  - {address: 10.%2$d.%3$d.2}
                  - {address: 10.%2$d.%3$d.3}
                  - {address: 10.%2$d.%3$d.4}
                """.formatted(number, number / 250 % 250, number % 250);
    }

    int services() {
        return size / 10;
    }

    String changed(int number, String mark) {
        return virtualService(number, services(), mark);
    }

    /// Writes what belongs to the directory, one document a file: the Gateway and the ServiceEntries. The
    /// VirtualServices come by the API, since only their owner may change them.
    void writeFrame(Path directory) throws IOException {
        Files.writeString(directory.resolve("gateway.yaml"), GATEWAY);
        for (var n = 0; n < services(); n++) {
            Files.writeString(directory.resolve("svc-" + n + ".yaml"), serviceEntry(n));
        }
    }

    /// Writes everything, one document a file, as a directory source has it.
    void writeTo(Path directory) throws IOException {
        writeFrame(directory);
        for (var n = 0; n < size; n++) {
            Files.writeString(directory.resolve("host-" + n + ".yaml"), changed(n, "before"));
        }
    }

    /// The requests that bring all VirtualServices, some thousand each.
    Stream<ApplyRequest> hosts() {
        return IntStream.iterate(0, from -> from < size, from -> from + CHUNK).mapToObj(from -> {
            var request = ApplyRequest.newBuilder();
            for (var n = from; n < Math.min(size, from + CHUNK); n++) {
                request.addUpserts(resource(n, "before"));
            }
            return request.build();
        });
    }

    /// The request that makes the `/probe` of one VirtualService answer `mark`.
    ApplyRequest change(int number, String mark) {
        return ApplyRequest.newBuilder().addUpserts(resource(number, mark)).build();
    }

    private Resource resource(int number, String mark) {
        return Resource.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind("VirtualService")
                        .setNamespace("default")
                        .setName("host-" + number))
                .setSourceText(changed(number, mark))
                .setSourceName("bench.yaml")
                .setFirstLine(1)
                .build();
    }
}
