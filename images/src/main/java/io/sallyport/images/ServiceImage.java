package io.sallyport.images;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/// The image of one service: others' jars, our jars, and a command line that only lacks the service's settings. Every
/// file has the same owner and time, so that equal jars make an equal image.
final class ServiceImage {

    /// The user of the charts: no root, and nobody's account on any machine.
    static final String USER = "65532:65532";

    private static final Instant MADE = Instant.parse("2026-01-01T00:00:00Z");
    private static final AbsoluteUnixPath HOME = AbsoluteUnixPath.get("/opt/sallyport");
    private static final FilePermissions PROGRAM = FilePermissions.fromOctalString("755");
    private static final FilePermissions FILE = FilePermissions.fromOctalString("644");
    private static final Map<String, List<Integer>> PORTS = Map.of(
            "accesslog", List.of(15011, 15020, 15084),
            "config", List.of(15016, 15080, 15443),
            "egress", List.of(15019, 15083),
            "secret", List.of(15014, 15018, 15082),
            "xds", List.of(15010, 15017, 15081));

    private final String service;
    private final Path dist;
    private final Base base;

    /// `dist` has the folders `lib` and `broker` that the build makes.
    ServiceImage(String service, Path dist, Base base) {
        requireName(service);
        this.service = service;
        this.dist = dist;
        this.base = base;
    }

    static void requireName(String service) {
        if (!PORTS.containsKey(service)) {
            throw new IllegalArgumentException("service \"" + service + "\" (expected: one of " + names() + ")");
        }
    }

    static List<String> names() {
        return PORTS.keySet().stream().sorted().toList();
    }

    /// Writes the archive and answers the image's digest.
    String write(Path archive, String name, Path cache) throws IOException, InterruptedException {
        try {
            var image = from().setFormat(ImageFormat.OCI)
                    .setCreationTime(MADE)
                    .setUser(USER)
                    .setWorkingDirectory(AbsoluteUnixPath.get("/"))
                    .setEntrypoint(command())
                    .setLabels(Map.of(
                            "org.opencontainers.image.title",
                            "sallyport-" + service,
                            "org.opencontainers.image.licenses",
                            "Apache-2.0"));
            PORTS.getOrDefault(service, List.of()).forEach(port -> image.addExposedPort(Port.tcp(port)));
            // Others' jars change seldom and are most of it: a layer of their own is not pulled again.
            image.addFileEntriesLayer(jars("others", false));
            image.addFileEntriesLayer(jars("ours", true));
            if (service.equals("accesslog")) {
                image.addFileEntriesLayer(broker());
            }
            var target = Containerizer.to(TarImage.at(archive).named(name))
                    .setBaseImageLayersCache(cache.resolve("base"))
                    .setApplicationLayersCache(cache.resolve("layers"))
                    .setOfflineMode(base instanceof Base.Folder);
            return image.containerize(target).getDigest().toString();
        } catch (InvalidImageReferenceException
                | RegistryException
                | CacheDirectoryCreationException
                | ExecutionException e) {
            throw new IOException("image of " + service + ": " + e.getMessage(), e);
        }
    }

    /// Every jar that is in it.
    List<Path> materials() throws IOException {
        var folders = new ArrayList<Path>(List.of(dist.resolve("lib")));
        if (service.equals("accesslog")) {
            folders.add(dist.resolve("broker"));
        }
        var found = new ArrayList<Path>();
        for (var folder : folders) {
            try (var files = Files.walk(folder)) {
                files.filter(file -> file.toString().endsWith(".jar")).sorted().forEach(found::add);
            }
        }
        return found;
    }

    private JibContainerBuilder from() throws InvalidImageReferenceException, IOException {
        return switch (base) {
            case Base.Registry(var reference) -> Jib.from(reference);
            case Base.Folder(var root) -> Jib.fromScratch().addFileEntriesLayer(tree("system", root, "/"));
        };
    }

    /// What starts it, but for the arguments.
    List<String> command() {
        var java = switch (base) {
            case Base.Registry _ -> "java";
            case Base.Folder _ -> "/opt/java/bin/java";
        };
        return List.of(
                java,
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.awt.headless=true",
                "-cp",
                "/opt/sallyport/lib/*",
                "io.sallyport.standalone.Main");
    }

    private FileEntriesLayer jars(String layer, boolean ours) throws IOException {
        var entries = FileEntriesLayer.builder().setName(layer);
        try (var jars = Files.list(dist.resolve("lib"))) {
            for (var jar : jars.sorted().toList()) {
                var name = String.valueOf(jar.getFileName());
                if (name.startsWith("sallyport-") == ours) {
                    entries.addEntry(jar, HOME.resolve("lib").resolve(name), FILE, MADE);
                }
            }
        }
        return entries.build();
    }

    private FileEntriesLayer broker() throws IOException {
        return tree("broker", dist.resolve("broker"), "/opt/sallyport/broker");
    }

    // Programs stay programs; all else about the files is the same for all.
    private static FileEntriesLayer tree(String layer, Path root, String place) throws IOException {
        var entries = FileEntriesLayer.builder().setName(layer);
        try (var files = Files.walk(root)) {
            for (var file : files.sorted().toList()) {
                var target = AbsoluteUnixPath.get(place)
                        .resolve(root.relativize(file).toString());
                var rights = Files.isDirectory(file) || Files.isExecutable(file) ? PROGRAM : FILE;
                if (!file.equals(root)) {
                    entries.addEntry(file, target, rights, MADE);
                }
            }
        }
        return entries.build();
    }
}
