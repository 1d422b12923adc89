package io.sallyport.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// What a process has used, read from `/proc`: processor time of all its threads in clock ticks of 10 ms, and memory.
record ProcessUsage(long pid) {

    private static final long MILLIS_PER_TICK = 10;

    Duration cpu() {
        // The second field is the command in parentheses and may hold spaces; counting starts behind it.
        var stat = read("stat");
        var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Duration.ofMillis((Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MILLIS_PER_TICK);
    }

    long residentMegabytes() {
        return status("VmRSS:");
    }

    long peakMegabytes() {
        return status("VmHWM:");
    }

    private long status(String field) {
        return read("status")
                .lines()
                .filter(line -> line.startsWith(field))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .mapToLong(kilobytes -> Long.parseLong(kilobytes) / 1024)
                .findFirst()
                .orElseThrow();
    }

    private String read(String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), file));
        } catch (IOException e) {
            throw new IllegalStateException("process " + pid + " is gone", e);
        }
    }
}
