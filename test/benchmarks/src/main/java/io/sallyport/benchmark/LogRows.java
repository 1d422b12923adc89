package io.sallyport.benchmark;

import com.google.protobuf.Timestamp;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.util.Random;
import java.util.UUID;

/// Makes rows in the shape of the reference: 200 hosts, 2,000 routes, 7 % errors from 500 on, 1 % timeouts of
/// 15 s, and a request id of its own each, evenly over one day.
final class LogRows {

    private static final long DAY_NANOS = 86_400_000_000_000L;
    private static final int HOSTS = 200;
    private static final int ROUTES = 2_000;
    private static final String[] AGENTS = {
        "Mozilla/5.0 (X11; Linux x86_64)", "curl/8.9.1", "okhttp/4.12", "Go-http-client/2.0"
    };

    private final Random random;
    private final long start;
    private final long count;
    private long made;

    /// @param start of the day, seconds since 1970
    LogRows(long seed, long start, long count) {
        this.random = new Random(seed);
        this.start = start;
        this.count = count;
    }

    AccessLogEntry.Builder next() {
        var nanos = (long) ((double) made / count * DAY_NANOS);
        made++;
        var route = (int) Math.min(ROUTES - 1, Math.abs(random.nextGaussian()) * ROUTES / 3);
        var host = route % HOSTS;
        var chance = random.nextInt(100);
        var code = chance < 7 ? 500 + random.nextInt(5) : chance < 12 ? 404 : chance < 15 ? 301 : 200;
        var isSlow = random.nextInt(100) == 0;
        var micros = isSlow ? 15_000_000 : (long) (2_000 * Math.exp(random.nextGaussian()));
        return AccessLogEntry.newBuilder()
                .setStartTime(Timestamp.newBuilder()
                        .setSeconds(start + nanos / 1_000_000_000)
                        .setNanos((int) (nanos % 1_000_000_000) / 1_000 * 1_000))
                .setKind("http")
                .setSource("als")
                .setWeight(1)
                .setProxy("edge-" + random.nextInt(4))
                .setProxyNamespace("istio-system")
                .setNamespace("team-" + host % 20)
                .setRevision(40 + made * 5 / count)
                .setGateway("istio-system/edge")
                .setRouteObject("VirtualService team-" + host % 20 + "/host-" + host)
                .setRule("http[" + route / HOSTS + "]")
                .setObjectDigest("d" + host)
                .setRouteName("route-" + route)
                .setCluster("outbound|80||service-" + host + ".team.svc.cluster.local")
                .setMethod(random.nextInt(5) == 0 ? "POST" : "GET")
                .setScheme("https")
                .setHost(host(host))
                .setPath("/api/v1/items/" + random.nextInt(100_000) + "?page=")
                .setProtocol("HTTP/2")
                .setUserAgent(AGENTS[random.nextInt(AGENTS.length)])
                .setRequestId(new UUID(random.nextLong(), random.nextLong()).toString())
                .setRequestBytes(random.nextInt(500))
                .setResponseCode(code)
                .setResponseFlagsList(code == 503 ? "UF" : "")
                .setResponseDetails("via_upstream")
                .setResponseBytes(random.nextInt(20_000))
                .setDurationMicros(micros)
                .setUpstreamMicros(micros - 300)
                .setAttempts(1)
                .setUpstreamAddress("10.1." + random.nextInt(16) + "." + random.nextInt(250) + ":8080")
                .setSourceAddress("10.9." + random.nextInt(250) + "." + random.nextInt(250) + ":40000")
                .setServerName(host(host))
                .setTlsVersion("TLSv1.3");
    }

    static String host(int host) {
        return "host-" + host + ".example.com";
    }
}
