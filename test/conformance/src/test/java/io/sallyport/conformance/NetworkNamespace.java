package io.sallyport.conformance;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// A network of its own on this machine, which ends with the process that holds it: nothing that happens in it is seen
/// outside, and nothing is left of it. It needs root.
final class NetworkNamespace implements AutoCloseable {

    /// Longer than any test, so that a holder whose test was killed ends too.
    private static final String LIFE_SECONDS = "900";

    private static final int PATIENCE_SECONDS = 60;

    private final Process holder;

    private NetworkNamespace(Process holder) {
        this.holder = holder;
    }

    /// What a command printed, standard error included, and returned.
    record Outcome(int exitCode, String out) {}

    /// Skips the test where namespaces cannot be made, and says why. In CI what is missing is a failure.
    static void require(String... programs) throws IOException, InterruptedException {
        for (var program : programs) {
            if (run(List.of("sh", "-c", "command -v " + program)).exitCode() != 0) {
                lack(program
                        + " is not installed (expected: apt-get install nftables iptables iproute2 util-linux curl)");
            }
        }
        if (!run(List.of("id", "-u")).out().strip().equals("0")) {
            lack("network namespaces need root (expected: the tests run as root)");
        }
        var made = run(List.of("unshare", "--net", "true"));
        if (made.exitCode() != 0) {
            lack("this kernel gives no network namespace: " + made.out());
        }
    }

    /// Skips the test, saying what is missing; in CI, fails it.
    static void lack(String message) {
        if (System.getenv("CI") != null) {
            Assertions.fail(message);
        }
        Assumptions.abort(message);
    }

    static NetworkNamespace open() throws IOException, InterruptedException {
        var holder = new ProcessBuilder(
                        "unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep " + LIFE_SECONDS)
                .redirectErrorStream(true)
                .start();
        var reader = holder.inputReader(StandardCharsets.UTF_8);
        var first = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> {
            try {
                first.complete(String.valueOf(reader.readLine()));
            } catch (IOException e) {
                first.completeExceptionally(e);
            }
        });
        var line = first.completeOnTimeout("nothing in time", PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        if (!line.equals("up")) {
            holder.destroyForcibly();
            throw new IOException("no network namespace: " + line);
        }
        return new NetworkNamespace(holder);
    }

    long pid() {
        return holder.pid();
    }

    /// The words that run a command in it.
    List<String> words(String... command) {
        return words(List.of(command));
    }

    List<String> words(List<String> command) {
        var words = new ArrayList<>(List.of("nsenter", "--net=/proc/" + pid() + "/ns/net"));
        words.addAll(command);
        return words;
    }

    /// The words that run a command in it as a user, named by number.
    List<String> wordsAs(int user, List<String> command) {
        var words = words("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups");
        words.addAll(command);
        return words;
    }

    /// Runs a command in it, which must succeed.
    void must(String... command) throws IOException, InterruptedException {
        var outcome = run(words(command));
        Assertions.assertEquals(0, outcome.exitCode(), () -> String.join(" ", command) + ": " + outcome.out());
    }

    Outcome as(int user, String... command) throws IOException, InterruptedException {
        return run(wordsAs(user, List.of(command)));
    }

    /// Runs any command to its end, or to the end of the test's patience.
    static Outcome run(List<String> words) throws IOException, InterruptedException {
        Path out = Files.createTempFile("namespace", ".out");
        var process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .start();
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException(words + " does not end; it printed: " + Files.readString(out));
            }
            return new Outcome(process.exitValue(), Files.readString(out, StandardCharsets.ISO_8859_1));
        } finally {
            process.destroyForcibly();
            Files.deleteIfExists(out);
        }
    }

    @Override
    public void close() {
        holder.destroyForcibly();
    }
}
