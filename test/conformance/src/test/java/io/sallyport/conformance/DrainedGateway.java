package io.sallyport.conformance;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.bootstrap.v3.Admin;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.Pipe;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.overload.v3.OverloadAction;
import io.envoyproxy.envoy.config.overload.v3.OverloadManager;
import io.envoyproxy.envoy.config.overload.v3.ResourceMonitor;
import io.envoyproxy.envoy.config.overload.v3.ScaleTimersOverloadActionConfig;
import io.envoyproxy.envoy.config.overload.v3.ScaleTimersOverloadActionConfig.TimerType;
import io.envoyproxy.envoy.config.overload.v3.ScaledTrigger;
import io.envoyproxy.envoy.config.overload.v3.Trigger;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.http.health_check.v3.HealthCheck;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.resource_monitors.injected_resource.v3.InjectedResourceConfig;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.LocalEnvoy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// An Envoy that stands for the pod of a gateway: it answers for its readiness on a port of its own, as the bootstrap
/// of the chart has it, and before it ends it runs the chart's `preStop` script, letter by letter.
final class DrainedGateway implements AutoCloseable {

    private static final Path SCRIPT =
            Path.of("../../deploy/charts/sallyport-gateway/files/drain.pl").toAbsolutePath();
    private static final int SETTLE_SECONDS = 1;
    private static final int LIMIT_SECONDS = 60;
    private static final int PROBE_MILLIS = 2_000;

    private final ChildProcess envoy;
    private final Path socket;
    private final int readinessPort;
    private final int httpPort;
    private final int secondPort;
    private final Path log;
    private CompletableFuture<String> leaving = CompletableFuture.completedFuture("still there");

    private DrainedGateway(ChildProcess envoy, Path socket, List<Integer> ports) {
        this.envoy = envoy;
        this.socket = socket;
        this.readinessPort = ports.get(0);
        this.httpPort = ports.get(1);
        this.secondPort = ports.get(2);
        this.log = socket.resolveSibling("drain.log");
    }

    /// Starts one; it is ready when this returns.
    static DrainedGateway start(Path folder, Bootstrap bootstrap) throws IOException {
        Files.createDirectories(folder);
        var ports = FreePorts.take(3);
        var socket = folder.resolve("admin.sock");
        var own = bootstrap.toBuilder();
        own.setAdmin(Admin.newBuilder()
                .setAddress(Address.newBuilder()
                        .setPipe(Pipe.newBuilder().setPath(socket.toString()).setMode(0600))));
        own.setOverloadManager(parting(folder.resolve("drain")));
        own.getStaticResourcesBuilder().getListenersBuilder(0).setAddress(address(ports.get(1)));
        own.getStaticResourcesBuilder().getListenersBuilder(1).setAddress(address(ports.get(2)));
        own.getStaticResourcesBuilder().addListeners(readiness(ports.get(0)));
        var file = Files.write(folder.resolve("bootstrap.pb"), own.build().toByteArray());
        var command = List.of(
                LocalEnvoy.path().toString(), "-c", file.toString(), "--concurrency", "1", "--disable-hot-restart");
        var envoy = ChildProcess.start(line -> line.contains("starting main dispatch loop"), command);
        return new DrainedGateway(envoy, socket, ports);
    }

    int httpPort() {
        return httpPort;
    }

    /// Of the second listener.
    int secondPort() {
        return secondPort;
    }

    /// What the kubelet asks.
    boolean isReady() {
        try (var probe = new Socket(InetAddress.getLoopbackAddress(), readinessPort)) {
            probe.setSoTimeout(PROBE_MILLIS);
            probe.getOutputStream()
                    .write("GET /healthz/ready HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            var status = probe.getInputStream().readNBytes("HTTP/1.1 200".length());
            return new String(status, StandardCharsets.US_ASCII).equals("HTTP/1.1 200");
        } catch (IOException gone) {
            return false;
        }
    }

    /// Does what Kubernetes does to a pod that has to go: the script, then a signal. Returns at once.
    void leave() throws IOException {
        leave(LIMIT_SECONDS);
    }

    /// The same, with another limit for connections that do not end.
    void leave(int limitSeconds) throws IOException {
        var script = new ProcessBuilder(
                        "perl",
                        SCRIPT.toString(),
                        socket.toString(),
                        String.valueOf(SETTLE_SECONDS),
                        String.valueOf(limitSeconds),
                        String.valueOf(readinessPort),
                        log.toString())
                .redirectErrorStream(true)
                .start();
        leaving = script.onExit().thenApply(ended -> {
            envoy.close();
            try (var words = ended.inputReader()) {
                return words.readAllAsString().strip();
            } catch (IOException e) {
                return e.toString();
            }
        });
    }

    /// What the script has logged up to now.
    String log() throws IOException {
        return Files.exists(log) ? Files.readString(log) : "";
    }

    /// What the script said, when it has ended.
    String lastWords() {
        return leaving.orTimeout(LIMIT_SECONDS * 2L, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        envoy.kill();
    }

    // Idle connections end soon once the script has written the file, and those over HTTP/2 are told to go away.
    private static OverloadManager parting(Path file) {
        var monitor = "envoy.resource_monitors.injected_resource";
        var scale = ScaleTimersOverloadActionConfig.newBuilder();
        for (var timer : List.of(TimerType.HTTP_DOWNSTREAM_CONNECTION_IDLE, TimerType.HTTP_DOWNSTREAM_CONNECTION_MAX)) {
            scale.addTimerScaleFactorsBuilder().setTimer(timer).setMinTimeout(Durations.fromSeconds(2));
        }
        return OverloadManager.newBuilder()
                .setRefreshInterval(Durations.fromMillis(250))
                .addResourceMonitors(ResourceMonitor.newBuilder()
                        .setName(monitor)
                        .setTypedConfig(Any.pack(InjectedResourceConfig.newBuilder()
                                .setFilename(file.toString())
                                .build())))
                .addActions(OverloadAction.newBuilder()
                        .setName("envoy.overload_actions.reduce_timeouts")
                        .setTypedConfig(Any.pack(scale.build()))
                        .addTriggers(Trigger.newBuilder()
                                .setName(monitor)
                                .setScaled(ScaledTrigger.newBuilder()
                                        .setScalingThreshold(0.5)
                                        .setSaturationThreshold(0.9))))
                .build();
    }

    private static Address address(int port) {
        return Address.newBuilder()
                .setSocketAddress(
                        SocketAddress.newBuilder().setAddress("127.0.0.1").setPortValue(port))
                .build();
    }

    private static Listener readiness(int port) {
        var check = HealthCheck.newBuilder()
                .setPassThroughMode(com.google.protobuf.BoolValue.of(false))
                .addHeaders(HeaderMatcher.newBuilder()
                        .setName(":path")
                        .setStringMatch(StringMatcher.newBuilder().setExact("/healthz/ready")))
                .build();
        var manager = HttpConnectionManager.newBuilder()
                .setStatPrefix("readiness")
                .setRouteConfig(RouteConfiguration.getDefaultInstance())
                .addHttpFilters(HttpFilter.newBuilder()
                        .setName("envoy.filters.http.health_check")
                        .setTypedConfig(Any.pack(check)))
                .addHttpFilters(HttpFilter.newBuilder()
                        .setName("envoy.filters.http.router")
                        .setTypedConfig(Any.pack(Router.getDefaultInstance())))
                .build();
        return Listener.newBuilder()
                .setName("readiness")
                .setAddress(address(port))
                .addFilterChains(FilterChain.newBuilder()
                        .addFilters(Filter.newBuilder()
                                .setName("envoy.filters.network.http_connection_manager")
                                .setTypedConfig(Any.pack(manager))))
                .build();
    }
}
