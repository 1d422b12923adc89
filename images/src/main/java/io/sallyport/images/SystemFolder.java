package io.sallyport.images;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/// As much of a system as a service needs, for an image from nothing: a Java made by `jlink`, the C library of this
/// machine with what Java and the native parts of jars load, and a user. No shell, no package manager.
final class SystemFolder {

    private static final String MODULES = "java.se,jdk.unsupported,jdk.zipfs,jdk.net,jdk.management,jdk.naming.dns";
    // Loaded by name while running: name services, and the C++ library of DuckDB and RocksDB.
    private static final List<String> BY_NAME = List.of(
            "libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2", "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6");
    private static final List<Path> PLACES = List.of(
            Path.of("/lib/x86_64-linux-gnu"), Path.of("/usr/lib/x86_64-linux-gnu"), Path.of("/lib/aarch64-linux-gnu"));
    private static final List<String> UNUSED =
            List.of("libawt", "libjawt", "libjsound", "libsplashscreen", "libfontmanager");
    private static final int TOOL_MINUTES = 5;

    private SystemFolder() {}

    /// Fills a folder, which must not exist yet, from a JDK.
    static Path make(Path jdk, Path root) throws IOException, InterruptedException {
        Files.createDirectories(root.resolve("opt"));
        run(List.of(
                jdk.resolve("bin/jlink").toString(),
                "--add-modules",
                MODULES,
                "--strip-debug",
                "--no-header-files",
                "--no-man-pages",
                "--output",
                root.resolve("opt/java").toString()));
        var libraries = libraries(root.resolve("opt/java"));
        for (var library : libraries) {
            var target = root.resolve(library.toString().substring(1));
            Files.createDirectories(target.getParent());
            Files.copy(library.toRealPath(), target, StandardCopyOption.REPLACE_EXISTING);
        }
        SystemPackages.note(root, libraries);
        Files.createDirectories(root.resolve("etc"));
        Files.writeString(root.resolve("etc/passwd"), "sallyport:x:65532:65532::/:/nologin\n");
        Files.writeString(root.resolve("etc/group"), "sallyport:x:65532:\n");
        Files.writeString(root.resolve("etc/nsswitch.conf"), "hosts: files dns\n");
        for (var mounted : List.of("tmp", "etc/sallyport", "var/lib/sallyport")) {
            Files.createDirectories(root.resolve(mounted));
        }
        return root;
    }

    private static Set<Path> libraries(Path java) throws IOException, InterruptedException {
        var command = new java.util.ArrayList<>(
                List.of("ldd", java.resolve("bin/java").toString()));
        try (var files = Files.walk(java.resolve("lib"))) {
            files.filter(SystemFolder::isNeeded).sorted().map(Path::toString).forEach(command::add);
        }
        var found = new TreeSet<Path>();
        for (var line : run(command).lines().toList()) {
            var words = line.strip().split("\\s+");
            var path = words.length > 2 && words[1].equals("=>") ? words[2] : words[0];
            if (path.startsWith("/") && !path.startsWith(java.toString()) && !path.endsWith(":")) {
                found.add(Path.of(path));
            }
        }
        for (var name : BY_NAME) {
            PLACES.stream()
                    .map(place -> place.resolve(name))
                    .filter(Files::exists)
                    .findFirst()
                    .ifPresent(found::add);
        }
        return found;
    }

    // Nothing is ever drawn or played, so the libraries of screens and sound stay away.
    private static boolean isNeeded(Path file) {
        var name = String.valueOf(file.getFileName());
        return name.endsWith(".so") && UNUSED.stream().noneMatch(name::startsWith);
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(TOOL_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(command.getFirst() + " failed: " + said.strip());
        }
        return said;
    }
}
