package io.sallyport.testkit.stack;

import com.google.common.collect.ImmutableSortedMap;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import io.sallyport.cli.DataDirectory;
import io.sallyport.model.Platform;
import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.standalone.envoy.EnvoyBootstrap;
import io.sallyport.testkit.net.FaultyWire;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// config-service, xds-service and one Envoy, each a process of its own that can be killed and started again on the
/// same ports and files. This is how Helm runs them, without Kubernetes.
public final class SeparateServices implements AutoCloseable {

    private static final String PROXY = "edge";
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int USERS = 200_000;
    private static final int THREADS = 1_000;

    /// The services that run alone.
    public enum Name {
        CONFIG("config"),
        XDS("xds"),
        SECRET("secret"),
        RELAY("relay"),
        EGRESS("egress");

        private final String word;

        Name(String word) {
            this.word = word;
        }
    }

    private final Path scratch;
    private final Map<Name, ChildProcess> running = new LinkedHashMap<>();
    private final List<Integer> ports;
    private final boolean isRelayed;
    // What the settings of a service say besides what all have.
    private final Map<Name, String> more = new EnumMap<>(Name.class);
    private List<InetSocketAddress> nameServers = List.of();
    private String home = "istio-system";
    private @Nullable Process envoy;
    private @Nullable FaultyWire configWire;
    private @Nullable FaultyWire discoveryWire;

    private SeparateServices(Path scratch, boolean isRelayed) throws IOException {
        this.scratch = scratch;
        this.isRelayed = isRelayed;
        this.ports = FreePorts.take(13);
    }

    /// Starts all three. The Envoy binds gateway port 80 as [#port()].
    public static SeparateServices start(Path scratch) throws IOException {
        return new SeparateServices(scratch, false).started(Name.CONFIG, Name.XDS);
    }

    /// The same with a wire between config-service and xds-service, and one between xds-service and the Envoy.
    public static SeparateServices wired(Path scratch) throws IOException {
        var services = new SeparateServices(scratch, false);
        services.configWire = new FaultyWire(services.configPort());
        services.discoveryWire = new FaultyWire(services.xdsPort());
        return services.started(Name.CONFIG, Name.XDS);
    }

    /// The wires, of services that were started with them.
    public List<FaultyWire> wires() {
        return Stream.of(configWire, discoveryWire).flatMap(Stream::ofNullable).toList();
    }

    /// Starts secret-service too, with a directory of secrets.
    public static SeparateServices withSecrets(Path scratch) throws IOException {
        return new SeparateServices(scratch, false).started(Name.CONFIG, Name.XDS, Name.SECRET);
    }

    /// The same with a relay between the Envoy and its services.
    public static SeparateServices withRelay(Path scratch) throws IOException {
        return new SeparateServices(scratch, true).started(Name.CONFIG, Name.XDS, Name.SECRET, Name.RELAY);
    }

    /// Starts config-service, xds-service and an Envoy that looks names up at this server alone.
    public static SeparateServices withNames(Path scratch, InetSocketAddress nameServer) throws IOException {
        var services = new SeparateServices(scratch, false);
        services.nameServers = List.of(nameServer);
        return services.started(Name.CONFIG, Name.XDS);
    }

    /// Starts config-service, xds-service and an Envoy for what an API server has in some namespaces.
    public static SeparateServices inCluster(Path scratch, Path kubeconfig, List<String> namespaces)
            throws IOException {
        var services = new SeparateServices(scratch, false);
        services.follow(kubeconfig, namespaces, "");
        return services.started(Name.CONFIG, Name.XDS);
    }

    /// The same with an Envoy in the first of `gateways`, and secret-service, which reads Secrets in these alone. Each
    /// service has a kubeconfig of its own.
    public static SeparateServices inCluster(
            Path scratch, Path config, Path secret, List<String> namespaces, List<String> gateways) throws IOException {
        var services = new SeparateServices(scratch, false);
        services.home = gateways.getFirst();
        services.follow(config, namespaces, ", secret: \"127.0.0.1:%d\"".formatted(services.secretPort()));
        services.more.put(Name.SECRET, """
                kubernetes:
                  kubeconfig: %s
                  namespaces: [%s]
                """.formatted(secret, String.join(", ", gateways)));
        return services.started(Name.CONFIG, Name.XDS, Name.SECRET);
    }

    private void follow(Path kubeconfig, List<String> namespaces, String more) {
        this.more.put(Name.CONFIG, """
                kubernetes:
                  kubeconfig: %s
                  namespaces: [%s]
                  rootNamespace: %s
                  status: {namespace: %s, xds: "127.0.0.1:%d"%s}
                """.formatted(
                        kubeconfig,
                        String.join(", ", namespaces),
                        namespaces.getFirst(),
                        namespaces.getFirst(),
                        xdsApiPort(),
                        more));
    }

    private SeparateServices started(Name... names) throws IOException {
        try {
            writeSettings();
            for (var name : names) {
                start(name);
            }
            startEnvoy();
            return this;
        } catch (IOException failed) {
            close();
            throw failed;
        }
    }

    /// The local port of gateway port 443.
    public int tlsPort() {
        return ports.get(6);
    }

    /// Where secret-service answers its API.
    public int secretPort() {
        return ports.get(7);
    }

    /// The directory that secret-service follows.
    public Path secrets() {
        return scratch.resolve("secrets-source");
    }

    /// The process of a service.
    public ProcessHandle process(Name name) {
        var service = running.get(name);
        if (service == null) {
            throw new IllegalStateException(name + " does not run");
        }
        return service.process();
    }

    /// Where config-service answers its API.
    public int configPort() {
        return ports.get(0);
    }

    private int xdsApiPort() {
        return ports.get(1);
    }

    /// Where xds-service answers proxies.
    public int xdsPort() {
        return ports.get(2);
    }

    /// Where a service answers probes and shows its metrics.
    public int httpPort(Name name) {
        return switch (name) {
            case CONFIG -> ports.get(4);
            case XDS -> ports.get(5);
            case SECRET -> ports.get(8);
            case RELAY -> ports.get(10);
            case EGRESS -> ports.get(12);
        };
    }

    /// The local port of gateway port 80.
    public int port() {
        return ports.get(3);
    }

    private void writeSettings() throws IOException {
        var token = Files.createDirectories(scratch.resolve("data")).resolve("token");
        writeSettings(Name.CONFIG, """
                grpc: 127.0.0.1:%d
                http: 127.0.0.1:%d
                tokenFile: %s
                store: {file: %s}
                """.formatted(configPort(), ports.get(4), token, scratch.resolve("data/config.db")));
        writeSettings(
                Name.XDS, """
                xds: 127.0.0.1:%d
                grpc: 127.0.0.1:%d
                http: 127.0.0.1:%d
                config: 127.0.0.1:%d
                tokenFile: %s
                """.formatted(xdsPort(), xdsApiPort(), ports.get(5), port(configWire, configPort()), token));
        writeSettings(Name.SECRET, """
                sds: %s
                grpc: 127.0.0.1:%d
                http: 127.0.0.1:%d
                store: %s
                directory: %s
                config: 127.0.0.1:%d
                tokenFile: %s
                """.formatted(
                        secretSocket(),
                        secretPort(),
                        ports.get(8),
                        scratch.resolve("data/secrets"),
                        Files.createDirectories(secrets()),
                        configPort(),
                        token));
        writeSettings(Name.EGRESS, """
                grpc: 127.0.0.1:%d
                http: 127.0.0.1:%d
                config: 127.0.0.1:%d
                tokenFile: %s
                """.formatted(egressPort(), ports.get(12), configPort(), token));
        writeSettings(Name.RELAY, """
                xds: 127.0.0.1:%d
                sds: %s
                http: 127.0.0.1:%d
                discovery: 127.0.0.1:%d
                secrets: %s
                store: %s
                """.formatted(
                        ports.get(9), relaySocket(), ports.get(10), xdsPort(), secretSocket(), relayStore()));
    }

    /// Where egress-policy-service answers its API.
    public int egressPort() {
        return ports.get(11);
    }

    private void writeSettings(Name name, String text) throws IOException {
        Files.writeString(settings(name), text + more.getOrDefault(name, ""));
    }

    private static int port(@Nullable FaultyWire wire, int port) {
        return wire == null ? port : wire.port();
    }

    /// Where the relay keeps what the Envoy took.
    public Path relayStore() {
        return scratch.resolve("data/relay");
    }

    private Path settings(Name name) {
        return scratch.resolve(name.word + ".yaml");
    }

    /// Starts a service and waits until it says that it is ready.
    public void start(Name name) throws IOException {
        start(name, List.of(), List.of());
    }

    /// The same with no more than so many open files, sockets among them.
    public void startWithOpenFiles(Name name, int limit) throws IOException {
        start(name, List.of("sh", "-c", "ulimit -n " + limit + " && exec \"$0\" \"$@\""), List.of());
    }

    /// The same with so much heap, and the end that a chart gives to a process that runs out of it. The buffers
    /// of connections have room beside it: they would be short first, which ends nothing but the call.
    public void startWithHeap(Name name, int megabytes) throws IOException {
        start(
                name,
                List.of(),
                List.of("-Xmx" + megabytes + "m", "-XX:MaxDirectMemorySize=512m", "-XX:+ExitOnOutOfMemoryError"));
    }

    /// The same as a user of its own, with the rights to files that it needs and no others: the number of threads of
    /// root has no limit. Needs root.
    public void startAsUser(Name name) throws IOException {
        var words = new ArrayList<>(user());
        words.addAll(List.of("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"));
        words.addAll(List.of("--bounding-set=-all,+dac_override", "prlimit", "--nproc=" + THREADS));
        start(name, words, List.of());
    }

    /// From now on a service that runs as a user of its own can start no further thread and no process. It keeps those
    /// that it has.
    public void refuseThreads(Name name) throws IOException, InterruptedException {
        limitThreads(name, 1);
    }

    /// Takes that back.
    public void allowThreads(Name name) throws IOException, InterruptedException {
        limitThreads(name, THREADS);
    }

    private void limitThreads(Name name, int limit) throws IOException, InterruptedException {
        var words = new ArrayList<>(user());
        words.addAll(List.of("prlimit", "--pid", String.valueOf(process(name).pid()), "--nproc=" + limit + ":"));
        var run = new ProcessBuilder(words).redirectErrorStream(true).start();
        var said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (run.waitFor() != 0) {
            throw new IOException("no limit of threads: " + said.strip());
        }
    }

    /// How many threads a service has.
    public long threads(Name name) throws IOException {
        try (var threads = Files.list(Path.of("/proc/" + process(name).pid() + "/task"))) {
            return threads.count();
        }
    }

    // Nobody else's: threads are counted by user.
    private List<String> user() {
        var id = String.valueOf(USERS + configPort());
        return List.of("setpriv", "--reuid", id, "--regid", id, "--clear-groups");
    }

    private void start(Name name, List<String> prefix, List<String> flags) throws IOException {
        running.put(
                name,
                ChildProcess.java(
                        line -> line.startsWith("ready"),
                        prefix,
                        flags,
                        List.of("service", name.word, "--config", settings(name).toString())));
    }

    /// Ends a service as a power cut would.
    public void kill(Name name) {
        var service = running.remove(name);
        if (service == null) {
            throw new IllegalStateException(name + " does not run");
        }
        service.kill();
    }

    /// The command line that speaks to both.
    public Shell shell() throws IOException {
        var data = scratch.resolve("data");
        new DataDirectory(data)
                .publish(new DataDirectory.Endpoints("127.0.0.1:" + configPort(), "127.0.0.1:" + xdsPort(), ""));
        return new Shell(data, "--xds-server", "127.0.0.1:" + xdsApiPort());
    }

    /// Starts the Envoy with a bootstrap that `sallyport bootstrap` would print.
    public void startEnvoy() throws IOException {
        startEnvoy(bootstrap());
    }

    /// The same, with all that Envoy can count. Gateways leave most of it out, the numbers of each subscription too.
    public void startEnvoyThatCountsAll() throws IOException {
        var all = Struct.newBuilder();
        JsonFormat.parser().merge(bootstrap(), all);
        startEnvoy(JsonFormat.printer().print(all.removeFields("stats_config")));
    }

    private String bootstrap() {
        var proxy = new Platform.Proxy(
                PROXY,
                home,
                ImmutableSortedMap.of("istio", "ingressgateway"),
                Platform.ProxyKind.router,
                "127.0.0.1",
                ImmutableSortedMap.of("80", port(), "443", tlsPort()));
        var discovery = new InetSocketAddress(
                InetAddress.getLoopbackAddress(), isRelayed ? ports.get(9) : port(discoveryWire, xdsPort()));
        var secrets = isRelayed ? relaySocket() : secretSocket();
        var usual = EnvoyBootstrap.of(
                proxy,
                new EnvoyBootstrap.Doors(discovery, secrets, adminSocket()),
                new EnvoyBootstrap.Limits(10_000, 1L << 30));
        return (nameServers.isEmpty() ? usual : usual.withNameServers(nameServers)).json();
    }

    private void startEnvoy(String bootstrap) throws IOException {
        var file = Files.writeString(scratch.resolve("envoy.json"), bootstrap);
        Files.deleteIfExists(adminSocket());
        envoy = new ProcessBuilder(
                        LocalEnvoy.path().toString(),
                        "-c",
                        file.toString(),
                        "--disable-hot-restart",
                        "--concurrency",
                        "1",
                        "--log-level",
                        "warning")
                .redirectErrorStream(true)
                .redirectOutput(scratch.resolve("envoy.log").toFile())
                .start();
    }

    // Unix sockets have short paths, shorter than temporary folders can be.
    private Path adminSocket() {
        return Path.of(System.getProperty("java.io.tmpdir"), "sallyport-envoy-" + port() + ".sock");
    }

    /// Where secret-service answers proxies.
    public Path secretSocket() {
        return Path.of(System.getProperty("java.io.tmpdir"), "sallyport-sds-" + port() + ".sock");
    }

    private Path relaySocket() {
        return Path.of(System.getProperty("java.io.tmpdir"), "sallyport-relay-" + port() + ".sock");
    }

    /// Envoy's answer to a question at its admin socket.
    public String admin(String path) throws IOException {
        return new AdminSocket(adminSocket(), PATIENCE).get(path);
    }

    public void killEnvoy() {
        var process = envoy;
        if (process != null) {
            process.destroyForcibly();
            process.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        }
    }

    /// The name under which proxy-status lists the Envoy.
    public static String proxy() {
        return PROXY + ".istio-system";
    }

    /// Envoy's counters whose name has one of these parts, as `name: value` lines.
    public List<String> counters(String... parts) throws IOException {
        var found = new ArrayList<String>();
        new AdminSocket(adminSocket(), PATIENCE).get("/stats").lines().forEach(line -> {
            for (var part : parts) {
                if (line.contains(part)) {
                    found.add(line);
                    return;
                }
            }
        });
        return found;
    }

    @Override
    public void close() {
        killEnvoy();
        running.values().forEach(ChildProcess::kill);
        running.clear();
        wires().forEach(FaultyWire::close);
        for (var socket : List.of(adminSocket(), secretSocket(), relaySocket())) {
            try {
                Files.deleteIfExists(socket);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
