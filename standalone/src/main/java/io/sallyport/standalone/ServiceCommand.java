package io.sallyport.standalone;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.config.ConfigServer;
import io.sallyport.config.ConfigSettings;
import io.sallyport.config.api.WatchBounds;
import io.sallyport.config.source.DirectoryListener;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.egress.EgressServer;
import io.sallyport.runtime.BearerToken;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Logs;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import io.sallyport.runtime.rpc.TokenInterceptor;
import io.sallyport.secret.store.SecretStoreException;
import io.sallyport.standalone.names.NameRelay;
import io.sallyport.standalone.relay.GatewayRelay;
import io.sallyport.xds.XdsServer;
import io.sallyport.xds.status.LiveProbe;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `sallyport service NAME`: one service as its own process. The same classes as in `up`, joined by the network.
@Command(name = "service", description = "Runs one service as its own process.")
final class ServiceCommand implements Callable<Integer> {

    private static final long POLL_NANOS = 10_000_000L;

    /// The services there are.
    enum Name {
        config,
        xds,
        secret,
        egress,
        accesslog,
        relay
    }

    private final Terminal terminal;

    @Parameters(paramLabel = "NAME", description = "config, xds, secret, egress, accesslog or relay.")
    private Name name = Name.config;

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "The service's settings, YAML.")
    private Path settings = Path.of("");

    ServiceCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandFailedException, InterruptedException {
        Logs.bridge();
        var lifecycle = new Lifecycle().stopOnSignal();
        try {
            var readiness = new Readiness();
            var doors = switch (name) {
                case config -> config(lifecycle, readiness);
                case xds -> xds(lifecycle, readiness);
                case secret -> secret(lifecycle, readiness);
                case egress -> egress(lifecycle, readiness);
                case accesslog -> new AccessLogService(terminal.clock()).start(lifecycle, readiness, settings);
                case relay -> relay(lifecycle, readiness);
            };
            terminal.print("Sallyport " + name + " · " + doors);
            while (!readiness.missing().isEmpty()) {
                LockSupport.parkNanos(POLL_NANOS);
            }
            terminal.print("ready: " + name);
            new CountDownLatch(1).await();
            return ExitCode.OK;
        } catch (SettingsException | IOException | IllegalArgumentException e) {
            lifecycle.close();
            throw CommandFailedException.unable(String.valueOf(e.getMessage()));
        }
    }

    private String config(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Config.class);
        var metrics = lifecycle.started("metrics", new Metrics());
        var config = lifecycle.started("config-service", config(lifecycle, wanted));
        config.measure(metrics.registry());
        readiness.require("config-service", config::missing);
        return serve(
                lifecycle, readiness, metrics, wanted.grpc(), wanted.http(), wanted.tokenFile(), config.services());
    }

    private ConfigServer config(Lifecycle lifecycle, ServiceSettings.Config wanted) throws IOException {
        var cluster = wanted.kubernetes();
        var status = cluster == null ? null : cluster.status();
        var address = status == null ? null : status.xds();
        var xds = address == null
                ? Optional.<Channel>empty()
                : Optional.of(channel(lifecycle, "xds channel", address, wanted.tokenFile()));
        try {
            var settings = new ConfigSettings(
                    wanted.store().settings(),
                    Optional.ofNullable(wanted.directory()),
                    Optional.ofNullable(cluster).map(choices -> choices.config(xds)),
                    WatchBounds.DEFAULT);
            return ConfigServer.start(settings, DirectoryListener.SILENT, terminal.clock());
        } catch (StoreUnavailableException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private String xds(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Xds.class);
        var metrics = lifecycle.started("metrics", new Metrics());
        var config = config(lifecycle, wanted.config(), wanted.tokenFile());
        var xds = lifecycle.started(
                "xds-service", new XdsServer(config, LiveProbe.NONE, terminal.clock(), new SecureRandom()));
        xds.measure(metrics.registry());
        readiness.require("xds-service", xds::missing);
        var proxies = lifecycle.started(
                "xds",
                GrpcServer.on(ServiceSettings.loopback(wanted.xds()), ServerLimits.xds())
                        .measured("xds", metrics)
                        .serve(xds.discovery())
                        .start("xds"));
        return "xds 127.0.0.1:" + proxies.port() + " · "
                + serve(lifecycle, readiness, metrics, wanted.grpc(), wanted.http(), wanted.tokenFile(), xds.api());
    }

    private String egress(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Egress.class);
        var metrics = lifecycle.started("metrics", new Metrics());
        var config = channel(lifecycle, "config channel", wanted.config(), wanted.tokenFile());
        var address = wanted.logs();
        var logs = address == null
                ? Optional.<Channel>empty()
                : Optional.of(channel(lifecycle, "log channel", address, wanted.tokenFile()));
        var egress = lifecycle.started(
                "egress-policy-service", new EgressServer(config, logs, terminal.clock(), new SecureRandom()));
        egress.measure(metrics.registry());
        readiness.require("egress-policy-service", egress::missing);
        return serve(lifecycle, readiness, metrics, wanted.grpc(), wanted.http(), wanted.tokenFile(), egress.api());
    }

    private static Channel config(Lifecycle lifecycle, String address, @Nullable Path tokenFile) throws IOException {
        return channel(lifecycle, "config channel", address, tokenFile);
    }

    static Channel channel(Lifecycle lifecycle, String name, String address, @Nullable Path tokenFile)
            throws IOException {
        var channel = Channels.to(ServiceSettings.loopback(address));
        lifecycle.started(name, channel::shutdownNow);
        return token(tokenFile)
                .map(secret -> ClientInterceptors.intercept(channel, Channels.bearing(secret)))
                .orElse(channel);
    }

    private String secret(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Secret.class);
        var address = wanted.config();
        var metrics = lifecycle.started("metrics", new Metrics());
        var secrets = lifecycle.started(
                "secret-service",
                AllInOne.secrets(
                        wanted.settings(AllInOne.masterKey()),
                        address == null
                                ? Optional.empty()
                                : Optional.of(config(lifecycle, address, wanted.tokenFile())),
                        terminal.clock()));
        secrets.measure(metrics.registry());
        lifecycle.started(
                "sds",
                GrpcServer.on(wanted.sds(), ServerLimits.sds())
                        .measured("sds", metrics)
                        .serve(secrets.discovery())
                        .start("sds"));
        lifecycle.started("sds streams", secrets::hangUp);
        return "sds " + wanted.sds() + " · "
                + serve(lifecycle, readiness, metrics, wanted.grpc(), wanted.http(), wanted.tokenFile(), secrets.api());
    }

    private String relay(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Relay.class);
        var metrics = lifecycle.started("metrics", new Metrics());
        var relay = lifecycle.started("relay", relay(wanted));
        relay.measure(metrics.registry());
        readiness.require("relay", relay::missing);
        var proxies = lifecycle.started(
                "xds",
                GrpcServer.on(ServiceSettings.loopback(wanted.xds()), ServerLimits.xds())
                        .measured("xds", metrics)
                        .serve(relay.discovery())
                        .start("xds"));
        lifecycle.started(
                "sds",
                GrpcServer.on(wanted.sds(), ServerLimits.sds())
                        .measured("sds", metrics)
                        .serve(relay.secrets())
                        .start("sds"));
        var http = lifecycle.started(
                "http",
                HttpServer.start(ServiceSettings.loopback(wanted.http()), readiness, metrics, Optional.empty()));
        return "xds 127.0.0.1:" + proxies.port() + " · sds " + wanted.sds() + names(lifecycle, wanted, metrics)
                + " · http 127.0.0.1:" + http.port();
    }

    private String names(Lifecycle lifecycle, ServiceSettings.Relay wanted, Metrics metrics) throws IOException {
        var address = wanted.names();
        if (address == null) {
            return "";
        }
        var names = lifecycle.started(
                "names",
                NameRelay.start(
                        ServiceSettings.loopback(address), wanted.servers(), terminal.clock(), new SecureRandom()));
        names.measure(metrics.registry());
        return " · names 127.0.0.1:" + names.address().getPort();
    }

    private static GatewayRelay relay(ServiceSettings.Relay wanted) throws IOException {
        try {
            return new GatewayRelay(
                    wanted.files(AllInOne.masterKey(), new SecureRandom()),
                    Channels.to(ServiceSettings.loopback(wanted.discovery())),
                    Channels.to(wanted.secrets()));
        } catch (SecretStoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static String serve(
            Lifecycle lifecycle,
            Readiness readiness,
            Metrics metrics,
            String grpc,
            String http,
            @Nullable Path tokenFile,
            List<BindableService> services)
            throws IOException {
        var token = token(tokenFile);
        InetSocketAddress address = ServiceSettings.loopback(grpc);
        var server = GrpcServer.on(address, ServerLimits.api()).measured("api", metrics);
        token.ifPresent(secret -> server.with(new TokenInterceptor(secret)));
        var api = lifecycle.started("api", server.serve(services).start("api"));
        var door =
                lifecycle.started("http", HttpServer.start(ServiceSettings.loopback(http), readiness, metrics, token));
        return "api 127.0.0.1:" + api.port() + " · http 127.0.0.1:" + door.port();
    }

    static Optional<BearerToken> token(@Nullable Path file) throws IOException {
        return file == null ? Optional.empty() : Optional.of(BearerToken.readOrCreate(file, new SecureRandom()));
    }
}
