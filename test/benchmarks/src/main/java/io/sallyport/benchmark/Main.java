package io.sallyport.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;

/// `./sallyport bench NAME`: runs one benchmark and writes its table. With a number behind the name all sizes are
/// divided by it, which shows that it works and writes nothing.
public final class Main {

    private static final List<String> NAMES = List.of("check", "edits", "logs", "secrets", "start", "tls", "xds");

    private Main() {}

    /// Exit code 2 for an unknown name.
    public static void main(String[] arguments) throws IOException, InterruptedException {
        // Java's client sends its own Host otherwise, and the runs choose hosts by it.
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
        if (arguments.length < 1 || arguments.length > 2 || !NAMES.contains(arguments[0])) {
            System.err.println(
                    "bench: which one? (expected: one of " + NAMES + "; a number behind it divides its size)");
            System.exit(2);
        }
        var divisor = arguments.length == 2 ? Integer.parseInt(arguments[1]) : 1;
        var scratch = Files.createTempDirectory("sallyport-bench");
        try {
            var results = run(arguments[0], scratch, divisor);
            if (divisor == 1) {
                results.writeTo(
                        Path.of("test/benchmarks/results", arguments[0] + ".md"), LocalDate.now(ZoneOffset.UTC));
            }
        } finally {
            delete(scratch);
        }
    }

    private static Results run(String name, Path scratch, int divisor) throws IOException, InterruptedException {
        if (name.equals("check")) {
            var results = new Results("Checking files: all of them, and one that was edited");
            new CheckBenchmark(results, scratch, divisor).run();
            return results;
        }
        if (name.equals("edits")) {
            var results = new Results("Edits: from the API to the first right answer");
            new EditBenchmark(results, scratch, divisor).run();
            return results;
        }
        if (name.equals("logs")) {
            var results = new Results("Access logs: from Envoy's stream to an answer");
            new LogBenchmark(results, scratch, divisor).run();
            return results;
        }
        if (name.equals("start")) {
            var results = new Results("Starting, and asking about one file");
            new StartBenchmark(results, scratch, divisor).run();
            return results;
        }
        if (name.equals("tls")) {
            var results = new Results("TLS at the door: many HTTPS hosts on one port");
            new TlsBenchmark(results, scratch, divisor).run();
            return results;
        }
        if (name.equals("secrets")) {
            var results = new Results("Secrets: a renewed certificate, and one that is missing");
            new SecretBenchmark(results, scratch, divisor).run();
            return results;
        }
        var results = new Results("Programming Envoy: one change among many");
        new XdsBenchmark(results, scratch, divisor).run();
        return results;
    }

    private static void delete(Path directory) throws IOException {
        try (var paths = Files.walk(directory)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
