package io.sallyport.testkit.stack;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.sallyport.cli.DataDirectory;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ApplyResponse;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.xds.v1.AwaitLiveRequest;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.rpc.Channels;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A `sallyport up` as a child process, spoken to as its users do.
public final class Sallyport implements AutoCloseable {

    private static final int STOP_SECONDS = 30;

    private final Process process;
    private final DataDirectory.Endpoints endpoints;
    private final ManagedChannel channel;
    private final ConfigServiceGrpc.ConfigServiceBlockingStub config;
    private final ProxyServiceGrpc.ProxyServiceBlockingStub proxies;

    private Sallyport(Process process, DataDirectory data) throws IOException {
        this.process = process;
        this.endpoints = data.endpoints().orElseThrow();
        this.channel = Channels.to(address(endpoints.api()));
        var caller = ClientInterceptors.intercept(
                channel, Channels.bearing(BearerToken.of(data.token().orElseThrow())));
        this.config = ConfigServiceGrpc.newBlockingStub(caller);
        this.proxies = ProxyServiceGrpc.newBlockingStub(caller);
    }

    /// Starts it from this JVM's class path and waits for its `ready` line.
    public static Sallyport up(Path directory, Path data, String... flags) throws IOException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                "io.sallyport.standalone.Main",
                "up"));
        return start(command, directory, data, flags);
    }

    /// Starts it by its launcher, with the flags that users get; the current folder is the project's.
    public static Sallyport launched(Path directory, Path data, String... flags) throws IOException {
        return start(new ArrayList<>(List.of("./sallyport", "up")), directory, data, flags);
    }

    private static Sallyport start(List<String> command, Path directory, Path data, String... flags)
            throws IOException {
        command.addAll(List.of(directory.toString(), "--data", data.toString()));
        command.addAll(List.of("--xds-port", "0", "--api-port", "0", "--http-port", "0"));
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

    private static InetSocketAddress address(String hostAndPort) {
        var colon = hostAndPort.lastIndexOf(':');
        return new InetSocketAddress(
                hostAndPort.substring(0, colon), Integer.parseInt(hostAndPort.substring(colon + 1)));
    }

    public DataDirectory.Endpoints endpoints() {
        return endpoints;
    }

    public ProcessHandle process() {
        return process.toHandle();
    }

    public ConfigServiceGrpc.ConfigServiceBlockingStub config() {
        return config;
    }

    public ProxyServiceGrpc.ProxyServiceBlockingStub proxies() {
        return proxies;
    }

    public ApplyResponse apply(ApplyRequest request) {
        return config.apply(request);
    }

    /// Waits until every proxy runs the revision; the last message says so, or who does not and why.
    public AwaitLiveResponse awaitLive(long revision) {
        var messages = proxies.awaitLive(
                AwaitLiveRequest.newBuilder().setRevision(revision).build());
        var last = AwaitLiveResponse.getDefaultInstance();
        while (messages.hasNext()) {
            last = messages.next();
        }
        return last;
    }

    @Override
    public void close() {
        channel.shutdownNow();
        process.destroy();
        process.onExit()
                .orTimeout(STOP_SECONDS, TimeUnit.SECONDS)
                .exceptionally(_ -> process.destroyForcibly())
                .join();
    }
}
