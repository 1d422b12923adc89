package io.sallyport.testkit.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A program of the machine, run to its end.
final class Tool {

    private static final int PATIENCE_SECONDS = 60;

    private Tool() {}

    record Result(int exitCode, String out) {}

    static Result result(List<String> words) throws IOException {
        var process = new ProcessBuilder(words).redirectErrorStream(true).start();
        process.getOutputStream().close();
        var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(exitCode(process, words), out);
    }

    /// What a program prints to whom types this and then waits. It must end by itself.
    static String typed(List<String> words, String text) throws IOException {
        var process = new ProcessBuilder(words).redirectErrorStream(true).start();
        try (var typing = process.outputWriter(StandardCharsets.US_ASCII)) {
            typing.write(text);
            typing.flush();
            var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            var _ = exitCode(process, words);
            return out;
        }
    }

    /// What a program printed as its answer, and what it said about it.
    record Apart(int exitCode, String out, String errors) {}

    static Apart apart(List<String> words) throws IOException {
        var errors = Files.createTempFile("tool", ".err");
        try {
            var process =
                    new ProcessBuilder(words).redirectError(errors.toFile()).start();
            process.getOutputStream().close();
            var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Apart(exitCode(process, words), out, Files.readString(errors, StandardCharsets.ISO_8859_1));
        } finally {
            Files.deleteIfExists(errors);
        }
    }

    private static int exitCode(Process process, List<String> words) throws IOException {
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(words.getFirst() + " does not end");
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    static void run(List<String> words) throws IOException {
        var result = result(words);
        if (result.exitCode() != 0) {
            throw new IOException(words + " failed:\n" + result.out());
        }
    }
}
