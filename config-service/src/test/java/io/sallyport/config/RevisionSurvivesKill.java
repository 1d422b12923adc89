package io.sallyport.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.config.v1.ApplyRequest;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.ConfigServiceGrpc.ConfigServiceBlockingStub;
import io.sallyport.proto.config.v1.GetRequest;
import io.sallyport.proto.config.v1.HistoryRequest;
import io.sallyport.proto.config.v1.ListRequest;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.config.v1.RevisionEntry;
import io.sallyport.runtime.rpc.Channels;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// The process is killed in the middle of its work, again and again. What it acknowledged has to be there afterwards,
/// and what it did not is there whole or not at all.
@Execution(ExecutionMode.SAME_THREAD)
class RevisionSurvivesKill {

    private static final int WRITERS = 4;
    // Older revisions may be forgotten (docs/day-2.md).
    private static final int KEPT = 10_000;
    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 1_000 : 20;

    @TempDir
    Path folder;

    /// What a writer sent last and what was acknowledged last, as numbers that its objects carry.
    private static final class Writer {
        private long sent;
        private long acknowledged;
    }

    private final Map<Integer, Writer> writers = new HashMap<>();
    // By revision: the text that was acknowledged under that number.
    private final Map<Long, String> acknowledged = new ConcurrentHashMap<>();

    private static String gateway(String name, long number) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: %s, labels: {number: "%d"}}
                spec:
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["%s.test"]}
                """.formatted(name, number, name);
    }

    @Test
    @Tag("F7")
    void everyAcknowledgedRevisionIsThereAfterAKill() throws Exception {
        long seed = Long.getLong("sallyport.seed", 7L);
        var random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        for (int i = 0; i < WRITERS; i++) {
            writers.put(i, new Writer());
        }
        for (int round = 0; round < ROUNDS; round++) {
            var process = start();
            try {
                int port = Integer.parseInt(firstLine(process));
                var channel = Channels.to("127.0.0.1", port);
                check(channel, "seed " + seed + ", round " + round);
                writeUntilKilled(process, channel, random);
                channel.shutdownNow();
            } finally {
                end(process);
            }
        }
        var process = start();
        try {
            var channel = Channels.to("127.0.0.1", Integer.parseInt(firstLine(process)));
            check(channel, "seed " + seed + ", at the end");
            channel.shutdownNow();
        } finally {
            end(process);
        }
        // A kill before anything was acknowledged would prove nothing.
        assertThat(acknowledged.size()).isGreaterThan(ROUNDS);
    }

    private static void end(Process process) {
        process.destroyForcibly().onExit().orTimeout(30, TimeUnit.SECONDS).join();
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ServedConfig.class.getName(),
                        folder.resolve("config.db").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static String firstLine(Process process) throws Exception {
        return CompletableFuture.supplyAsync(() -> readPort(process)).get(60, TimeUnit.SECONDS);
    }

    private static String readPort(Process process) {
        var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        return lines.lines()
                .filter(line -> line.matches("[0-9]+"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("config-service ended before it served"));
    }

    private void writeUntilKilled(Process process, ManagedChannel channel, RandomGenerator random) throws Exception {
        var config = ConfigServiceGrpc.newBlockingStub(channel);
        // Killed after some acknowledgements, in the middle of the next.
        var enough = new CountDownLatch(1 + random.nextInt(40));
        var threads = new ArrayList<Thread>();
        writers.forEach(
                (number, writer) -> threads.add(Thread.ofVirtual().start(() -> write(config, number, writer, enough))));
        assertThat(enough.await(60, TimeUnit.SECONDS)).isTrue();
        int spin = random.nextInt(200_000);
        for (int i = 0; i < spin; i++) {
            Thread.onSpinWait();
        }
        process.destroyForcibly();
        for (var thread : threads) {
            assertThat(thread.join(Duration.ofSeconds(60)))
                    .as("a writer ends with the server")
                    .isTrue();
        }
    }

    private void write(ConfigServiceBlockingStub config, int number, Writer writer, CountDownLatch enough) {
        while (true) {
            writer.sent++;
            var left = gateway("left-" + number, writer.sent);
            var request = ApplyRequest.newBuilder()
                    .addUpserts(resource(left))
                    .addUpserts(resource(gateway("right-" + number, writer.sent)))
                    .build();
            try {
                var answer = config.withDeadlineAfter(30, TimeUnit.SECONDS).apply(request);
                acknowledged.put(answer.getRevision(), left);
                writer.acknowledged = writer.sent;
                enough.countDown();
            } catch (StatusRuntimeException e) {
                // Killed: whether this one was stored, nobody knows.
                return;
            }
        }
    }

    private static Resource resource(String text) {
        return Resource.newBuilder()
                .setSourceText(text)
                .setSourceName("gateway.yaml")
                .setFirstLine(1)
                .build();
    }

    private void check(ManagedChannel channel, String when) {
        var config = ConfigServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
        var texts = new TreeMap<String, String>();
        config.list(ListRequest.getDefaultInstance())
                .getResourcesList()
                .forEach(resource -> texts.put(resource.getRef().getName(), resource.getSourceText()));
        writers.forEach((number, writer) -> {
            if (writer.sent == 0) {
                return;
            }
            var left = texts.getOrDefault("left-" + number, "");
            var right = texts.getOrDefault("right-" + number, "");
            assertThat(right).as("%s: whole or not at all", when).isEqualTo(left.replace("left-", "right-"));
            long stored = numberOf(left);
            assertThat(stored).as("%s: writer %d", when, number).isBetween(writer.acknowledged, writer.sent);
        });
        checkHistory(config, when);
    }

    private static long numberOf(String text) {
        int at = text.indexOf("number: \"");
        return at < 0 ? 0 : Long.parseLong(text.substring(at + 9, text.indexOf('"', at + 9)));
    }

    // Every acknowledged number is in the history, and the latest ones with the text that was acknowledged.
    private void checkHistory(ConfigServiceBlockingStub config, String when) {
        var numbers = new ArrayList<Long>();
        long before = Long.MAX_VALUE;
        while (true) {
            List<RevisionEntry> page = config.history(HistoryRequest.newBuilder()
                            .setBefore(before)
                            .setLimit(200)
                            .build())
                    .getRevisionsList();
            if (page.isEmpty()) {
                break;
            }
            page.forEach(entry -> numbers.add(entry.getRevision()));
            before = page.getLast().getRevision();
        }
        // AssertJ would look through all numbers for each, thousands of times over in the long form.
        var lost = new TreeSet<>(acknowledged.keySet());
        numbers.forEach(lost::remove);
        var newest = numbers.isEmpty() ? 0 : numbers.getFirst();
        assertThat(lost.tailSet(newest - KEPT, false))
                .as("%s: acknowledged and gone", when)
                .isEmpty();
        assertThat(numbers)
                .as("%s: no number twice, none left out", when)
                .isEqualTo(LongStream.range(0, numbers.size())
                        .mapToObj(i -> newest - i)
                        .toList());
        acknowledged.entrySet().stream()
                .sorted(Map.Entry.<Long, String>comparingByKey().reversed())
                .limit(50)
                .forEach(entry -> assertThat(config.get(GetRequest.newBuilder()
                                        .setRef(ResourceRef.newBuilder()
                                                .setKind("Gateway")
                                                .setNamespace("shop")
                                                .setName(nameOf(entry.getValue())))
                                        .setRevision(entry.getKey())
                                        .build())
                                .getResource()
                                .getSourceText())
                        .as("%s: r%d", when, entry.getKey())
                        .isEqualTo(entry.getValue()));
    }

    private static String nameOf(String text) {
        int at = text.indexOf("name: left-") + 6;
        return text.substring(at, text.indexOf(',', at));
    }
}
