package io.sallyport.benchmark;

import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.cli.Terminal;
import io.sallyport.model.Age;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.read.YamlReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// How long people wait for `sallyport check`: one file, 10,000 files at once, and one edited file among them.
final class CheckBenchmark {

    private static final int FILES = 10_000;
    private static final int EDITS = 300;
    private static final int RUNS = 5;
    private static final int STARTS = 15;
    private static final int LONGEST_START_SECONDS = 120;
    private static final int COULD_NOT_RUN = 2;

    private final Results results;
    private final Path scratch;
    private final int divisor;

    CheckBenchmark(Results results, Path scratch, int divisor) {
        this.results = results;
        this.scratch = scratch;
        this.divisor = divisor;
    }

    void run() throws IOException, InterruptedException {
        one(Path.of("examples/quickstart/shop.yaml"));
        // A VirtualService each, a tenth as many ServiceEntries, and one Gateway.
        var workload = new Workload(FILES / divisor * 10 / 11);
        var directory = Files.createDirectories(scratch.resolve("config"));
        workload.writeTo(directory);
        whole(directory);
        edited(workload, directory);
    }

    // A process each time, as people start it: the launcher, the virtual machine, the answer. The first one may have to
    // build, and does not count. The least is what the machine can do, whatever else runs on it.
    private void one(Path file) throws IOException, InterruptedException {
        var figures = new Figures();
        for (int start = 0; start <= STARTS; start++) {
            var started = System.nanoTime();
            var process = new ProcessBuilder("./sallyport", "check", file.toString())
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(LONGEST_START_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("check of " + file + " does not end");
            }
            var passed = Duration.ofNanos(System.nanoTime() - started);
            if (process.exitValue() >= COULD_NOT_RUN) {
                throw new IllegalStateException("check of %s ended with %d".formatted(file, process.exitValue()));
            }
            if (start > 0) {
                figures.add(passed);
            }
        }
        results.row(
                "`./sallyport check` of one file, a process each time",
                "least %s, %s".formatted(Figures.millis(figures.quantile(0)), figures),
                "<= 700 ms");
    }

    private void whole(Path directory) throws IOException {
        long files;
        try (var listed = Files.list(directory)) {
            files = listed.count();
        }
        var warm = new Figures();
        var work = new Figures();
        for (int run = 0; run < RUNS; run++) {
            var worked = processorTime();
            var started = System.nanoTime();
            var code = io.sallyport.cli.Main.commandLine(silent()).execute("check", directory.toString());
            var passed = Duration.ofNanos(System.nanoTime() - started);
            if (code != 0) {
                throw new IllegalStateException("check ended with " + code + " (expected: 0)");
            }
            if (run == 0) {
                results.row(
                        "`check` of %,d files, first run of a process".formatted(files), Figures.millis(passed), "-");
            } else {
                warm.add(passed);
                work.add(Duration.ofNanos(processorTime() - worked));
            }
        }
        results.row("`check` of %,d files, warm".formatted(files), warm.toString(), "< 10 s");
        // What else runs on the machine does not count here.
        results.row("the same, in processor time", work.toString(), "-");
    }

    private void edited(Workload workload, Path directory) throws IOException {
        var reader = new YamlReader();
        var objects = new ArrayList<ConfigObject<?>>();
        try (var listed = Files.list(directory)) {
            for (var file : listed.sorted().toList()) {
                reader.read(file.toString(), Files.readAllBytes(file))
                        .objects()
                        .forEach(object -> objects.add(aged(object)));
            }
        }
        var analyzer = new Analyzer();
        var image = ConfigImage.EMPTY.with(1, objects, List.of());
        analyzer.check(image);
        var figures = new Figures();
        for (int edit = 0; edit < EDITS; edit++) {
            var number = edit * 31 % workload.size();
            var file = directory.resolve("host-" + number + ".yaml");
            Files.writeString(file, workload.changed(number, "edit " + edit));
            var started = System.nanoTime();
            var read = reader.read(file.toString(), Files.readAllBytes(file))
                    .objects()
                    .toList();
            image = image.with(edit + 2, read.stream().map(CheckBenchmark::aged).toList(), List.of());
            var checked = analyzer.check(image);
            var passed = Duration.ofNanos(System.nanoTime() - started);
            if (checked.image().size() != objects.size()) {
                throw new IllegalStateException(checked.image().size() + " objects (expected: as many as before)");
            }
            // The first third warms up.
            if (edit >= EDITS / 3) {
                figures.add(passed);
            }
        }
        results.row(
                "one edited file among %,d, read and judged again with its neighbours".formatted(objects.size()),
                figures.toString(),
                "< 50 ms");
    }

    private static long processorTime() {
        var system = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
        return system.getProcessCpuTime();
    }

    private static ConfigObject<?> aged(ConfigObject<?> object) {
        return object.withAge(new Age(Instant.EPOCH, 1, object.source().name(), 0));
    }

    private static Terminal silent() {
        return new Terminal(
                InputStream.nullInputStream(),
                new PrintWriter(Writer.nullWriter()),
                new PrintWriter(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                () -> false,
                InstantSource.system());
    }
}
