package io.sallyport.images;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.jar.JarFile;

/// What an image is made of, as a bill of materials in CycloneDX's form (version 1.6): each jar that is in it, with its
/// version and hash, what it stands on, and nothing that is not in it. It is read from the files themselves and not
/// from the build, so it cannot say anything else than the image does. Equal files make equal bytes.
///
/// An image from nothing names its Java and the system's packages that its libraries are of. One that stands
/// on an image of a registry names that image: whoever made it has a bill of its own.
final class Contents {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Contents() {}

    /// Writes the bill of one image.
    static void write(Path file, String image, String version, List<Path> jars, Base base) throws IOException {
        var bill = JSON.createObjectNode();
        bill.put("bomFormat", "CycloneDX").put("specVersion", "1.6").put("version", 1);
        bill.putObject("metadata")
                .putObject("component")
                .put("type", "container")
                .put("name", image)
                .put("version", version);
        var components = bill.putArray("components");
        for (var jar : jars) {
            add(components, jar);
        }
        switch (base) {
            case Base.Registry(var reference) ->
                components
                        .addObject()
                        .put("type", "container")
                        .put("bom-ref", reference)
                        .put("name", reference);
            case Base.Folder(var root) -> {
                java(components, root.resolve("opt/java/release"));
                packages(components, root);
            }
        }
        Files.writeString(file, JSON.writeValueAsString(bill) + "\n");
    }

    // A Java has no address of its own that all agree on: scanners look for the name that its vulnerabilities are
    // listed under.
    private static void java(ArrayNode components, Path release) throws IOException {
        if (!Files.exists(release)) {
            return;
        }
        var fields = SystemPackages.fields(release, "=");
        var version = fields.getOrDefault("JAVA_VERSION", "");
        var whole = fields.getOrDefault("JAVA_RUNTIME_VERSION", version);
        var component = components
                .addObject()
                .put("type", "platform")
                .put("bom-ref", "openjdk@" + whole)
                .put("publisher", fields.getOrDefault("IMPLEMENTOR", ""))
                .put("name", "openjdk")
                .put("version", whole)
                .put("cpe", "cpe:2.3:a:oracle:openjdk:" + version + ":*:*:*:*:*:*:*");
        location(component, "/opt/java");
    }

    private static void packages(ArrayNode components, Path root) throws IOException {
        var system = SystemPackages.system(root);
        for (var each : SystemPackages.read(root).values()) {
            var purl = "pkg:deb/%s/%s@%s?arch=%s&distro=%s-%s"
                    .formatted(
                            system.getFirst(),
                            each.name(),
                            each.version().replace(":", "%3A").replace("+", "%2B"),
                            each.architecture(),
                            system.getFirst(),
                            system.getLast());
            var component = components
                    .addObject()
                    .put("type", "library")
                    .put("bom-ref", purl)
                    .put("name", each.name())
                    .put("version", each.version())
                    .put("purl", purl);
            component
                    .putArray("properties")
                    .addObject()
                    .put("name", "sallyport:source-package")
                    .put("value", each.source());
        }
    }

    private static void location(ObjectNode component, String place) {
        component.putObject("evidence").putArray("occurrences").addObject().put("location", place);
    }

    private static void add(ArrayNode components, Path jar) throws IOException {
        var name = String.valueOf(jar.getFileName());
        var hash = sha256(jar);
        ObjectNode component = components.addObject().put("type", "library").put("bom-ref", name + "@" + hash);
        var known = coordinates(jar);
        if (known.isPresent()) {
            var group = known.get().getProperty("groupId", "");
            var artifact = known.get().getProperty("artifactId", "");
            var version = known.get().getProperty("version", "");
            component.put("group", group).put("name", artifact).put("version", version);
            component.put("purl", "pkg:maven/" + group + "/" + artifact + "@" + version);
        } else {
            var plain = name.substring(0, name.length() - ".jar".length());
            int at = versionAt(plain);
            component.put("name", at < 0 ? plain : plain.substring(0, at));
            component.put("version", at < 0 ? "" : plain.substring(at + 1));
        }
        component.putArray("hashes").addObject().put("alg", "SHA-256").put("content", hash);
        location(component, name);
    }

    // Maven leaves them in the jar. One that holds those of several others is not one of these.
    private static Optional<Properties> coordinates(Path jar) throws IOException {
        try (var file = new JarFile(jar.toFile())) {
            var found = file.stream()
                    .filter(entry -> entry.getName().startsWith("META-INF/maven/")
                            && entry.getName().endsWith("/pom.properties"))
                    .toList();
            for (var entry : found) {
                var properties = new Properties();
                try (var in = file.getInputStream(entry)) {
                    properties.load(in);
                }
                var start = properties.getProperty("artifactId") + "-" + properties.getProperty("version");
                if (String.valueOf(jar.getFileName()).startsWith(start)) {
                    return Optional.of(properties);
                }
            }
            return Optional.empty();
        }
    }

    // `guava-33.4.8-jre`: a version starts with a digit.
    private static int versionAt(String name) {
        for (int at = name.indexOf('-'); at >= 0; at = name.indexOf('-', at + 1)) {
            if (at + 1 < name.length() && Character.isDigit(name.charAt(at + 1))) {
                return at;
            }
        }
        return -1;
    }

    private static String sha256(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            var digest = MessageDigest.getInstance("SHA-256");
            var buffer = new byte[64 << 10];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
