package io.sallyport.images;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// Which packages of Debian, or of a system made like it, the libraries of an image from nothing come from. The
/// image carries it as Google's distroless ones do, where scanners of images look: a file for each package below
/// `var/lib/dpkg/status.d`, and `etc/os-release`. Elsewhere there is nobody to ask, and nothing is written.
final class SystemPackages {

    private static final Path STATUS = Path.of("var/lib/dpkg/status.d");
    private static final Path RELEASE = Path.of("etc/os-release");
    private static final int SECONDS = 30;
    private static final String FORMAT = """
            Package: ${binary:Package}
            Status: install ok installed
            Version: ${Version}
            Architecture: ${Architecture}
            Source: ${source:Package}
            """;

    private SystemPackages() {}

    /// One package: `name` is `libc6`, `architecture` is `amd64`, and `source` is the package that it was built from.
    record Installed(String name, String version, String architecture, String source) {}

    /// Notes in an image's root whose `libraries`, as they are called on this machine, it has.
    static void note(Path root, Iterable<Path> libraries) throws IOException, InterruptedException {
        var release = Path.of("/").resolve(RELEASE);
        if (!Files.isExecutable(Path.of("/usr/bin/dpkg-query")) || !Files.exists(release)) {
            return;
        }
        Files.createDirectories(root.resolve(RELEASE).getParent());
        Files.write(root.resolve(RELEASE), Files.readAllBytes(release));
        for (var library : libraries) {
            var owner = owner(library);
            if (owner.isEmpty()) {
                continue;
            }
            var status = ask("--showformat=" + FORMAT, "--show", owner);
            Files.createDirectories(root.resolve(STATUS));
            // `libc6:amd64` is what the machine calls it; within one image there is one.
            var name = owner.replaceFirst(":.*", "");
            Files.writeString(root.resolve(STATUS).resolve(name), status.replace(owner + "\n", name + "\n"));
        }
    }

    // It may stand below /usr while the package knows it without, and the other way round.
    private static String owner(Path library) throws IOException, InterruptedException {
        var names = new ArrayList<>(List.of(library, library.toRealPath()));
        names.add(Path.of("/usr" + library));
        names.add(
                Path.of("/" + Path.of("/usr").relativize(library.toRealPath())).normalize());
        for (var name : names) {
            var said = ask("--search", name.toString()).strip();
            int colon = said.indexOf(": ");
            if (colon > 0 && !said.contains("\n")) {
                return said.substring(0, colon);
            }
        }
        return "";
    }

    private static String ask(String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("/usr/bin/dpkg-query"));
        command.addAll(List.of(words));
        var process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("dpkg-query does not answer");
        }
        return process.exitValue() == 0 ? said : "";
    }

    /// What an image's root says of itself, by name.
    static SortedMap<String, Installed> read(Path root) throws IOException {
        var found = new TreeMap<String, Installed>();
        if (Files.isDirectory(root.resolve(STATUS))) {
            try (var files = Files.list(root.resolve(STATUS))) {
                for (var file : files.toList()) {
                    var fields = fields(file, ":");
                    var name = fields.getOrDefault("Package", "");
                    found.put(
                            name,
                            new Installed(
                                    name,
                                    fields.getOrDefault("Version", ""),
                                    fields.getOrDefault("Architecture", ""),
                                    fields.getOrDefault("Source", name)));
                }
            }
        }
        return found;
    }

    /// Which system they are of, `debian` and `12`; each empty where nobody says.
    static List<String> system(Path root) throws IOException {
        var fields =
                Files.exists(root.resolve(RELEASE)) ? fields(root.resolve(RELEASE), "=") : Map.<String, String>of();
        return List.of(fields.getOrDefault("ID", ""), fields.getOrDefault("VERSION_ID", ""));
    }

    /// The lines of a file with a name, a separator and a value, which may be in quotes.
    static Map<String, String> fields(Path file, String separator) throws IOException {
        var fields = new LinkedHashMap<String, String>();
        for (var line : Files.readAllLines(file)) {
            int at = line.indexOf(separator);
            if (at > 0) {
                var value = line.substring(at + 1).strip();
                boolean isQuoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
                fields.put(line.substring(0, at), isQuoted ? value.substring(1, value.length() - 1) : value);
            }
        }
        return fields;
    }
}
