package io.sallyport.testkit.stack;

import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.sallyport.cli.DataDirectory;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ApplyResponse;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc;
import io.sallyport.proto.xds.v1.AwaitLiveRequest;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.ProxyServiceGrpc;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.rpc.Channels;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A `sallyport up` as a child process, spoken to as its users do.
public final class Sallyport implements AutoCloseable {

    private final ChildProcess process;
    private final Path data;
    private final DataDirectory.Endpoints endpoints;
    private final ManagedChannel channel;
    private final ConfigServiceGrpc.ConfigServiceBlockingStub config;
    private final ProxyServiceGrpc.ProxyServiceBlockingStub proxies;
    private final EgressPolicyServiceGrpc.EgressPolicyServiceBlockingStub egress;

    private Sallyport(ChildProcess process, Path folder) throws IOException {
        var data = new DataDirectory(folder);
        this.process = process;
        this.data = folder;
        this.endpoints = data.endpoints().orElseThrow();
        this.channel = Channels.to(address(endpoints.api()));
        var caller = ClientInterceptors.intercept(
                channel, Channels.bearing(BearerToken.of(data.token().orElseThrow())));
        this.config = ConfigServiceGrpc.newBlockingStub(caller);
        this.proxies = ProxyServiceGrpc.newBlockingStub(caller);
        this.egress = EgressPolicyServiceGrpc.newBlockingStub(caller);
    }

    /// Starts it from this JVM's class path and waits for its `ready` line.
    public static Sallyport up(Path directory, Path data, String... flags) throws IOException {
        return new Sallyport(ChildProcess.java(Sallyport::isReady, words("up", directory, data, flags)), data);
    }

    /// Starts it by its launcher, with the flags that users get; the current folder is the project's.
    public static Sallyport launched(Path directory, Path data, String... flags) throws IOException {
        var command = new ArrayList<>(List.of("./sallyport"));
        command.addAll(words("up", directory, data, flags));
        return new Sallyport(ChildProcess.start(Sallyport::isReady, command), data);
    }

    private static List<String> words(String command, Path directory, Path data, String... flags) {
        var words = new ArrayList<>(List.of(command, directory.toString(), "--data", data.toString()));
        words.addAll(List.of("--xds-port", "0", "--api-port", "0", "--http-port", "0"));
        words.addAll(List.of(flags));
        return words;
    }

    private static boolean isReady(String line) {
        return line.startsWith("ready");
    }

    private static InetSocketAddress address(String hostAndPort) {
        var colon = hostAndPort.lastIndexOf(':');
        return new InetSocketAddress(
                hostAndPort.substring(0, colon), Integer.parseInt(hostAndPort.substring(colon + 1)));
    }

    public DataDirectory.Endpoints endpoints() {
        return endpoints;
    }

    /// What it printed until it was ready.
    public String firstLines() {
        return process.firstLines();
    }

    public ProcessHandle process() {
        return process.process();
    }

    /// The command line beside it.
    public Shell shell() {
        return new Shell(data);
    }

    /// Ends it as a power cut would; its Envoys stay.
    public void kill() {
        channel.shutdownNow();
        process.kill();
    }

    public ConfigServiceGrpc.ConfigServiceBlockingStub config() {
        return config;
    }

    public ProxyServiceGrpc.ProxyServiceBlockingStub proxies() {
        return proxies;
    }

    public EgressPolicyServiceGrpc.EgressPolicyServiceBlockingStub egress() {
        return egress;
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
        process.close();
    }
}
