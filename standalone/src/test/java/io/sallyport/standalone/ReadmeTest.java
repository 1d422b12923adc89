package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.standalone.demo.DemoBackends;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README is true: every command of its shell blocks is run as it stands there, against its quickstart. Only the
/// ports are others, so that tests can run beside each other, and the launcher's JVM is this class path's.
@Tag("process")
class ReadmeTest {

    @TempDir
    Path folder;

    @Test
    void everyCommandWorks() throws Exception {
        var root = root();
        var commands = commands(Files.readString(root.resolve("README.md")));
        assertThat(commands).contains("./sallyport up").anyMatch(command -> command.startsWith("curl "));
        var directory = Files.createDirectories(folder.resolve("quickstart"));
        var data = folder.resolve("data");
        var port = freePort();
        try (var backends = DemoBackends.start(DemoBackends.QUICKSTART.stream()
                .map(backend -> new DemoBackends.Backend(backend.name(), 0))
                .toList())) {
            copyQuickstart(root, directory, backends.ports(), port);
            try (var up = UpProcess.start(directory, data)) {
                up.awaitReady();
                for (var command : commands) {
                    if (!command.equals("./sallyport up")) {
                        run(command.replace("localhost:8080", "localhost:" + port), root, data);
                    }
                }
            }
        }
    }

    private static List<String> commands(String readme) {
        var commands = new ArrayList<String>();
        var isShell = false;
        for (var line : readme.lines().toList()) {
            if (line.startsWith("```")) {
                isShell = line.equals("```sh");
            } else if (isShell && !line.isBlank()) {
                commands.add(line.replaceAll(" +#.*", "").strip());
            }
        }
        return commands;
    }

    private static void copyQuickstart(Path root, Path directory, List<Integer> ports, int gateway) throws IOException {
        try (var files = Files.list(root.resolve("examples/quickstart"))) {
            for (var file : files.toList()) {
                var text = Files.readString(file);
                for (var n = 0; n < ports.size(); n++) {
                    text = text.replace(
                            Integer.toString(DemoBackends.QUICKSTART.get(n).port()),
                            ports.get(n).toString());
                }
                Files.writeString(directory.resolve(file.getFileName()), text);
            }
        }
        Files.writeString(directory.resolve("sallyport.yaml"), """
                proxies:
                - {name: istio-ingressgateway, namespace: istio-system, labels: {istio: ingressgateway}, listen: {80: %d}}
                """.formatted(gateway), StandardOpenOption.APPEND);
    }

    private static void run(String command, Path root, Path data) throws IOException, InterruptedException {
        var java = Path.of(System.getProperty("java.home"), "bin", "java");
        var words = command.startsWith("./sallyport ")
                ? command.replace(
                        "./sallyport ",
                        java + " --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED -cp \"$JARS\""
                                + " io.sallyport.standalone.Main ")
                : command.replace("curl ", "curl --fail --silent --show-error ");
        var builder =
                new ProcessBuilder("bash", "-c", words).directory(root.toFile()).redirectErrorStream(true);
        builder.environment().put("JARS", System.getProperty("java.class.path"));
        builder.environment().put("SALLYPORT_DATA", data.toString());
        var process = builder.start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(command + "\n" + output).isZero();
        assertThat(output).as(command).isNotBlank().doesNotContain("Exception").doesNotContain("INFO:");
    }

    static Path root() {
        for (var place = Path.of("").toAbsolutePath(); place != null; place = place.getParent()) {
            if (Files.isRegularFile(place.resolve("sallyport"))) {
                return place;
            }
        }
        throw new IllegalStateException("no clone above " + Path.of("").toAbsolutePath());
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
