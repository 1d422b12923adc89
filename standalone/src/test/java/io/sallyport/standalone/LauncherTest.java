package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The launcher on machines that lack something: a copy of it in an empty clone, with a PATH that holds only what a
/// bare system has.
@Tag("process")
class LauncherTest {

    private static final List<String> BARE = List.of(
            "bash",
            "sh",
            "dirname",
            "readlink",
            "grep",
            "find",
            "cat",
            "mkdir",
            "touch",
            "mv",
            "rm",
            "flock",
            "stat",
            "cksum",
            "tr",
            "id",
            "awk",
            "sed",
            "chmod",
            "ln");

    @TempDir
    Path folder;

    private Path script;
    private Path tools;

    private record Ended(int code, String output) {}

    @BeforeEach
    void copy() throws IOException {
        script = folder.resolve("clone").resolve("sallyport");
        tools = Files.createDirectories(folder.resolve("tools"));
        Files.createDirectories(script.getParent());
        Files.copy(original(), script);
        assertThat(script.toFile().setExecutable(true)).isTrue();
        for (var name : BARE) {
            link(name);
        }
    }

    // Else each link is reported when the folder is removed.
    @AfterEach
    void unlink() throws IOException {
        try (var links = Files.list(tools)) {
            for (var one : links.toList()) {
                Files.delete(one);
            }
        }
    }

    @Test
    void saysHowToGetJdk25() throws Exception {
        var ended = run(Map.of("SALLYPORT_JDKS", folder.toString()), "check", "x.yaml");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output().lines()).hasSize(1);
        assertThat(ended.output()).contains("JDK 25 not found").contains("apt-get install openjdk-25-jdk");
    }

    @Test
    void takesNoOtherJdkForJdk25() throws Exception {
        var old = Files.createDirectories(folder.resolve("jdk-17"));
        Files.createDirectories(old.resolve("bin"));
        Files.writeString(old.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
        for (var program : List.of("java", "javac")) {
            var file = Files.writeString(old.resolve("bin").resolve(program), "#!/bin/sh\nexit 1\n");
            assertThat(file.toFile().setExecutable(true)).isTrue();
        }
        var ended = run(Map.of("JAVA_HOME", old.toString(), "SALLYPORT_JDKS", old.toString()), "build");
        assertThat(ended.output()).contains("JDK 25 not found");
    }

    @Test
    void saysHowToGetMaven() throws Exception {
        var ended = run(Map.of("JAVA_HOME", System.getProperty("java.home")), "build");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output().lines()).hasSize(1);
        assertThat(ended.output()).contains("Maven not found").contains("apt-get install maven");
    }

    @Test
    void saysHowToGetPython() throws Exception {
        var ended = run(Map.of(), "envoy");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output().lines()).hasSize(1);
        assertThat(ended.output()).contains("Python 3 not found").contains("apt-get install python3");
    }

    @Test
    void refusesAnEnvoyOfAnotherVersion() throws Exception {
        var other = Files.writeString(
                folder.resolve("other"), "#!/bin/sh\necho 'envoy  version: 0/1.31.0/Clean/RELEASE'\n");
        assertThat(other.toFile().setExecutable(true)).isTrue();
        var ended = run(Map.of("ENVOY", other.toString()), "envoy");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output()).contains("is not an Envoy of version 1.40");
    }

    @Test
    void prefersTheEnvoyOnPathToFetchingOne() throws Exception {
        var own =
                Files.writeString(tools.resolve("envoy"), "#!/bin/sh\necho 'envoy  version: 0/1.40.2/Clean/RELEASE'\n");
        assertThat(own.toFile().setExecutable(true)).isTrue();
        var ended = run(Map.of(), "envoy");
        assertThat(ended.output().strip()).isEqualTo(own.toString());
        assertThat(ended.code()).isZero();
    }

    private Ended run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true).directory(folder.toFile());
        builder.environment().clear();
        var all = new HashMap<>(environment);
        all.put("PATH", tools.toString());
        builder.environment().putAll(all);
        var process = builder.start();
        process.getOutputStream().close();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), output);
    }

    private void link(String name) throws IOException {
        for (var place : List.of("/usr/bin", "/bin")) {
            var program = Path.of(place, name);
            if (Files.isExecutable(program) && !Files.exists(tools.resolve(name))) {
                Files.createSymbolicLink(tools.resolve(name), program);
            }
        }
    }

    private static Path original() {
        for (var place = Path.of("").toAbsolutePath(); place != null; place = place.getParent()) {
            if (Files.isRegularFile(place.resolve("sallyport"))) {
                return place.resolve("sallyport");
            }
        }
        throw new IllegalStateException(
                "the launcher is not above " + Path.of("").toAbsolutePath());
    }
}
