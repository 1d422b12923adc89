package io.sallyport.testkit.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException(words.getFirst() + " does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
        return new Result(process.exitValue(), out);
    }

    static void run(List<String> words) throws IOException {
        var result = result(words);
        if (result.exitCode() != 0) {
            throw new IOException(words + " failed:\n" + result.out());
        }
    }
}
