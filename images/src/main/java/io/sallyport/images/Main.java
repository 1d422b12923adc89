package io.sallyport.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `./sallyport images`: writes `sallyport-SERVICE.tar` for each service, and `sallyport-SERVICE.sbom.json`, what is in
/// it.
public final class Main {

    private static final String DEFAULT_BASE = "eclipse-temurin:25-jre";
    private static final String VERSION = "0.1.0";

    private Main() {}

    static void main(String[] args) throws InterruptedException {
        try {
            write(args);
        } catch (IOException | IllegalArgumentException e) {
            // As the launcher prints what is missing.
            System.err.println("sallyport: " + e.getMessage());
            System.exit(2);
        }
    }

    /// `args` are the folder of what was built, the folder to write to, then what stood on the command line. A service
    /// that does not exist is refused before anything is written.
    static void write(String... args) throws IOException, InterruptedException {
        var dist = Path.of(args[0]);
        var output = Path.of(args[1]);
        var base = DEFAULT_BASE;
        var wanted = new ArrayList<String>();
        for (var word : List.of(args).subList(2, args.length)) {
            if (word.startsWith("--base=")) {
                base = word.substring("--base=".length());
            } else {
                wanted.add(word);
            }
        }
        wanted.forEach(ServiceImage::requireName);
        Files.createDirectories(output);
        var work = Files.createTempDirectory("sallyport-images");
        try {
            var from = base.equals("scratch")
                    ? new Base.Folder(
                            SystemFolder.make(Path.of(System.getProperty("java.home")), work.resolve("system")))
                    : new Base.Registry(base);
            for (var service : wanted.isEmpty() ? ServiceImage.names() : wanted) {
                var archive = output.resolve("sallyport-" + service + ".tar");
                var image = new ServiceImage(service, dist, from);
                Contents.write(
                        output.resolve("sallyport-" + service + ".sbom.json"),
                        "sallyport-" + service,
                        VERSION,
                        image.materials(),
                        from);
                var digest = image.write(archive, "sallyport-" + service + ":" + VERSION, work.resolve("cache"));
                System.out.println(archive + " " + digest);
            }
        } finally {
            remove(work);
        }
    }

    private static void remove(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
