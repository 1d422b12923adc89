package io.sallyport.standalone;

import io.grpc.BindableService;
import io.grpc.Channel;
import io.sallyport.analysis.Inspections;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.config.ConfigServer;
import io.sallyport.config.ConfigSettings;
import io.sallyport.config.api.WatchBounds;
import io.sallyport.config.source.DirectoryListener;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.egress.EgressServer;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Logs;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import io.sallyport.secret.store.SecretStoreException;
import io.sallyport.standalone.names.NameRelay;
import io.sallyport.standalone.relay.GatewayRelay;
import io.sallyport.xds.XdsServer;
import io.sallyport.xds.status.LiveProbe;
import java.io.IOException;
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
            var doors = start(lifecycle, readiness);
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

    /// Starts one service in this process; answers its doors in words.
    static String start(Terminal terminal, Name name, Path settings, Lifecycle lifecycle, Readiness readiness)
            throws SettingsException, IOException {
        var command = new ServiceCommand(terminal);
        command.name = name;
        command.settings = settings;
        return command.start(lifecycle, readiness);
    }

    private String start(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        return switch (name) {
            case config -> config(lifecycle, readiness);
            case xds -> xds(lifecycle, readiness);
            case secret -> secret(lifecycle, readiness);
            case egress -> egress(lifecycle, readiness);
            case accesslog -> new AccessLogService(terminal.clock()).start(lifecycle, readiness, settings);
            case relay -> relay(lifecycle, readiness);
        };
    }

    private String config(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Config.class);
        var instruments = Instruments.start(lifecycle);
        var metrics = instruments.metrics();
        var doors = doors(wanted, lifecycle, metrics);
        var config = lifecycle.started("config-service", config(doors, wanted, instruments));
        config.measure(metrics.registry());
        readiness.require("config-service", config::missing);
        return serve(doors, readiness, wanted.grpc(), wanted.http(), config.services());
    }

    private Doors doors(Doors.Security security, Lifecycle lifecycle, Metrics metrics) throws IOException {
        return Doors.of(security, lifecycle, metrics, terminal.clock());
    }

    private ConfigServer config(Doors doors, ServiceSettings.Config wanted, Instruments instruments)
            throws SettingsException, IOException {
        var cluster = wanted.kubernetes();
        var status = cluster == null ? null : cluster.status();
        var xds = channel(doors, "xds", status == null ? null : status.xds());
        var secrets = channel(doors, "secret", status == null ? null : status.secret());
        try {
            var settings = new ConfigSettings(
                    wanted.store().settings(),
                    Optional.ofNullable(wanted.directory()),
                    cluster == null ? Optional.empty() : Optional.of(cluster.config(xds, secrets)),
                    WatchBounds.DEFAULT);
            return ConfigServer.start(
                    settings, DirectoryListener.SILENT, new Inspections(), terminal.clock(), instruments.of("config"));
        } catch (StoreUnavailableException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Optional<Channel> channel(Doors doors, String peer, @Nullable String address) throws IOException {
        return address == null ? Optional.empty() : Optional.of(doors.channel(peer, address));
    }

    private String xds(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Xds.class);
        var instruments = Instruments.start(lifecycle);
        var metrics = instruments.metrics();
        var doors = doors(wanted, lifecycle, metrics);
        var config = doors.channel("config", wanted.config());
        var xds = lifecycle.started(
                "xds-service",
                new XdsServer(
                        config,
                        LiveProbe.NONE,
                        doors.labels(),
                        terminal.clock(),
                        new SecureRandom(),
                        instruments.of("xds")));
        xds.measure(metrics.registry());
        readiness.require("xds-service", xds::missing);
        var proxies = doors.proxies("xds", wanted.xds(), ServerLimits.xds(), xds.discovery());
        return "xds " + shown(wanted.xds(), proxies.port()) + " · "
                + serve(doors, readiness, wanted.grpc(), wanted.http(), xds.api());
    }

    private String egress(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Egress.class);
        var instruments = Instruments.start(lifecycle);
        var metrics = instruments.metrics();
        var doors = doors(wanted, lifecycle, metrics);
        var config = doors.channel("config", wanted.config());
        var address = wanted.logs();
        var logs = address == null ? Optional.<Channel>empty() : Optional.of(doors.channel("accesslog", address));
        var egress = lifecycle.started(
                "egress-policy-service",
                new EgressServer(config, logs, terminal.clock(), new SecureRandom(), instruments.of("egress")));
        egress.measure(metrics.registry());
        readiness.require("egress-policy-service", egress::missing);
        return serve(doors, readiness, wanted.grpc(), wanted.http(), egress.api());
    }

    private String secret(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Secret.class);
        var address = wanted.config();
        var instruments = Instruments.start(lifecycle);
        var metrics = instruments.metrics();
        var doors = doors(wanted, lifecycle, metrics);
        var secrets = lifecycle.started(
                "secret-service",
                AllInOne.secrets(
                        wanted.settings(AllInOne.masterKey()),
                        address == null ? Optional.empty() : Optional.of(doors.channel("config", address)),
                        doors.labels(),
                        terminal.clock(),
                        instruments.of("secret")));
        secrets.measure(metrics.registry());
        var sds = doors.secrets(wanted.sds(), ServerLimits.sds(), secrets.discovery());
        lifecycle.started("sds streams", secrets::hangUp);
        return "sds " + sds + " · " + serve(doors, readiness, wanted.grpc(), wanted.http(), secrets.api());
    }

    private String relay(Lifecycle lifecycle, Readiness readiness) throws SettingsException, IOException {
        var wanted = Settings.read(settings, ServiceSettings.Relay.class);
        var instruments = Instruments.start(lifecycle);
        var metrics = instruments.metrics();
        var doors = doors(wanted, lifecycle, metrics);
        var relay = lifecycle.started("relay", relay(wanted, doors));
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

    private static GatewayRelay relay(ServiceSettings.Relay wanted, Doors doors) throws IOException {
        try {
            return new GatewayRelay(
                    wanted.files(AllInOne.masterKey(), new SecureRandom()),
                    doors.dial(wanted.discovery()),
                    doors.dialSecrets(wanted.secrets()));
        } catch (SecretStoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static String serve(
            Doors doors, Readiness readiness, String grpc, String http, List<BindableService> services)
            throws IOException {
        var api = doors.api(grpc, services);
        var door = doors.http(http, readiness, List.of());
        return "api " + shown(grpc, api.port()) + " · http " + shown(http, door.port());
    }

    static String shown(String address, int port) {
        return Doors.shown(ServiceSettings.any(address), port);
    }
}
