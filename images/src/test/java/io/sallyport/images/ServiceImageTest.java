package io.sallyport.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An image made from nothing has all that its service needs: unpacked, the service runs in it as its user, and
/// answers.
class ServiceImageTest {

    private static final Path DIST =
            Path.of("../standalone/target/dist").toAbsolutePath().normalize();
    private static final boolean NIGHTLY = Boolean.getBoolean("sallyport.nightly");
    private static final Pattern LAYER = Pattern.compile("\\{[^{}]*image\\.layer[^{}]*}");
    private static final Pattern DIGEST = Pattern.compile("sha256:([0-9a-f]{64})");
    private static final int READY_SECONDS = 90;
    private static final int LARGE_BYTES = 50_000_000;

    @Test
    @Tag("M26")
    void theServiceRunsInItsImage(@TempDir Path folder) throws Exception {
        Assumptions.assumeTrue(Files.isDirectory(DIST.resolve("lib")) || System.getenv("CI") != null, "not built");
        var system = SystemFolder.make(Path.of(System.getProperty("java.home")), folder.resolve("system"));
        // Packing the large engines of other services takes a minute and shows nothing more.
        var dist = NIGHTLY ? DIST : small(folder.resolve("dist"));
        for (var service : NIGHTLY ? ServiceImage.names() : List.of("config")) {
            var image = new ServiceImage(service, dist, new Base.Folder(system));
            var archive = folder.resolve(service + ".tar");
            image.write(archive, "sallyport-" + service, folder.resolve("cache"));
            if (service.equals("config")) {
                answers(unpack(archive, folder.resolve("unpacked")), image);
            }
        }
    }

    @Test
    void aServiceThatDoesNotExistIsRefusedBeforeAnythingIsWritten(@TempDir Path folder) {
        var output = folder.resolve("images");

        assertThatThrownBy(() -> Main.write(DIST.toString(), output.toString(), "--base=scratch", "config", "nosuch"))
                .hasMessage("service \"nosuch\" (expected: one of [accesslog, config, egress, secret, xds])");

        assertThat(output).doesNotExist();
    }

    /// Built twice, in two folders and at two times: not a byte differs, of the image or of what is said of it.
    @Test
    @Tag("M26")
    void equalJarsMakeAnEqualImage(@TempDir Path folder) throws Exception {
        var first = build(folder.resolve("here"), FileTime.fromMillis(1_000_000_000_000L));
        var second = build(folder.resolve("somewhere/else"), FileTime.fromMillis(1_700_000_000_000L));

        assertThat(second).isEqualTo(first);
        for (var file : List.of("xds.tar", "xds.sbom.json")) {
            assertThat(folder.resolve("somewhere/else").resolve(file))
                    .hasSameBinaryContentAs(folder.resolve("here").resolve(file));
        }
        jar(folder.resolve("here/dist/lib/other-1.2.jar"), "another");
        assertThat(write(folder.resolve("here"), "xds")).isNotEqualTo(first);
    }

    /// Every jar of the image is in the bill with its version and hash, and nothing else is.
    @Test
    @Tag("M27")
    void theBillOfMaterialsIsWhatIsInTheImage(@TempDir Path folder) throws Exception {
        build(folder, FileTime.fromMillis(1_000_000_000_000L));
        for (var service : List.of("accesslog", "xds")) {
            write(folder, service);
            var root = unpack(folder.resolve(service + ".tar"), folder.resolve(service + "/unpacked"));
            var inImage = new TreeMap<String, String>();
            try (var files = Files.walk(root)) {
                for (var jar :
                        files.filter(file -> file.toString().endsWith(".jar")).toList()) {
                    inImage.put(
                            String.valueOf(jar.getFileName()),
                            HexFormat.of()
                                    .formatHex(
                                            MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar))));
                }
            }
            var bill = new ObjectMapper().readTree(Files.readString(folder.resolve(service + ".sbom.json")));
            var inBill = new TreeMap<String, String>();
            for (var component : bill.get("components")) {
                assertThat(component.get("version").asText())
                        .as("%s", component)
                        .isNotEmpty();
                inBill.put(
                        component.at("/evidence/occurrences/0/location").asText(),
                        component.at("/hashes/0/content").asText());
            }

            assertThat(inBill).isEqualTo(inImage);
            assertThat(bill.get("components").size()).isEqualTo(inImage.size());
            assertThat(inImage).hasSize(service.equals("accesslog") ? 3 : 2);
        }
        assertThat(Files.readString(folder.resolve("xds.sbom.json")))
                .contains("pkg:maven/io.sallyport/sallyport-xds@0.1.0")
                .contains("\"name\" : \"other\",\n    \"version\" : \"1.2\"");
    }

    /// The Java of an image from nothing, and each package that a library of it is of, with their versions.
    @Test
    @Tag("M27")
    void theBillNamesTheJavaAndTheLibrariesOfAnImageFromNothing(@TempDir Path folder) throws Exception {
        var jdk = Path.of(System.getProperty("java.home"));
        var system = SystemFolder.make(jdk, folder.resolve("system"));
        Contents.write(folder.resolve("bill.json"), "sallyport-xds", "0.1.0", List.of(), new Base.Folder(system));

        var bill = new ObjectMapper().readTree(Files.readString(folder.resolve("bill.json")));
        var java = bill.at("/components/0");
        assertThat(java.get("name").asText()).isEqualTo("openjdk");
        assertThat(java.get("version").asText()).startsWith(System.getProperty("java.version"));
        assertThat(java.get("cpe").asText()).contains(":openjdk:" + System.getProperty("java.version") + ":");

        Assumptions.assumeTrue(Files.exists(Path.of("/var/lib/dpkg/status")), "not a system of Debian's kind");
        var packages = new TreeMap<String, String>();
        bill.get("components")
                .forEach(each -> packages.put(
                        each.get("name").asText(), each.path("purl").asText()));
        assertThat(packages).containsKeys("libc6", "libstdc++6", "libgcc-s1");
        var libc = new String(
                new ProcessBuilder("dpkg-query", "-W", "-f=${Version}", "libc6")
                        .start()
                        .getInputStream()
                        .readAllBytes(),
                StandardCharsets.UTF_8);
        assertThat(packages.get("libc6"))
                .startsWith("pkg:deb/")
                .contains("/libc6@" + libc.replace("+", "%2B").replace(":", "%3A") + "?arch=")
                .contains("&distro=");
        // Each library of the system is of one of them.
        assertThat(system.resolve("var/lib/dpkg/status.d/libc6")).content().contains("Package: libc6\n", libc);
        assertThat(system.resolve("etc/os-release")).exists();
    }

    /// One on an image of a registry says which.
    @Test
    @Tag("M27")
    void theBillNamesTheImageThatAnImageStandsOn(@TempDir Path folder) throws Exception {
        Contents.write(
                folder.resolve("bill.json"),
                "sallyport-xds",
                "0.1.0",
                List.of(),
                new Base.Registry("eclipse-temurin:25-jre"));

        var bill = new ObjectMapper().readTree(Files.readString(folder.resolve("bill.json")));
        assertThat(bill.at("/components/0/type").asText()).isEqualTo("container");
        assertThat(bill.at("/components/0/name").asText()).isEqualTo("eclipse-temurin:25-jre");
    }

    private static String build(Path folder, FileTime time) throws Exception {
        jar(
                folder.resolve("dist/lib/sallyport-xds-0.1.0.jar"),
                "groupId=io.sallyport\nartifactId=sallyport-xds\nversion=0.1.0\n");
        jar(folder.resolve("dist/lib/other-1.2.jar"), "other");
        jar(folder.resolve("dist/broker/queue-3.jar"), "queue");
        Files.createDirectories(folder.resolve("system"));
        Files.writeString(folder.resolve("system/file"), "system");
        for (var name : List.of("dist/lib/other-1.2.jar", "dist/lib/sallyport-xds-0.1.0.jar", "system/file", "dist")) {
            Files.setLastModifiedTime(folder.resolve(name), time);
        }
        return write(folder, "xds");
    }

    // The time inside is not of this test: builds of jars are reproducible by themselves.
    private static void jar(Path file, String properties) throws IOException {
        Files.createDirectories(file.getParent());
        try (var jar = new ZipOutputStream(Files.newOutputStream(file))) {
            var entry = new ZipEntry("META-INF/maven/group/artifact/pom.properties");
            entry.setTime(1_000_000_000_000L);
            jar.putNextEntry(entry);
            jar.write(properties.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String write(Path folder, String service) throws Exception {
        var base = new Base.Folder(folder.resolve("system"));
        var image = new ServiceImage(service, folder.resolve("dist"), base);
        Contents.write(
                folder.resolve(service + ".sbom.json"), "sallyport-" + service, "0.1.0", image.materials(), base);
        return image.write(folder.resolve(service + ".tar"), "sallyport-" + service, folder.resolve("cache"));
    }

    private static Path small(Path dist) throws IOException {
        var lib = Files.createDirectories(dist.resolve("lib"));
        try (var jars = Files.list(DIST.resolve("lib"))) {
            for (var jar : jars.toList()) {
                var name = String.valueOf(jar.getFileName());
                if (Files.size(jar) < LARGE_BYTES) {
                    Files.copy(jar, lib.resolve(name));
                }
            }
        }
        return dist;
    }

    @Test
    void anUnknownServiceIsRefused() {
        assertThatThrownBy(() -> new ServiceImage("edge", DIST, new Base.Registry("scratch")))
                .hasMessage("service \"edge\" (expected: one of [accesslog, config, egress, secret, xds])");
    }

    // A root of its own is for root alone to give.
    private static void answers(Path root, ServiceImage image) throws Exception {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "not root");
        var port = freePort();
        Files.createDirectories(root.resolve("etc/sallyport"));
        Files.writeString(
                root.resolve("etc/sallyport/config.yaml"),
                "{grpc: \"127.0.0.1:0\", http: \"127.0.0.1:%d\", store: {file: /var/lib/sallyport/config.db}}"
                        .formatted(port));
        // What a container engine mounts: devices, and what the pod may write.
        Files.createDirectories(root.resolve("dev"));
        Files.write(root.resolve("dev/urandom"), new java.security.SecureRandom().generateSeed(4_096));
        Files.copy(root.resolve("dev/urandom"), root.resolve("dev/random"));
        run("chown", "-R", ServiceImage.USER, root.resolve("var/lib/sallyport").toString());
        run("chmod", "1777", root.resolve("tmp").toString());
        var command = new ArrayList<>(List.of("chroot", "--userspec=" + ServiceImage.USER, root.toString()));
        command.addAll(image.command());
        command.addAll(List.of("service", "config", "--config", "/etc/sallyport/config.yaml"));
        var log = root.resolveSibling("service.log");
        var starting = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        // Where the loader would look by itself if /proc were mounted.
        starting.environment().put("LD_LIBRARY_PATH", "/opt/java/lib:/opt/java/lib/server");
        var service = starting.start();
        try {
            assertThat(healthz(port, service)).as("%s", Files.readString(log)).isEqualTo(200);
        } finally {
            service.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        }
    }

    private static int healthz(int port, Process service) throws InterruptedException {
        var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/healthz"))
                    .timeout(Duration.ofSeconds(5))
                    .build();
            while (System.nanoTime() < end && service.isAlive()) {
                try {
                    return client.send(request, HttpResponse.BodyHandlers.discarding())
                            .statusCode();
                } catch (IOException notYet) {
                    service.waitFor(100, TimeUnit.MILLISECONDS);
                }
            }
        }
        return 0;
    }

    private static Path unpack(Path archive, Path folder) throws Exception {
        var parts = Files.createDirectories(folder.resolveSibling("parts"));
        var root = Files.createDirectories(folder);
        run("tar", "-xf", archive.toString(), "-C", parts.toString());
        var manifest = blob(parts, first(Files.readString(parts.resolve("index.json"))));
        var layers = LAYER.matcher(Files.readString(manifest));
        while (layers.find()) {
            run(
                    "tar",
                    "--warning=no-unknown-keyword",
                    "-xzf",
                    blob(parts, first(layers.group())).toString(),
                    "-C",
                    root.toString());
        }
        return root;
    }

    private static Path blob(Path parts, String digest) {
        return parts.resolve("blobs/sha256").resolve(digest);
    }

    private static String first(String json) {
        var digest = DIGEST.matcher(json);
        assertThat(digest.find()).as("%s", json).isTrue();
        return digest.group(1);
    }

    private static void run(String... command) throws Exception {
        var process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as("%s", List.of(command)).isZero();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
