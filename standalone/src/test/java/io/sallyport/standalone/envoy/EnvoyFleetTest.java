package io.sallyport.standalone.envoy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.Platform;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Real Envoys without a control plane: they wait for one, which is enough to see them live and die.
@Tag("process")
class EnvoyFleetTest {

    // A port that nobody listens on; Envoys keep asking.
    private static final InetSocketAddress NOWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    private static final ProxyName EDGE = new ProxyName("istio-system", "edge");

    @TempDir
    Path folder;

    private EnvoyFleet fleet;

    @BeforeEach
    void start() throws EnvoyUnavailableException {
        fleet = fleet();
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    @Test
    void startsWhatIsWantedAndStopsWhatIsNot() {
        fleet.want(List.of(proxy("edge", 8080)));
        var pid = awaitAnswer(EDGE);
        fleet.want(List.of());
        await().until(() -> fleet.statuses().isEmpty());
        assertThat(isAlive(pid)).isFalse();
        assertThat(folder.resolve("edge.sock")).doesNotExist();
    }

    @Test
    @Tag("F1")
    void restartsAnEnvoyThatWasKilled() {
        fleet.want(List.of(proxy("edge", 8080)));
        var first = awaitAnswer(EDGE);
        ProcessHandle.of(first).orElseThrow().destroyForcibly();
        await().until(() -> fleet.status(EDGE).orElseThrow().pid() != first
                && fleet.status(EDGE).orElseThrow().isRunning());
        assertThat(awaitAnswer(EDGE)).isNotEqualTo(first);
    }

    @ParameterizedTest
    @CsvSource({
        "kill -9 $$,           'was killed by signal 9 (SIGKILL): by somebody, or by the kernel when memory ran out'",
        "echo oops; kill -6 $$, 'was killed by signal 6 (SIGABRT); last line: oops'",
        "echo oops; exit 3,     'ended with code 3; last line: oops'"
    })
    void saysWhatEndedAnEnvoy(String end, String problem) throws Exception {
        fleet.close();
        var version = TestEnvoy.binary().version();
        var script = Files.writeString(folder.resolve("envoy"), """
                #!/bin/sh
                [ "$1" = --version ] && { echo "envoy version: 0/%s/x"; exit; }
                exec >&2
                %s
                """.formatted(version, end));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        var binary = EnvoyBinary.find(Map.of("ENVOY", script.toString()));
        fleet = EnvoyFleet.start(binary, new FakePlaces(folder), NOWHERE, List.of(), InstantSource.system());

        fleet.want(List.of(proxy("edge", 8080)));

        var told =
                await().until(() -> fleet.status(EDGE).map(EnvoyStatus::problem).orElse(""), text -> !text.isEmpty());
        assertThat(told).isEqualTo(problem);
    }

    @Test
    void replacesAnEnvoyWhoseBootstrapChanges() {
        fleet.want(List.of(proxy("edge", 8080)));
        var first = awaitAnswer(EDGE);
        fleet.want(List.of(proxy("edge", 9090)));
        await().until(() -> fleet.status(EDGE).orElseThrow().pid() != first
                && fleet.status(EDGE).orElseThrow().isRunning());
        assertThat(isAlive(first)).isFalse();
        awaitAnswer(EDGE);
    }

    @Test
    void keepsAnEnvoyWhoseBootstrapStays() {
        fleet.want(List.of(proxy("edge", 8080)));
        var first = awaitAnswer(EDGE);
        fleet.want(List.of(proxy("edge", 8080), proxy("other", 8081)));
        awaitAnswer(new ProxyName("istio-system", "other"));
        assertThat(fleet.status(EDGE).orElseThrow().pid()).isEqualTo(first);
    }

    @Test
    void adoptsAnEnvoyThatItsLastOwnerLeftBehind() throws Exception {
        fleet.want(List.of(proxy("edge", 8080)));
        var first = awaitAnswer(EDGE);
        // A fleet of another process cannot see this one's memory, only its files: as after kill -9.
        var second = fleet();
        try {
            second.want(List.of(proxy("edge", 8080)));
            await().until(() -> second.statuses().containsKey(EDGE));
            assertThat(second.status(EDGE).orElseThrow().pid()).isEqualTo(first);
            assertThat(isAlive(first)).isTrue();
        } finally {
            second.close();
        }
        assertThat(isAlive(first)).isFalse();
    }

    @Test
    void stopsAnEnvoyThatItsLastOwnerLeftBehindAndNobodyWants() throws Exception {
        fleet.want(List.of(proxy("edge", 8080)));
        var first = awaitAnswer(EDGE);
        try (var second = fleet()) {
            second.want(List.of());
            await().until(() -> !isAlive(first));
        }
    }

    @Test
    @Tag("F30")
    void leavesTheEnvoyAloneWhoseFilesItHasACopyOf(@TempDir Path copy) throws Exception {
        fleet.want(List.of(proxy("edge", 8080)));
        var first = awaitAnswer(EDGE);
        var mark = new FakePlaces(copy).proxyFolder(EDGE).resolve(EnvoyProcess.MARK);
        Files.createDirectories(mark.getParent());
        Files.copy(new FakePlaces(folder).proxyFolder(EDGE).resolve(EnvoyProcess.MARK), mark);

        try (var second = fleet(copy)) {
            second.want(List.of());
            await().until(() -> !Files.exists(mark));
        }

        assertThat(isAlive(first)).isTrue();
    }

    @Test
    void leavesAProcessAloneThatOnlyHasTheSameNumber() throws IOException {
        var mark = new FakePlaces(folder).proxyFolder(EDGE).resolve(EnvoyProcess.MARK);
        Files.writeString(mark, ProcessHandle.current().pid() + " 1@another-boot 0000\n");
        fleet.want(List.of());
        await().until(() -> !Files.exists(mark));
        assertThat(isAlive(ProcessHandle.current().pid())).isTrue();
    }

    private EnvoyFleet fleet() throws EnvoyUnavailableException {
        return fleet(folder);
    }

    private static EnvoyFleet fleet(Path folder) throws EnvoyUnavailableException {
        return EnvoyFleet.start(TestEnvoy.binary(), new FakePlaces(folder), NOWHERE, List.of(), InstantSource.system());
    }

    private long awaitAnswer(ProxyName name) {
        var admin = new AdminSocket(new FakePlaces(folder).adminSocket(name), Duration.ofSeconds(2));
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> fleet.status(name).orElseThrow().isRunning()
                        && admin.get("/server_info").contains("1.40"));
        return fleet.status(name).orElseThrow().pid();
    }

    // A child of this process that ended is a zombie until it is asked for, which ProcessMark knows.
    private static boolean isAlive(long pid) {
        return ProcessMark.of(pid).isPresent();
    }

    private static Platform.Proxy proxy(String name, int port) {
        return new Platform.Proxy(
                name,
                "istio-system",
                ImmutableSortedMap.of("istio", "ingressgateway"),
                Platform.ProxyKind.router,
                "127.0.0.1",
                ImmutableSortedMap.of("80", port));
    }
}
