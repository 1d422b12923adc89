package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.analysis.text.AutoAddresses;
import io.sallyport.model.Platform;
import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.standalone.envoy.EnvoyBootstrap;
import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.testkit.tls.Wallet;
import io.sallyport.translation.egress.Lockdown;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Clients that know of no proxy, in a network namespace with the rules of `deploy/redirect`, a real
/// Sallyport and a real Envoy that runs as a user of its own. Another namespace plays the world and tells
/// everybody which address was dialled.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("E6")
@Tag("M6")
@Tag("P13")
@Tag("P15")
@Tag("E1")
class RedirectedTrafficTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int PROXY = 1337;
    private static final int CLIENT = 65_534;
    private static final int NEIGHBOUR = 65_533;
    private static final int OUTBOUND = 15_001;
    private static final int XDS = 15_010;
    private static final int API = 15_016;
    private static final String WORLD = "192.0.2.1";
    private static final String HERE = "198.51.100.10";
    private static final String ELSEWHERE = "198.51.100.20";
    private static final String DATABASE = "198.51.100.30";

    private static final String HERE_6 = "2001:db8:0:0:0:0:0:10";
    private static final String METADATA = "169.254.169.254";
    private static final boolean SPEAKS_6 = Files.exists(Path.of("/proc/net/if_inet6"));

    private static final String ENTRIES = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: original, namespace: default}
            spec:
              hosts: [www.google.com, metadata.test]
              ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
              resolution: NONE
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: fixed, namespace: default}
            spec:
              hosts: [fixed.test]
              ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
              resolution: STATIC
              endpoints: [{address: 198.51.100.20}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: database, namespace: default}
            spec:
              hosts: [database.test]
              addresses: [198.51.100.30]
              ports: [{number: 5432, name: tcp, protocol: TCP}]
              resolution: NONE
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: orders, namespace: default}
            spec:
              hosts: [orders.test]
              ports: [{number: 6000, name: tcp, protocol: TCP}]
              resolution: STATIC
              endpoints: [{address: 198.51.100.20, ports: {tcp: 5432}}]
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {name: users, namespace: default}
            spec:
              hosts: [users.test]
              ports: [{number: 6000, name: tcp, protocol: TCP}]
              resolution: STATIC
              endpoints: [{address: 198.51.100.30, ports: {tcp: 5432}}]
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                outboundTrafficPolicy: {mode: MODE}
            """;

    private final List<AutoCloseable> open = new ArrayList<>();
    private Path scratch;
    private Path authority;
    private NetworkNamespace inside;

    @BeforeAll
    void start(@TempDir Path scratch) throws Exception {
        NetworkNamespace.require("unshare", "nsenter", "setpriv", "ip", "nft", "iptables", "curl", "bash");
        this.scratch = scratch;
        // Another user runs Envoy, and reads what it needs.
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
        var wallet = Wallet.in(Files.createDirectories(scratch.resolve("wallet")));
        authority = wallet.authority("ca");
        inside = opened(NetworkNamespace.open());
        var world = opened(NetworkNamespace.open());
        cable(inside, world);
        var own = wallet.issued(new Wallet.Wish(List.of("www.google.com", "fixed.test", "other.test"), "ca"));
        opened(ChildProcess.start(
                OutsideWorld.READY::equals,
                world.words(java(
                        OutsideWorld.class.getName(),
                        own.certificate().toString(),
                        own.key().toString()))));
        var directory = Files.createDirectories(scratch.resolve("config"));
        Files.writeString(
                directory.resolve("sallyport.yaml"),
                "proxies: [{name: sleep, namespace: default, kind: sidecar, address: '%s', listen: {outbound: %d}}]\n"
                        .formatted(bind(), OUTBOUND));
        become("REGISTRY_ONLY");
        opened(ChildProcess.start(
                line -> line.startsWith("ready"),
                inside.words(java(
                        "io.sallyport.standalone.Main",
                        "up",
                        directory.toString(),
                        "--data",
                        data(),
                        "--no-envoy",
                        "--xds-port",
                        String.valueOf(XDS),
                        "--api-port",
                        String.valueOf(API),
                        "--http-port",
                        "0"))));
        startEnvoy();
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.addFirst(part);
        return part;
    }

    @AfterAll
    void stop() throws Exception {
        for (var part : open) {
            part.close();
        }
    }

    private static void cable(NetworkNamespace inside, NetworkNamespace world) throws Exception {
        inside.must("ip", "link", "add", "out0", "type", "veth", "peer", "name", "in0", "netns", "" + world.pid());
        inside.must("ip", "addr", "add", "192.0.2.2/24", "dev", "out0");
        inside.must("ip", "link", "set", "out0", "up");
        inside.must("ip", "route", "add", "default", "via", WORLD);
        if (SPEAKS_6) {
            inside.must("ip", "addr", "add", "2001:db8::2/64", "dev", "out0", "nodad");
            world.must("ip", "addr", "add", HERE_6 + "/64", "dev", "in0", "nodad");
        }
        world.must("ip", "addr", "add", WORLD + "/24", "dev", "in0");
        for (var address : List.of(HERE, ELSEWHERE, DATABASE, METADATA)) {
            world.must("ip", "addr", "add", address + "/32", "dev", "in0");
        }
        world.must("ip", "link", "set", "in0", "up");
    }

    private static String bind() {
        return SPEAKS_6 ? "::" : "127.0.0.1";
    }

    private static List<String> java(String... words) {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(words));
        return command;
    }

    private String data() {
        return scratch.resolve("data").toString();
    }

    private void startEnvoy() throws IOException {
        var run = Files.createDirectory(scratch.resolve("run"));
        Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxrwxrwx"));
        var admin = run.resolve("admin.sock");
        var proxy = new Platform.Proxy(
                "sleep",
                "default",
                ImmutableSortedMap.of(),
                Platform.ProxyKind.sidecar,
                bind(),
                ImmutableSortedMap.of("outbound", OUTBOUND));
        Files.writeString(
                scratch.resolve("envoy.json"),
                EnvoyBootstrap.of(
                                proxy,
                                new EnvoyBootstrap.Doors(
                                        new InetSocketAddress(InetAddress.getLoopbackAddress(), XDS),
                                        run.resolve("sds.sock"),
                                        admin),
                                new EnvoyBootstrap.Limits(1_000, 1L << 30))
                        .json());
        var envoy = new ProcessBuilder(inside.wordsAs(
                        PROXY,
                        List.of(
                                readable(LocalEnvoy.path()).toString(),
                                "-c",
                                scratch.resolve("envoy.json").toString(),
                                "--disable-hot-restart",
                                "--concurrency",
                                "1",
                                "--log-level",
                                "warning")))
                .redirectErrorStream(true)
                .redirectOutput(scratch.resolve("envoy.log").toFile())
                .start();
        opened(envoy::destroyForcibly);
        await("Envoy")
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() -> new AdminSocket(admin, Duration.ofSeconds(5))
                        .get("/ready")
                        .contains("LIVE"));
    }

    // A clone may lie where no other user comes.
    private Path readable(Path envoy) throws IOException {
        var copy = scratch.resolve("envoy");
        Files.copy(envoy, copy);
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
        return copy;
    }

    // By the directory that Sallyport follows.
    private void become(String mode) throws IOException {
        Files.writeString(entries(), ENTRIES.replace("MODE", mode));
    }

    private Path entries() {
        return scratch.resolve("config/entries.yaml");
    }

    private NetworkNamespace.Outcome rules(String... words) throws Exception {
        var command = new ArrayList<>(List.of(script().toString()));
        command.addAll(List.of(words));
        return NetworkNamespace.run(inside.words(command));
    }

    private static Path script() {
        for (var folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            var found = folder.resolve("deploy/redirect/redirect.sh");
            if (Files.isExecutable(found)) {
                return found;
            }
        }
        throw new IllegalStateException("no deploy/redirect/redirect.sh (expected: the tests run in the project)");
    }

    @Test
    @Tag("E5")
    @Tag("S48")
    @Tag("S49")
    @Tag("V10")
    void connectionsThatAreRedirectedAreJudgedAndKeepTheirDestination() throws Exception {
        var tools = tools();
        assertThat(http(CLIENT, "other.test", HERE)).as("before the rules").isEqualTo("200 at " + HERE + ":80");
        for (var tool : tools) {
            redirected(tool, () -> {
                onlyWhatIsDeclaredGoesOut();
                whatIsExceptedStaysAsItIs();
                aGuardedProxyDialsNothingInside(tool);
                whatIsNamedStaysAsItIsAndTheRestIsLed(tool);
            });
        }
        become("ALLOW_ANY");
        for (var tool : tools) {
            redirected(tool, () -> {
                await("ALLOW_ANY")
                        .atMost(PATIENCE)
                        .untilAsserted(() ->
                                assertThat(http(CLIENT, "other.test", HERE)).isEqualTo("200 at " + HERE + ":80"));
                theRestIsPassedToWhereItWasGoing();
            });
        }
        assertThat(http(CLIENT, "fixed.test", HERE)).as("after the rules").isEqualTo("200 at " + HERE + ":80");
        if (tools.contains("nft")) {
            nobodyButTheProxyLeavesALockedMachine();
        }
    }

    // P15: the text of `egress lockdown -o nftables`, loaded twice.
    private void nobodyButTheProxyLeavesALockedMachine() throws Exception {
        var text = Lockdown.nftables(new Lockdown.Machine(PROXY, List.of("192.0.2.53", "2001:db8::53"), List.of(998L)));
        var file = Files.writeString(scratch.resolve("lockdown.nft"), text).toString();
        inside.must("nft", "-c", "-f", file);
        inside.must("nft", "-f", file);
        inside.must("nft", "-f", file);
        assertThat(http(CLIENT, "other.test", HERE)).as("refused").startsWith("curl 7 ");
        assertThat(http(PROXY, "other.test", HERE)).isEqualTo("200 at " + HERE + ":80");
        inside.must("nft", "delete", "table", "inet", "sallyport_lockdown");
        assertThat(http(CLIENT, "other.test", HERE)).isEqualTo("200 at " + HERE + ":80");
    }

    /// A part of the test that runs while rules are loaded.
    private interface Part {
        void run() throws Exception;
    }

    private void redirected(String tool, Part part) throws Exception {
        // Twice, as by a service that is started again.
        for (var times = 0; times < 2; times++) {
            load(tool);
        }
        try {
            part.run();
        } finally {
            assertThat(rules("down", "--with", tool).exitCode()).isZero();
        }
    }

    // P13: without the addresses that they were given, the older one would have all connections.
    private void twoServicesOfOnePortAreToldApartByTheirAddresses() throws Exception {
        var orders = AutoAddresses.propose("default/orders.test", Set.of());
        var users = AutoAddresses.propose("default/users.test", Set.of());
        assertThat(lines(orders, 6000)).isEqualTo("at " + ELSEWHERE + ":5432");
        assertThat(lines(users, 6000)).isEqualTo("at " + DATABASE + ":5432");
        assertThat(lines(HERE, 6000)).as("the older one").isEqualTo("at " + ELSEWHERE + ":5432");
    }

    private void onlyWhatIsDeclaredGoesOut() throws Exception {
        assertThat(http(CLIENT, "www.google.com", HERE)).isEqualTo("200 at " + HERE + ":80");
        assertThat(http(CLIENT, "www.google.com", ELSEWHERE)).isEqualTo("200 at " + ELSEWHERE + ":80");
        assertThat(http(CLIENT, "fixed.test", HERE))
                .as("the entry says where its host is")
                .isEqualTo("200 at " + ELSEWHERE + ":80");
        assertThat(http(CLIENT, "other.test", HERE)).isEqualTo("502");
        assertThat(tls("www.google.com", HERE)).isEqualTo("200 at " + HERE + ":443");
        assertThat(tls("fixed.test", HERE)).isEqualTo("200 at " + ELSEWHERE + ":443");
        assertThat(tls("other.test", HERE)).as("BlackHoleCluster").isEqualTo("closed");
        assertThat(lines(DATABASE, 5432)).isEqualTo("at " + DATABASE + ":5432");
        assertThat(lines(HERE, 5432)).as("BlackHoleCluster").isEmpty();
        twoServicesOfOnePortAreToldApartByTheirAddresses();
        if (SPEAKS_6) {
            assertThat(http(CLIENT, "www.google.com", "[" + HERE_6 + "]")).isEqualTo("200 at " + HERE_6 + ":80");
            assertThat(http(CLIENT, "other.test", "[" + HERE_6 + "]")).isEqualTo("502");
            assertThat(tls("www.google.com", "[" + HERE_6 + "]")).isEqualTo("200 at " + HERE_6 + ":443");
            assertThat(tls("other.test", "[" + HERE_6 + "]")).isEqualTo("closed");
        }
        assertThat(lines("127.0.0.1", OUTBOUND)).as("aimed at the proxy itself").isEmpty();
    }

    private void whatIsExceptedStaysAsItIs() throws Exception {
        assertThat(http(PROXY, "other.test", HERE)).as("the proxy's own user").isEqualTo("200 at " + HERE + ":80");
        assertThat(inside.as(CLIENT, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + API)
                        .exitCode())
                .as("this machine's own ports")
                .isZero();
        assertThat(datagram()).as("UDP").isEqualTo("which name?");
    }

    private void aGuardedProxyDialsNothingInside(String tool) throws Exception {
        assertThat(http(CLIENT, "metadata.test", METADATA)).as("unguarded").isEqualTo("200 at " + METADATA + ":80");
        load(tool, "--guard", "--loopback", "" + XDS);
        assertThat(http(CLIENT, "metadata.test", METADATA)).isEqualTo("503");
        assertThat(inside.as(PROXY, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + XDS)
                        .exitCode())
                .as("discovery")
                .isZero();
        assertThat(inside.as(PROXY, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + API)
                        .exitCode())
                .isNotZero();
        assertThat(http(CLIENT, "www.google.com", HERE)).isEqualTo("200 at " + HERE + ":80");
    }

    // What `sallyport inject` makes of Istio's annotations. To `other.test` only who is not led to the proxy gets.
    private void whatIsNamedStaysAsItIsAndTheRestIsLed(String tool) throws Exception {
        var led = "502";
        var past = "200 at ";
        load(tool, "--exclude-cidr", ELSEWHERE, "--exclude-cidr", "192.0.2.0/24", "--exclude-port", "5432");
        assertThat(http(CLIENT, "other.test", ELSEWHERE)).isEqualTo(past + ELSEWHERE + ":80");
        assertThat(http(CLIENT, "other.test", WORLD)).isEqualTo(past + WORLD + ":80");
        assertThat(lines(HERE, 5432)).isEqualTo("at " + HERE + ":5432");
        assertThat(http(CLIENT, "other.test", HERE)).isEqualTo(led);

        load(tool, "--include-cidr", HERE + "/31", "--include-cidr", DATABASE);
        assertThat(http(CLIENT, "other.test", HERE)).isEqualTo(led);
        assertThat(http(CLIENT, "other.test", DATABASE)).isEqualTo(led);
        assertThat(http(CLIENT, "other.test", ELSEWHERE)).isEqualTo(past + ELSEWHERE + ":80");

        load(tool, "--include-cidr", HERE + "/31", "--exclude-cidr", HERE);
        assertThat(http(CLIENT, "other.test", HERE)).as("what is excluded wins").isEqualTo(past + HERE + ":80");

        load(tool, "--include-cidr", "none");
        assertThat(http(CLIENT, "other.test", HERE)).isEqualTo(past + HERE + ":80");

        load(tool, "--only-user", "" + NEIGHBOUR);
        assertThat(http(CLIENT, "other.test", HERE)).isEqualTo(past + HERE + ":80");
        assertThat(http(NEIGHBOUR, "other.test", HERE)).isEqualTo(led);

        load(tool, "--dns", HERE);
        assertThat(lines(HERE, 53)).isEqualTo("at " + HERE + ":53");
        assertThat(lines(ELSEWHERE, 53)).as("no way out").isEmpty();
        if (SPEAKS_6) {
            var here = "[" + HERE_6 + "]";
            load(tool, "--exclude-cidr", HERE_6);
            assertThat(http(CLIENT, "other.test", here)).isEqualTo(past + HERE_6 + ":80");
            assertThat(http(CLIENT, "other.test", HERE))
                    .as("of the other family")
                    .isEqualTo(led);
            load(tool, "--include-cidr", "2001:db8::/64");
            assertThat(http(CLIENT, "other.test", here)).isEqualTo(led);
            assertThat(http(CLIENT, "other.test", HERE)).isEqualTo(past + HERE + ":80");
        }
    }

    private void load(String tool, String... more) throws Exception {
        var words = new ArrayList<>(List.of("up", "--with", tool, "--proxy-user", "" + PROXY));
        words.addAll(List.of(more));
        var loaded = rules(words.toArray(String[]::new));
        assertThat(loaded.exitCode()).as(loaded.out()).isZero();
    }

    private void theRestIsPassedToWhereItWasGoing() throws Exception {
        assertThat(tls("other.test", ELSEWHERE)).isEqualTo("200 at " + ELSEWHERE + ":443");
        assertThat(lines(HERE, 5432)).isEqualTo("at " + HERE + ":5432");
        assertThat(http(CLIENT, "fixed.test", HERE))
                .as("what is declared is no rest")
                .isEqualTo("200 at " + ELSEWHERE + ":80");
    }

    // The tools whose simplest rules this kernel takes: where one is not built in, the other is tested.
    private List<String> tools() throws Exception {
        var simplest = List.of(
                Map.entry(
                        "nft",
                        "nft 'table inet t { chain c { type nat hook output priority -100;"
                                + " meta skuid 1 tcp dport 9 redirect to :1; }; }' && nft delete table inet t"),
                Map.entry(
                        "iptables",
                        "iptables -t nat -I OUTPUT -p tcp -m owner --uid-owner 1 -j REDIRECT --to-ports 1"
                                + " && iptables -t nat -F"));
        var tools = new ArrayList<String>();
        for (var rule : simplest) {
            var tried = NetworkNamespace.run(inside.words("sh", "-c", rule.getValue()));
            if (tried.exitCode() == 0) {
                tools.add(rule.getKey());
            } else {
                System.err.println("this kernel takes no rules of " + rule.getKey() + ": " + tried.out());
            }
        }
        if (tools.isEmpty()) {
            NetworkNamespace.lack("this kernel redirects nothing");
        }
        return tools;
    }

    private String http(int user, String host, String address) throws Exception {
        return curl(user, "http://" + host + "/", host + ":80:" + address);
    }

    private String tls(String host, String address) throws Exception {
        return curl(CLIENT, "https://" + host + "/", host + ":443:" + address);
    }

    // "200 at 198.51.100.10:80", another status, or "closed".
    private String curl(int user, String url, String resolved) throws Exception {
        var outcome = inside.as(
                user,
                "curl",
                "--silent",
                "--max-time",
                "20",
                "--noproxy",
                "*",
                "--http1.1",
                "--cacert",
                authority.toString(),
                "--resolve",
                resolved,
                "--write-out",
                "%{stderr}%{http_code} ",
                url);
        var text = outcome.out().strip();
        return switch (outcome.exitCode()) {
            case 0 -> text.startsWith("at ") ? text.replaceFirst("(?s)(at \\S+)\\s+(\\d+)", "$2 $1") : status(text);
            case 35, 52, 56 -> "closed";
            default -> "curl " + outcome.exitCode() + " " + text;
        };
    }

    // What Envoy says of the reason comes before it.
    private static String status(String text) {
        return text.substring(Math.max(0, text.length() - 3));
    }

    private String lines(String address, int port) throws Exception {
        var outcome = inside.as(
                CLIENT,
                "timeout",
                "20",
                "bash",
                "-c",
                "exec 3<>/dev/tcp/" + address + "/" + port + "; echo hello >&3; head -n 1 <&3 2>/dev/null");
        return outcome.out().strip();
    }

    private String datagram() throws Exception {
        return inside.as(
                        CLIENT,
                        "timeout",
                        "20",
                        "bash",
                        "-c",
                        "exec 3<>/dev/udp/" + WORLD + "/53; echo 'which name?' >&3; head -n 1 <&3")
                .out()
                .strip();
    }
}
