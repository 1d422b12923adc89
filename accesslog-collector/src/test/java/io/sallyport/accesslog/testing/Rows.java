package io.sallyport.accesslog.testing;

import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Makes rows for tests: the same ones for the same seed.
public final class Rows {

    /// When the rows of [#many] begin.
    public static final Instant START = Instant.parse("2026-11-21T10:00:00Z");

    private static final String[] HOSTS = {"shop.example.com", "pay.example.com", "Ünïcode.test", "a'b\"c;--.test"};
    private static final int[] CODES = {200, 200, 200, 200, 204, 301, 404, 500, 503, 0};
    private static final String[] FLAGS = {"", "", "", "", "", "", "NR", "", "UF,URX", "DC"};

    private Rows() {}

    /// A plain row.
    public static AccessLogEntry.Builder row(Instant time, String id) {
        return AccessLogEntry.newBuilder()
                .setKind("http")
                .setSource("als")
                .setWeight(1)
                .setStartTime(Timestamps.fromNanos(time.getEpochSecond() * 1_000_000_000 + time.getNano()))
                .setProxy("edge-1")
                .setProxyNamespace("istio-system")
                .setNamespace("shop")
                .setRequestId(id);
    }

    /// Rows of many kinds, ten milliseconds apart.
    public static List<AccessLogEntry> many(int count, long seed) {
        var random = new Random(seed);
        var rows = new ArrayList<AccessLogEntry>(count);
        for (var i = 0; i < count; i++) {
            var kind = random.nextInt(CODES.length);
            var row = row(START.plusMillis(10L * i), "id-" + i)
                    .setHost(HOSTS[random.nextInt(HOSTS.length)])
                    .setMethod(random.nextInt(4) == 0 ? "POST" : "GET")
                    .setPath("/api/" + random.nextInt(50) + (random.nextBoolean() ? "/items" : "?q="))
                    .setResponseCode(CODES[kind])
                    .setResponseFlagsList(FLAGS[kind])
                    .setDurationMicros(1_000 + random.nextInt(1_000_000))
                    .setResponseBytes(random.nextInt(10_000))
                    .setNamespace(random.nextInt(3) == 0 ? "pay" : "shop")
                    .setRevision(1 + i / (count / 3 + 1))
                    .setRouteObject("VirtualService shop/r" + random.nextInt(5))
                    .setRule("http[" + random.nextInt(3) + "]")
                    .setUserAgent("agent " + random.nextInt(7));
            if (random.nextInt(3) == 0) {
                row.putRequestHeaders("x-team", random.nextBoolean() ? "red" : "");
            }
            rows.add(row.build());
        }
        return rows;
    }
}
