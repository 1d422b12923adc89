package io.sallyport.standalone.envoy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One Envoy of this machine through all its lives. Used by the fleet's owner thread alone.
///
/// `folder` holds `bootstrap.json`, `stdout.log`, `stderr.log` and the mark of the running process with the digest of
/// what it was started with.
final class EnvoyProcess {

    static final String MARK = "process";

    private static final Logger log = LoggerFactory.getLogger(EnvoyProcess.class);
    private static final Duration FIRST_DELAY = Duration.ofMillis(100);
    private static final Duration LAST_DELAY = Duration.ofSeconds(10);
    private static final Duration STABLE_AFTER = Duration.ofSeconds(30);
    private static final Duration GRACE = Duration.ofSeconds(3);
    // On a busy machine, as at our own start, one that serves may be slow to answer, and to replace it would cost its
    // clients their connections.
    private static final Duration ANSWER = Duration.ofSeconds(10);
    private static final long MAX_LOG_BYTES = 256L << 20;

    /// An access log written to `/dev/stdout` is on disk within 200 ms. Of `misc` only errors are logged: it warns of
    /// every deprecated field of every route, again with each change, and Istio's routes have one.
    private static final List<String> FLAGS = List.of(
            "--disable-hot-restart",
            "--log-level",
            "warning",
            "--component-log-level",
            "misc:error",
            "--file-flush-interval-msec",
            "100",
            "--drain-time-s",
            "45",
            "--drain-strategy",
            "immediate",
            "--concurrency",
            Integer.toString(Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 8)));

    // `started` is the start of the process if it is ours, `since` when we first knew of it. What an adopted process
    // ended with is told to its parent alone, so that `process` is absent.
    private record Life(ProcessMark mark, String digest, Instant started, Instant since, Optional<Process> process) {}

    private final ProxyName name;
    private final EnvoyBinary binary;
    private final Path folder;
    private final Path adminSocket;
    private final InstantSource clock;
    private final Runnable ended;

    private @Nullable Life life;
    private @Nullable EnvoyBootstrap wanted;
    private String problem = "";
    private int starts;
    private Duration delay = FIRST_DELAY;
    private Instant nextStart = Instant.MIN;

    EnvoyProcess(
            ProxyName name, EnvoyBinary binary, Path folder, Path adminSocket, InstantSource clock, Runnable ended) {
        this.name = name;
        this.binary = binary;
        this.folder = folder;
        this.adminSocket = adminSocket;
        this.clock = clock;
        this.ended = ended;
        this.life = readMark().filter(found -> found.mark().isAlive()).orElse(null);
    }

    EnvoyStatus status() {
        var now = life;
        return now == null
                ? new EnvoyStatus(name, false, 0, Instant.MAX, starts, problem, adminSocket)
                : new EnvoyStatus(name, true, now.mark().pid(), now.started(), starts, problem, adminSocket);
    }

    /// Takes a new bootstrap. A process that was started with another one, or does not answer, is stopped here;
    /// [#look] starts the next.
    void prepare(EnvoyBootstrap bootstrap) {
        wanted = bootstrap;
        if (life == null) {
            return;
        }
        if (!life.digest().equals(digest(bootstrap))) {
            log.atInfo().addKeyValue("proxy", name).log("Envoy is replaced: its bootstrap has changed");
            end();
            nextStart = Instant.MIN;
        } else if (starts == 0) {
            adopt(life);
        }
    }

    private void adopt(Life found) {
        try {
            new AdminSocket(adminSocket, ANSWER).get("/server_info");
            starts = 1;
            log.atInfo()
                    .addKeyValue("proxy", name)
                    .addKeyValue("pid", found.mark().pid())
                    .log("Envoy of an earlier start is adopted");
        } catch (IOException e) {
            log.atWarn().addKeyValue("proxy", name).log("Envoy of an earlier start does not answer and is replaced");
            end();
        }
    }

    /// Starts, restarts, or does nothing, whatever the process needs now.
    void look() {
        var now = clock.instant();
        if (life != null && !life.mark().isAlive()) {
            recordEnd(life, now);
        }
        if (life != null) {
            bound(folder.resolve("stdout.log"));
            bound(folder.resolve("stderr.log"));
        } else if (wanted != null && !now.isBefore(nextStart)) {
            start(wanted, now);
        }
    }

    private void recordEnd(Life over, Instant now) {
        delay = over.since().plus(STABLE_AFTER).isBefore(now) ? FIRST_DELAY : min(delay.multipliedBy(2), LAST_DELAY);
        fail(ending(over.process()), now);
        life = null;
    }

    private String ending(Optional<Process> process) {
        var code = process.flatMap(EnvoyProcess::code);
        if (code.filter(value -> value > Signals.CODES).isPresent()) {
            var signal = code.get() - Signals.CODES;
            return "was killed by " + Signals.written(signal)
                    // Nobody prints a last word at SIGKILL: what stands there is of something else.
                    + (signal == Signals.KILL
                            ? ": by somebody, or by the kernel when memory ran out"
                            : "; last line: " + lastWords());
        }
        return code.map(value -> "ended with code " + value).orElse("ended unexpectedly") + "; last line: "
                + lastWords();
    }

    private static Optional<Integer> code(Process process) {
        try {
            return process.waitFor(GRACE) ? Optional.of(process.exitValue()) : Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private void fail(String why, Instant now) {
        problem = why;
        nextStart = now.plus(delay);
        log.atWarn()
                .addKeyValue("proxy", name)
                .addKeyValue("problem", why)
                .addKeyValue("restartIn", delay)
                .log("Envoy does not run");
    }

    private void start(EnvoyBootstrap bootstrap, Instant now) {
        try {
            var file = folder.resolve("bootstrap.json");
            Files.writeString(file, bootstrap.json());
            Files.deleteIfExists(adminSocket);
            var command = new ArrayList<>(List.of(binary.path().toString(), "-c", file.toString()));
            command.addAll(FLAGS);
            var builder = new ProcessBuilder(command)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            folder.resolve("stdout.log").toFile()))
                    .redirectError(ProcessBuilder.Redirect.appendTo(
                            folder.resolve("stderr.log").toFile()));
            // An Envoy needs nothing from the environment, and what is not there cannot leak into its configuration.
            builder.environment().clear();
            var process = builder.start();
            var mark = ProcessMark.of(process.pid());
            if (mark.isEmpty()) {
                delay = min(delay.multipliedBy(2), LAST_DELAY);
                fail(ending(Optional.of(process)), now);
                return;
            }
            life = new Life(mark.get(), digest(bootstrap), now, now, Optional.of(process));
            writeMark(life);
            var _ = process.onExit().thenRun(ended);
            starts++;
            problem = "";
        } catch (IOException e) {
            delay = min(delay.multipliedBy(2), LAST_DELAY);
            fail("cannot be started: " + e.getMessage(), now);
        }
    }

    /// Asks the process to end, without waiting.
    void terminate() {
        if (life != null) {
            life.mark().terminate();
        }
    }

    /// Ends the process and waits for it, at most a few seconds.
    void stop() {
        wanted = null;
        end();
    }

    private void end() {
        var over = life;
        if (over == null) {
            deleteMark();
            return;
        }
        over.mark().terminate();
        if (!awaitEnd(over.mark(), GRACE)) {
            over.mark().kill();
            awaitEnd(over.mark(), GRACE);
        }
        life = null;
        deleteMark();
    }

    private static boolean awaitEnd(ProcessMark mark, Duration limit) {
        var handle = ProcessHandle.of(mark.pid());
        if (handle.isEmpty() || !mark.isAlive()) {
            return true;
        }
        try {
            handle.get().onExit().get(limit.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return !mark.isAlive();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private String lastWords() {
        try {
            var file = folder.resolve("stderr.log");
            try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
                var start = Math.max(0, channel.size() - 2_048);
                var bytes = ByteBuffer.allocate((int) (channel.size() - start));
                channel.read(bytes, start);
                var text = new String(bytes.array(), StandardCharsets.UTF_8).strip();
                return text.isEmpty()
                        ? "it printed nothing"
                        : text.lines().toList().getLast();
            }
        } catch (IOException e) {
            return "its output cannot be read";
        }
    }

    // A log that has grown too large moves aside. Envoy holds the file open for appending, so it is emptied, not
    // renamed.
    private static void bound(Path file) {
        try {
            if (Files.exists(file) && Files.size(file) > MAX_LOG_BYTES) {
                Files.copy(file, file.resolveSibling(file.getFileName() + ".1"), StandardCopyOption.REPLACE_EXISTING);
                try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(0);
                }
            }
        } catch (IOException e) {
            log.atWarn().addKeyValue("file", file).setCause(e).log("Log of an Envoy cannot be moved aside");
        }
    }

    private Optional<Life> readMark() {
        try {
            var words = Files.readString(folder.resolve(MARK)).strip().split(" ");
            var mark = new ProcessMark(Long.parseLong(words[0]), words[1]);
            if (words.length > 3 && !words[3].equals(place())) {
                // A copy of somebody's data, as a backup is: the process is theirs.
                return Optional.empty();
            }
            return Optional.of(new Life(mark, words[2], Instant.MIN, clock.instant(), Optional.empty()));
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private void writeMark(Life running) throws IOException {
        var fresh = folder.resolve(MARK + ".part");
        var mark = running.mark();
        Files.writeString(fresh, String.join(" ", "" + mark.pid(), mark.started(), running.digest(), place()) + "\n");
        Files.move(fresh, folder.resolve(MARK), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    // The folder itself, whatever its path is called.
    private String place() throws IOException {
        return String.valueOf(
                Files.readAttributes(folder, BasicFileAttributes.class).fileKey());
    }

    private void deleteMark() {
        try {
            Files.deleteIfExists(folder.resolve(MARK));
            Files.deleteIfExists(adminSocket);
        } catch (IOException e) {
            log.atWarn().addKeyValue("proxy", name).setCause(e).log("Mark of an ended Envoy cannot be removed");
        }
    }

    // What an Envoy cannot change while it runs: its bootstrap, its flags and its program.
    private String digest(EnvoyBootstrap bootstrap) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(bootstrap.json().getBytes(StandardCharsets.UTF_8));
            digest.update((binary.version() + FLAGS).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
