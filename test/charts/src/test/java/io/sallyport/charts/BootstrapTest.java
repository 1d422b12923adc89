package io.sallyport.charts;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.testkit.stack.ChildProcess;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.LocalEnvoy;
import io.sallyport.testkit.tls.Authority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A real Envoy takes the bootstrap of every gateway that is rendered, and it opens no door but the documented ones.
class BootstrapTest {

    static List<Cases.Rendered> gateways() {
        return Cases.gateways();
    }

    @ParameterizedTest
    @MethodSource("gateways")
    @Tag("S43")
    void envoyTakesTheBootstrap(Cases.Rendered gateway, @TempDir Path folder) throws Exception {
        var bootstrap = files(gateway, folder);
        var envoy = new ProcessBuilder(
                        System.getenv().getOrDefault("ENVOY", "envoy"),
                        "--mode",
                        "validate",
                        "--disable-hot-restart",
                        "--log-level",
                        "error",
                        "--config-path",
                        bootstrap.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("envoy.log").toFile())
                .start();
        try {
            assertThat(envoy.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(envoy.exitValue())
                    .as("%s", Files.readString(folder.resolve("envoy.log")))
                    .isZero();
        } finally {
            envoy.destroyForcibly();
        }
    }

    @ParameterizedTest
    @MethodSource("gateways")
    @Tag("V9")
    void nothingButReadinessAndMetricsIsOpenAndAdminIsASocket(Cases.Rendered gateway, @TempDir Path folder)
            throws Exception {
        var bootstrap = Yaml.map(Yaml.read(Files.readString(files(gateway, folder))));
        var doors = Yaml.list(Yaml.at(bootstrap, "static_resources").get("listeners")).stream()
                .map(listener ->
                        Yaml.at(Yaml.map(listener), "address.socket_address").get("port_value"));

        assertThat(doors).containsExactly(15_021, 15_090);
        assertThat(Yaml.at(bootstrap, "admin.address")).containsOnlyKeys("pipe");
    }

    static List<Cases.Rendered> oneOfEachIdentity() {
        return gateways().stream()
                .filter(each -> List.of("istio-ingressgateway", "edge")
                        .contains(each.install().release()))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("oneOfEachIdentity")
    @Tag("F24")
    void envoyFollowsItsCertificateAndTheAuthorityWithoutARestart(Cases.Rendered gateway, @TempDir Path folder)
            throws Exception {
        var bootstrap = files(gateway, folder);
        var text = Files.readString(bootstrap);
        var host = Pattern.compile("exact: (sallyport-xds[^ }]+)").matcher(text);
        assertThat(host.find()).isTrue();
        var old = Authority.in(folder.resolve("old"));
        var next = Authority.in(folder.resolve("next"));
        var ports = FreePorts.take(2);
        try (var platform = new ChangingServer(old.issue(host.group(1), 1))) {
            Files.writeString(
                    bootstrap, local(text, ports).replace("port_value: 15010", "port_value: " + platform.port()));
            var mounted = new Mounted(folder.resolve("sallyport"));
            var first = old.issue("edge.test", 1);
            var second = next.issue("edge.test", 1);
            mounted.swap(old, first);
            try (var envoy = started(bootstrap)) {
                var before = platform.next();
                mounted.swap(next, second);
                platform.show(next.issue(host.group(1), 1));
                var after = platform.next();

                assertThat(envoy.process().isAlive()).isTrue();
                if (text.contains("sallyport-token")) {
                    assertThat(before.client()).isEmpty();
                } else {
                    assertThat(before.client()).contains(ChangingServer.certificate(first));
                    assertThat(after.client()).contains(ChangingServer.certificate(second));
                }
            }
        }
    }

    /// What the process of a gateway listens on, as the system has it: its two doors, a socket for itself, and no
    /// more. Its ports for clients come by discovery, of which there is none here, and nothing is looked up.
    @Test
    @Tag("V9")
    void theProcessListensOnNothingElse(@TempDir Path folder) throws Exception {
        var ports = FreePorts.take(2);
        var bootstrap = files(gateways().getFirst(), folder);
        Files.writeString(bootstrap, local(Files.readString(bootstrap), ports));
        try (var envoy = started(bootstrap)) {
            var process = Path.of("/proc", String.valueOf(envoy.process().pid()));
            var expected =
                    ports.stream().map(port -> "tcp 0.0.0.0:" + port).sorted().toList();
            var open = listening(process);
            for (int tries = 0; !open.equals(expected) && tries < 200; tries++) {
                LockSupport.parkNanos(50_000_000L);
                open = listening(process);
            }

            assertThat(open).isEqualTo(expected);
            assertThat(Files.getPosixFilePermissions(folder.resolve("sallyport/admin.sock")))
                    .containsExactlyInAnyOrder(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
            assertThat(get(ports.get(1), "/stats/prometheus")).startsWith("HTTP/1.1 200 ");
            for (var door : ports) {
                for (var path : List.of("/", "/config_dump", "/quitquitquit", "/stats/prometheus/../../config_dump")) {
                    assertThat(get(door, path)).as(path).startsWith("HTTP/1.1 404 ");
                }
            }
        }
    }

    // The bootstrap with doors of this machine: readiness, statistics.
    private static String local(String bootstrap, List<Integer> ports) {
        return bootstrap
                .replace("port_value: 15021", "port_value: " + ports.get(0))
                .replace("port_value: 15090", "port_value: " + ports.get(1))
                .replace("initial_fetch_timeout: 0s", "initial_fetch_timeout: 1s")
                .replaceAll("address: [-a-z0-9.]+\\.svc\\.[a-z.]+", "address: 127.0.0.1");
    }

    private static ChildProcess started(Path bootstrap) throws Exception {
        return ChildProcess.start(
                line -> line.contains("starting workers"),
                List.of(
                        LocalEnvoy.path().toString(),
                        "--disable-hot-restart",
                        "--concurrency",
                        "1",
                        "--config-path",
                        bootstrap.toString()));
    }

    /// All that others could reach: listening TCP sockets and every UDP socket, of this process alone.
    private static List<String> listening(Path process) throws IOException {
        var own = new TreeSet<String>();
        try (var descriptors = Files.list(process.resolve("fd"))) {
            for (var descriptor : descriptors.toList()) {
                if (Files.isSymbolicLink(descriptor)) {
                    own.add(Files.readSymbolicLink(descriptor).toString());
                }
            }
        }
        var found = new TreeSet<String>();
        for (var table : List.of("tcp", "tcp6", "udp", "udp6")) {
            var file = process.resolve("net").resolve(table);
            for (var line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
                var words = line.strip().split(" +", -1);
                boolean isOwn = words.length > 9 && own.contains("socket:[" + words[9] + "]");
                if (isOwn && (table.startsWith("udp") || words[3].equals("0A"))) {
                    found.add(table + " " + readable(words[1]));
                }
            }
        }
        return List.copyOf(found);
    }

    // `00000000:3AAD`; any address but that of all is left as it stands.
    private static String readable(String address) {
        int colon = address.indexOf(':');
        var host = address.substring(0, colon);
        return (host.equals("00000000") ? "0.0.0.0" : host) + ":" + Integer.parseInt(address.substring(colon + 1), 16);
    }

    private static String get(int port, String path) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readNBytes(13), StandardCharsets.US_ASCII);
        }
    }

    /// A folder as the kubelet mounts it: links into one that is replaced as a whole.
    private static final class Mounted {

        private final Path folder;
        private int version;

        Mounted(Path folder) {
            this.folder = folder;
        }

        void swap(Authority authority, Authority.Issued own) throws IOException {
            var next = Files.createDirectory(folder.resolve(".." + ++version));
            Files.copy(authority.certificate(), next.resolve("ca.crt"));
            Files.copy(own.certificate(), next.resolve("tls.crt"));
            Files.copy(own.key(), next.resolve("tls.key"));
            Files.createSymbolicLink(folder.resolve("..data_tmp"), next.getFileName());
            Files.move(folder.resolve("..data_tmp"), folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
            if (version == 1) {
                for (var name : List.of("ca.crt", "tls.crt", "tls.key")) {
                    Files.delete(folder.resolve(name));
                    Files.createSymbolicLink(folder.resolve(name), Path.of("..data", name));
                }
            }
        }
    }

    /// The bootstrap with its files beside it, where the pod has them in volumes.
    private static Path files(Cases.Rendered gateway, Path folder) throws Exception {
        var data = Yaml.at(Cases.kind(gateway.objects(), "ConfigMap").getFirst(), "data");
        var mounted = Files.createDirectories(folder.resolve("sallyport"));
        var authority = Authority.in(folder.resolve("authority"));
        for (var file : data.entrySet()) {
            Files.writeString(mounted.resolve(file.getKey()), inside(folder, String.valueOf(file.getValue())));
        }
        Files.copy(authority.certificate(), mounted.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(mounted.resolve("token"), "token");
        var leaf = authority.issue("edge.test", 1);
        Files.copy(leaf.certificate(), mounted.resolve("tls.crt"));
        Files.copy(leaf.key(), mounted.resolve("tls.key"));
        return mounted.resolve("envoy.yaml");
    }

    private static String inside(Path folder, String text) {
        var here = folder.resolve("sallyport").toString();
        return text.replace("/etc/sallyport-tls", here)
                .replace("/etc/sallyport", here)
                .replace("/var/run/secrets/sallyport", here)
                .replace("/var/run/sallyport", here);
    }
}
