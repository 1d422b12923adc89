package io.sallyport.standalone.envoy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What an Envoy of this machine may use, so that no client brings the machine down with it. The numbers are the same
/// from one start to the next: an Envoy with other limits would be replaced.
final class MachineLimits {

    private static final int MAX_CONNECTIONS = 50_000;
    private static final long LEAST_HEAP = 256L << 20;
    private static final long KIBIBYTE = 1 << 10;

    // Where a container's limit is found, in the newer form and in the older.
    private static final List<Path> CONTAINER =
            List.of(Path.of("/sys/fs/cgroup/memory.max"), Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

    private MachineLimits() {}

    static EnvoyBootstrap.Limits read() {
        return new EnvoyBootstrap.Limits(connections(), Math.max(LEAST_HEAP, memory() / 2));
    }

    // Below half of the file limit: each connection may need one file more, upstream.
    private static int connections() {
        return numbers(Path.of("/proc/self/limits"), "Max open files")
                .map(limit -> Math.min(MAX_CONNECTIONS, limit / 2 - 100))
                .filter(limit -> limit > 0)
                .findFirst()
                .orElse((long) MAX_CONNECTIONS)
                .intValue();
    }

    // The container's limit, or all of the machine's where there is none.
    private static long memory() {
        var machine = numbers(Path.of("/proc/meminfo"), "MemTotal:")
                .mapToLong(kibibytes -> kibibytes * KIBIBYTE)
                .findFirst();
        return Stream.concat(
                        CONTAINER.stream().flatMap(file -> numbers(file, "")),
                        machine.isPresent() ? Stream.of(machine.getAsLong()) : Stream.empty())
                .mapToLong(Long::longValue)
                .min()
                .orElse(2 * LEAST_HEAP);
    }

    // The first number behind `label` in each line that begins with it; "max" and "unlimited" are none.
    private static Stream<Long> numbers(Path file, String label) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(label))
                    .map(line -> line.substring(label.length()).strip().split(" +")[0])
                    .map(MachineLimits::number)
                    .filter(OptionalLong::isPresent)
                    .map(OptionalLong::getAsLong);
        } catch (IOException e) {
            return Stream.empty();
        }
    }

    private static OptionalLong number(String text) {
        return text.length() < 19 && text.chars().allMatch(Character::isDigit) && !text.isEmpty()
                ? OptionalLong.of(Long.parseLong(text))
                : OptionalLong.empty();
    }
}
