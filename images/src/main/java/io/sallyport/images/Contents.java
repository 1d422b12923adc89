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
/// version and hash, and nothing that is not. It is read from the jars themselves and not from the build, so it cannot
/// say anything else than the image does. Equal jars make equal bytes.
final class Contents {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Contents() {}

    /// Writes the bill of one image.
    static void write(Path file, String image, String version, List<Path> jars) throws IOException {
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
        Files.writeString(file, JSON.writeValueAsString(bill) + "\n");
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
        component.putObject("evidence").putArray("occurrences").addObject().put("location", name);
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
