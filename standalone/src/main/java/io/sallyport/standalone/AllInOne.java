package io.sallyport.standalone;

import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.inprocess.InProcessServerBuilder;
import io.sallyport.accesslog.CollectorServer;
import io.sallyport.accesslog.CollectorSettings;
import io.sallyport.accesslog.config.GrpcConfiguration;
import io.sallyport.accesslog.http.LogServlet;
import io.sallyport.accesslog.web.LogPage;
import io.sallyport.accesslog.web.PageDoor;
import io.sallyport.analysis.Inspections;
import io.sallyport.cli.DataDirectory;
import io.sallyport.cli.Terminal;
import io.sallyport.config.ConfigServer;
import io.sallyport.config.ConfigSettings;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.egress.EgressServer;
import io.sallyport.proto.xds.v1.Proxy;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.Readiness;
import io.sallyport.runtime.Version;
import io.sallyport.runtime.http.HttpServer;
import io.sallyport.runtime.http.Mount;
import io.sallyport.runtime.identity.ProxyLabels;
import io.sallyport.runtime.metric.Metrics;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import io.sallyport.runtime.rpc.ServerLimits;
import io.sallyport.runtime.rpc.TokenInterceptor;
import io.sallyport.runtime.telemetry.Telemetry;
import io.sallyport.secret.SecretServer;
import io.sallyport.secret.SecretSettings;
import io.sallyport.secret.store.SecretStoreException;
import io.sallyport.standalone.envoy.DoorUrl;
import io.sallyport.standalone.envoy.EnvoyBinary;
import io.sallyport.standalone.envoy.EnvoyFleet;
import io.sallyport.standalone.envoy.ProxyName;
import io.sallyport.standalone.names.NameRelay;
import io.sallyport.standalone.names.NameServers;
import io.sallyport.xds.XdsServer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The wiring of `up`: every service in one process, joined by in-process channels, its doors on loopback, and
/// the Envoys as children. Top to bottom in the order of the start.
final class AllInOne {

    /// The ports of the doors; 0 is chosen by the system.
    record Ports(int xds, int api, int http) {}

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long POLL_NANOS = 10_000_000L;

    private final Path directory;
    private final Terminal terminal;
    private final InstantSource clock;
    private final ServiceClients services;
    private final Liveness liveness;
    private final @Nullable EnvoyFleet fleet;
    private final @Nullable CollectorServer collector;
    private final DataDirectory.Endpoints doors;
    private final CountDownLatch platformKnown;
    // Where the page lets the first browser in; empty: there is none.
    private final String page;
    // A request to try, once the doors are known.
    private final AtomicReference<String> command;
    private final Announcer announcer;

    private AllInOne(
            Path directory,
            Terminal terminal,
            InstantSource clock,
            ServiceClients services,
            LongSupplier translated,
            @Nullable EnvoyFleet fleet,
            @Nullable CollectorServer collector,
            DataDirectory.Endpoints doors,
            PlatformFollower platform,
            CountDownLatch platformKnown,
            String page,
            AtomicReference<String> command,
            DirectoryLooks looks,
            Lifecycle lifecycle) {
        this.directory = directory;
        this.terminal = terminal;
        this.clock = clock;
        this.services = services;
        this.fleet = fleet;
        this.collector = collector;
        this.liveness = new Liveness(services, translated, platform::told, fleet);
        this.doors = doors;
        this.platformKnown = platformKnown;
        this.page = page;
        this.command = command;
        this.announcer = lifecycle.started("announcer", new Announcer(services, liveness, looks, terminal, clock));
    }

    static AllInOne start(
            Lifecycle lifecycle,
            Path directory,
            DataFolder folder,
            Ports ports,
            Optional<EnvoyBinary> envoy,
            ServiceSettings.LogChoices logChoices,
            Terminal terminal)
            throws IOException {
        var clock = terminal.clock();
        var instruments = Instruments.start(lifecycle);
        var metrics = instruments.metrics();
        var readiness = new Readiness();
        var token = folder.token(new SecureRandom());
        var probe = new AdminProbe();

        var inProcess = InProcessServerBuilder.generateName();
        var looks = new DirectoryLooks();
        var inspections = new Inspections();
        var config = lifecycle.started(
                "config-service",
                config(
                        ConfigSettings.local(folder.root(), directory),
                        looks,
                        inspections,
                        clock,
                        instruments.of("config")));
        var beside = new ConfigBeside(config);
        config.measure(metrics.registry());
        readiness.require("config-service", config::missing);
        lifecycle.started(
                "config in process",
                GrpcServer.inProcess(inProcess + "-config")
                        .serve(config.services())
                        .start("config"));
        var configChannel = Channels.inProcess(inProcess + "-config");
        lifecycle.started("config channel", configChannel::shutdownNow);

        var xds = lifecycle.started(
                "xds-service",
                new XdsServer(
                        configChannel, beside, inspections, probe, clock, new SecureRandom(), instruments.of("xds")));
        config.listen(new ChangesBeside(xds));
        xds.measure(metrics.registry());
        readiness.require("xds-service", xds::missing);

        var secrets = lifecycle.started(
                "secret-service",
                secrets(
                        SecretSettings.local(folder.root(), directory, masterKey(), fileRoots()),
                        Optional.of(configChannel),
                        ProxyLabels.NONE,
                        clock,
                        instruments.of("secret")));
        secrets.measure(metrics.registry());

        var channel = Channels.inProcess(inProcess);
        lifecycle.started("api channel", channel::shutdownNow);
        var collector = envoy.isPresent()
                ? lifecycle.started(
                        "accesslog-collector",
                        CollectorServer.start(
                                logChoices.over(CollectorSettings.local(folder.root(), BrokerProgram.find())),
                                new GrpcConfiguration(channel, channel, channel, clock),
                                clock,
                                new SecureRandom(),
                                instruments.of("accesslog").tracer()))
                : null;
        // The collector is asked by the way that everybody else asks it.
        var logs = Channels.inProcess(inProcess);
        lifecycle.started("log channel", logs::shutdownNow);
        var egress = lifecycle.started(
                "egress-policy-service",
                new EgressServer(
                        configChannel,
                        collector == null ? Optional.empty() : Optional.of(logs),
                        beside,
                        inspections,
                        clock,
                        new SecureRandom(),
                        instruments.of("egress")));
        egress.measure(metrics.registry());
        readiness.require("egress-policy-service", egress::missing);
        var proxyDoor = new ArrayList<BindableService>(xds.discovery());
        var api = new ArrayList<BindableService>(config.services());
        api.addAll(xds.api());
        api.addAll(secrets.api());
        api.addAll(egress.api());
        if (collector != null) {
            collector.measure(metrics.registry());
            proxyDoor.addAll(collector.receiver());
            api.addAll(collector.api());
        }
        lifecycle.started(
                "api in process", GrpcServer.inProcess(inProcess).serve(api).start("all"));
        var services = new ServiceClients(channel);

        var apiServer = lifecycle.started(
                "api", listen("api", ports.api(), ServerLimits.api(), api, metrics, new TokenInterceptor(token)));
        var xdsServer = lifecycle.started("xds", listenForProxies(ports.xds(), folder.root(), proxyDoor, metrics));
        lifecycle.started(
                "sds",
                GrpcServer.on(folder.secretSocket(), ServerLimits.sds())
                        .measured("sds", metrics)
                        .serve(secrets.discovery())
                        .start("sds"));
        lifecycle.started("sds streams", secrets::hangUp);
        var pageDoor = new PageDoor(List.of(token), new SecureRandom());
        var command = new AtomicReference<>("");
        var http = lifecycle.started(
                "http",
                HttpServer.start(
                        loopback(ports.http()),
                        readiness,
                        metrics,
                        Optional.of(token),
                        collector == null
                                ? List.of()
                                : List.of(
                                        new Mount(LogServlet.PATH, new LogServlet(channel), false),
                                        new Mount(
                                                LogPage.PATH,
                                                new LogPage(channel, pageDoor, clock, command::get),
                                                true))));
        var doors = new DataDirectory.Endpoints(
                "127.0.0.1:" + apiServer.port(), "127.0.0.1:" + xdsServer.port(), "127.0.0.1:" + http.port());
        new DataDirectory(folder.root()).publish(doors);

        var xdsAddress = loopback(xdsServer.port());
        var names =
                envoy.isPresent() ? List.of(names(lifecycle, folder, metrics, clock)) : List.<InetSocketAddress>of();
        var fleet = envoy.isPresent()
                ? lifecycle.started("envoys", EnvoyFleet.start(envoy.get(), folder, xdsAddress, names, clock))
                : null;
        var platformKnown = new CountDownLatch(1);
        var platform = lifecycle.started("platform", PlatformFollower.start(services, config::missing, wanted -> {
            if (fleet != null) {
                fleet.want(wanted.proxiesOrDefault());
            }
            platformKnown.countDown();
        }));
        probe.look(fleet, platform::told);
        if (fleet != null && collector != null) {
            lifecycle.started("log counters", LogCounters.start(fleet, collector.ledger(), clock));
        }
        return new AllInOne(
                directory,
                terminal,
                clock,
                services,
                xds::revision,
                fleet,
                collector,
                doors,
                platform,
                platformKnown,
                collector == null ? "" : pageDoor.link(token),
                command,
                looks,
                lifecycle);
    }

    private static ConfigServer config(
            ConfigSettings settings,
            DirectoryLooks looks,
            Inspections inspections,
            InstantSource clock,
            Telemetry telemetry)
            throws IOException {
        try {
            return ConfigServer.start(settings, looks, inspections, clock, telemetry);
        } catch (StoreUnavailableException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    static SecretServer secrets(
            SecretSettings settings,
            Optional<Channel> config,
            ProxyLabels labels,
            InstantSource clock,
            Telemetry telemetry)
            throws IOException {
        try {
            return SecretServer.start(settings, config, labels, clock, new SecureRandom(), telemetry);
        } catch (SecretStoreException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    static Optional<String> masterKey() {
        return Optional.ofNullable(System.getenv(SecretSettings.MASTER_KEY_VARIABLE));
    }

    private static Optional<List<Path>> fileRoots() {
        return Optional.ofNullable(System.getenv(SecretSettings.FILE_ROOTS_VARIABLE))
                .map(roots -> Arrays.stream(roots.split(":", -1))
                        .filter(root -> !root.isBlank())
                        .map(root -> Path.of(root).toAbsolutePath().normalize())
                        .toList());
    }

    // Like the port of discovery, the one of the last run comes first.
    private static InetSocketAddress names(Lifecycle lifecycle, DataFolder folder, Metrics metrics, InstantSource clock)
            throws IOException {
        var servers = NameServers.of(Path.of("/etc/resolv.conf"));
        NameRelay relay;
        try {
            relay = NameRelay.start(loopback(folder.namesPort()), servers, clock, new SecureRandom());
        } catch (IOException inUse) {
            relay = NameRelay.start(loopback(0), servers, clock, new SecureRandom());
        }
        lifecycle.started("names", relay);
        relay.measure(metrics.registry());
        folder.rememberNamesPort(relay.address().getPort());
        return relay.address();
    }

    // An Envoy that an earlier `up` left behind can only be adopted on the port that it knows.
    private static GrpcServer listenForProxies(int port, Path data, List<BindableService> discovery, Metrics metrics)
            throws IOException {
        if (port == 0) {
            var before = new DataDirectory(data)
                    .endpoints()
                    .map(DataDirectory.Endpoints::xds)
                    .orElse("");
            try {
                var known = before.isEmpty() ? 0 : Integer.parseInt(before.substring(before.lastIndexOf(':') + 1));
                return listen("xds", known, ServerLimits.xds(), discovery, metrics);
            } catch (IOException | NumberFormatException e) {
                return listen("xds", 0, ServerLimits.xds(), discovery, metrics);
            }
        }
        return listen("xds", port, ServerLimits.xds(), discovery, metrics);
    }

    private static GrpcServer listen(
            String name,
            int port,
            ServerLimits limits,
            List<BindableService> services,
            Metrics metrics,
            TokenInterceptor... guards)
            throws IOException {
        try {
            var server = GrpcServer.on(loopback(port), limits).measured(name, metrics);
            for (var guard : guards) {
                server.with(guard);
            }
            return server.serve(services).start(name);
        } catch (IOException e) {
            throw new IOException(
                    "port " + port + " of this machine is in use (expected: free it, or choose another with --" + name
                            + "-port)",
                    e);
        }
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /// Prints the doors, waits until the first revision is live, and then goes on telling changes.
    void announce(boolean isQuickstart) throws InterruptedException {
        platformKnown.await();
        var status = services.awaitStatus();
        var revision = status.getRevision();
        terminal.print("Sallyport " + Version.current() + " · " + shown(directory) + " · " + status.getResources()
                + " resources, revision " + revision);
        terminal.print("  api      " + local(doors.api()) + " (gRPC)   xds " + local(doors.xds()) + "   http "
                + local(doors.http()));
        if (!page.isEmpty()) {
            terminal.print("  page     " + url(doors.http()) + page);
        }
        announcer.tellMistakes(status);
        announcer.goOnTellingMistakes();
        var hasComplained = false;
        var started = Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
        var missing = liveness.missing(revision);
        while (!missing.isEmpty()) {
            if (!hasComplained && Duration.between(started, clock.instant()).compareTo(PATIENCE) > 0) {
                hasComplained = true;
                terminal.print("not ready after 30 s:");
                missing.forEach(line -> terminal.print("  " + line));
            }
            LockSupport.parkNanos(POLL_NANOS);
            missing = liveness.missing(revision);
        }
        if (fleet != null) {
            fleet.wanted().forEach(this::printDoor);
        }
        var took = Duration.between(started, clock.instant()).toMillis() / 1_000.0;
        terminal.print("ready in " + String.format(Locale.ROOT, "%.1f", took) + " s");
        printHint(isQuickstart);
        announcer.tellChanges(revision);
        if (collector != null) {
            collector.resume();
        }
    }

    private void printDoor(ProxyName proxy) {
        var addresses = liveness.listeners(proxy)
                .map(listeners -> listeners.addresses())
                .orElse(List.of());
        var listeners = addresses.isEmpty() ? List.<Listener>of() : services.listeners(proxy);
        var urls = addresses.stream()
                .filter(address -> DoorUrl.isBound(address, listeners))
                .map(address -> DoorUrl.of(address, listeners))
                .toList();
        urls.stream()
                .filter(url -> url.startsWith("http://"))
                .findFirst()
                .ifPresent(url -> command.compareAndSet("", "curl -i " + url + "/"));
        var seen = services.proxies().stream()
                .filter(one ->
                        one.getName().equals(proxy.name()) && one.getNamespace().equals(proxy.namespace()))
                .findFirst()
                .orElse(Proxy.getDefaultInstance());
        var isSidecar = seen.getKind() == Proxy.Kind.SIDECAR;
        terminal.print((isSidecar ? "  sidecar  " : "  gateway  ") + proxy + "   "
                + (urls.isEmpty() ? whyClosed(seen, isSidecar) : String.join(", ", urls) + refused(seen)));
    }

    private static String refused(Proxy proxy) {
        return proxy.getRejectionsCount() == 0 ? "" : "   Envoy refused others (./sallyport proxy-status says why)";
    }

    private static String whyClosed(Proxy proxy, boolean isSidecar) {
        if (proxy.getRejectionsCount() > 0) {
            return "Envoy refused its listeners (./sallyport proxy-status says why)";
        }
        return isSidecar
                ? "no listener yet (expected: listen with http-proxy, outbound, or the port of a service)"
                : "no listener yet (expected: a Gateway whose selector matches its labels)";
    }

    private void printHint(boolean isQuickstart) {
        terminal.print("");
        if (isQuickstart) {
            var items = "curl -H 'Host: shop.example.com' http://localhost:8080/api/items";
            command.set(items);
            terminal.print("Try:  " + items);
            terminal.print("      ./sallyport proxy-config route istio-ingressgateway");
        }
        terminal.print("Edit a file in " + shown(directory) + " and watch it go live. Ctrl-C stops everything.");
    }

    // As the user would name it: relative where that is shorter.
    private static Path shown(Path directory) {
        var here = Path.of("").toAbsolutePath();
        var absolute = directory.toAbsolutePath().normalize();
        return absolute.startsWith(here) && !absolute.equals(here) ? here.relativize(absolute) : directory;
    }

    private static String url(String address) {
        return "http://" + local(address);
    }

    private static String local(String address) {
        return address.replace("127.0.0.1:", "localhost:");
    }
}
