package io.sallyport.benchmark;

import io.grpc.CallCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.sallyport.cli.DataDirectory;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// A `sallyport up` of its own, as a child process with the flags its users get, so that its processor time and memory
/// are its own too.
final class Sallyport implements AutoCloseable {

    private static final int MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

    private final Process process;
    private final DataDirectory data;
    private final DataDirectory.Endpoints endpoints;
    private final ManagedChannel api;
    private final ConfigServiceGrpc.ConfigServiceBlockingStub config;

    private Sallyport(Process process, DataDirectory data) throws IOException {
        this.process = process;
        this.data = data;
        this.endpoints = data.endpoints().orElseThrow();
        this.api = NettyChannelBuilder.forTarget(endpoints.api())
                .usePlaintext()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .build();
        this.config = ConfigServiceGrpc.newBlockingStub(api)
                .withCallCredentials(new Bearer(data.token().orElseThrow()));
    }

    /// Starts it on a directory and waits for its `ready` line.
    static Sallyport up(Path directory, Path data, String... flags) throws IOException {
        var command = new ArrayList<String>(List.of(
                "./sallyport",
                "up",
                directory.toString(),
                "--data",
                data.toString(),
                "--xds-port",
                "0",
                "--api-port",
                "0",
                "--http-port",
                "0"));
        command.addAll(List.of(flags));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        awaitReady(process);
        return new Sallyport(process, new DataDirectory(data));
    }

    private static void awaitReady(Process process) throws IOException {
        var seen = new StringBuilder();
        var reader = new BufferedReader(process.inputReader(StandardCharsets.UTF_8));
        for (var line = reader.readLine(); line != null; line = reader.readLine()) {
            seen.append(line).append('\n');
            if (line.startsWith("ready")) {
                Thread.ofVirtual().start(() -> drain(reader));
                return;
            }
        }
        throw new IOException("sallyport up ended before it was ready:\n" + seen);
    }

    private static void drain(BufferedReader reader) {
        try {
            while (reader.readLine() != null) {
                // Its later lines are not wanted, but it must not wait for a reader.
            }
        } catch (IOException closed) {
            // It has ended.
        }
    }

    DataDirectory.Endpoints endpoints() {
        return endpoints;
    }

    Path data() {
        return data.root();
    }

    ProcessUsage usage() {
        return new ProcessUsage(process.pid());
    }

    /// Usage of its only child: the Envoy.
    ProcessUsage envoyUsage() {
        return new ProcessUsage(process.children().findFirst().orElseThrow().pid());
    }

    /// Applies one VirtualService and returns when that is acknowledged.
    long apply(String name, String text) {
        return apply(List.of(resource(name, text)));
    }

    long apply(List<Resource> resources) {
        return config.apply(ApplyRequest.newBuilder().addAllUpserts(resources).build())
                .getRevision();
    }

    static Resource resource(String name, String text) {
        return Resource.newBuilder()
                .setRef(ResourceRef.newBuilder()
                        .setKind("VirtualService")
                        .setNamespace("default")
                        .setName(name))
                .setSourceText(text)
                .setSourceName("bench.yaml")
                .setFirstLine(1)
                .build();
    }

    @Override
    public void close() {
        api.shutdownNow();
        process.destroy();
        process.onExit()
                .orTimeout(20, TimeUnit.SECONDS)
                .exceptionally(_ -> process.destroyForcibly())
                .join();
    }

    private static final class Bearer extends CallCredentials {

        private static final Metadata.Key<String> AUTHORIZATION =
                Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

        private final String token;

        Bearer(String token) {
            this.token = token;
        }

        @Override
        public void applyRequestMetadata(RequestInfo request, Executor executor, MetadataApplier applier) {
            var metadata = new Metadata();
            metadata.put(AUTHORIZATION, "Bearer " + token);
            applier.apply(metadata);
        }
    }
}
