package io.sallyport.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// `bench start`: how long the launcher's `up --no-envoy` takes until it says `ready`, for a directory of 11,001 files:
/// with no data, and again with the data that it left. Then one of the files changes, again and again.
final class StartBenchmark {

    private static final int HOSTS = 10_000;
    private static final int STARTS = 3;
    private static final int EDITS = 200;
    private static final Duration SETTLED = Duration.ofSeconds(3);
    private static final String BAR_COLD = "6 s; 400 MiB";
    private static final String BAR_STORED = "3 s; 400 MiB";

    private final Results results;
    private final Path scratch;
    private final Workload workload;
    private final int edits;

    StartBenchmark(Results results, Path scratch, int divisor) {
        this.results = results;
        this.scratch = scratch;
        this.workload = new Workload(HOSTS / divisor);
        this.edits = Math.max(20, EDITS / divisor);
    }

    void run() throws IOException, InterruptedException {
        var files = Files.createDirectories(scratch.resolve("config"));
        workload.writeTo(files);
        // It may have to build first.
        once(files, scratch.resolve("first"));
        row(
                "`./sallyport up --no-envoy` of %s files, no data, until `ready`",
                BAR_COLD, run -> scratch.resolve("data-" + run));
        row("the same, with the data kept", BAR_STORED, _ -> scratch.resolve("data-0"));
        edited(files);
    }

    private interface Data {
        Path of(int run);
    }

    private void row(String work, String bar, Data data) throws IOException, InterruptedException {
        var measured = new ArrayList<String>();
        for (var run = 0; run < STARTS; run++) {
            measured.add(once(scratch.resolve("config"), data.of(run)));
        }
        results.row(work.formatted("%,d".formatted(files())), String.join("; ", measured), bar);
    }

    private int files() {
        return workload.size() + workload.services() + 1;
    }

    // 8.1 s (15.2 CPU s, 498 MB at most)
    private String once(Path files, Path data) throws IOException, InterruptedException {
        try (var up = Up.start(files, data)) {
            return "%.1f s (%.1f CPU s, %d MB at most)"
                    .formatted(
                            seconds(up.wall()),
                            seconds(up.usage().cpu()),
                            up.usage().peakMegabytes());
        }
    }

    // Each is told on the terminal when it has been translated.
    private void edited(Path files) throws IOException, InterruptedException {
        try (var up = Up.start(files, scratch.resolve("data-0"))) {
            for (var edit = 0; edit < edits; edit++) {
                edit(up, files, edit);
            }
            // What the start left to do is done by now, as far as it can be seen.
            LockSupport.parkNanos(SETTLED.toNanos());
            var before = up.usage().cpu();
            var figures = new Figures();
            for (var edit = 0; edit < edits; edit++) {
                figures.add(edit(up, files, edits + edit));
            }
            var each = up.usage().cpu().minus(before).dividedBy(edits);
            results.row(
                    "one file changes among %,d: processor time of the whole process, each of %d"
                            .formatted(files(), edits),
                    Figures.millis(each),
                    "20 ms");
            results.row("the same, until it is told as translated", figures.toString(), "-");
        }
    }

    private Duration edit(Up up, Path files, int edit) throws IOException {
        var number = edit * 31 % workload.size();
        var file = files.resolve("host-" + number + ".yaml");
        var started = System.nanoTime();
        Files.writeString(file, workload.changed(number, "edit " + edit));
        up.await("host-" + number + ".yaml changed");
        return Duration.ofNanos(System.nanoTime() - started);
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1_000.0;
    }

    /// A process of the launcher that has said `ready`.
    private record Up(Process process, BufferedReader lines, Duration wall) implements AutoCloseable {

        private static final int STOPS_WITHIN_SECONDS = 30;

        static Up start(Path files, Path data) throws IOException {
            var started = System.nanoTime();
            var process = new ProcessBuilder(List.of(
                            "./sallyport",
                            "up",
                            files.toString(),
                            "--no-envoy",
                            "--data",
                            data.toString(),
                            "--xds-port",
                            "0",
                            "--api-port",
                            "0",
                            "--http-port",
                            "0"))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            var up = new Up(process, process.inputReader(StandardCharsets.UTF_8), Duration.ZERO);
            try {
                up.await("ready in");
            } catch (IOException e) {
                up.close();
                throw e;
            }
            return new Up(process, up.lines, Duration.ofNanos(System.nanoTime() - started));
        }

        // The launcher becomes the virtual machine: it is one process.
        ProcessUsage usage() {
            return new ProcessUsage(process.pid());
        }

        void await(String text) throws IOException {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.contains(text)) {
                    return;
                }
            }
            throw new IOException("up ended before it said \"" + text + "\"");
        }

        @Override
        public void close() throws IOException {
            process.destroy();
            try {
                if (!process.waitFor(STOPS_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                process.destroyForcibly();
            }
            lines.close();
        }
    }
}
