package io.sallyport.accesslog.receive;

import com.google.common.hash.HashFunction;
import com.google.common.hash.Hashing;
import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Which rows are kept where not all are: every error and every slow request, and a share of the rest. A kept
/// row of the rest stands for several, which its weight says, so that counts and percentiles stay right.
///
/// Chance is drawn from the request id, so that all proxies on the way of one request keep it or leave it out.
///
/// @param share of the rest that is kept, above 0, at most 1
/// @param slow requests that took as long or longer are all kept
public record SamplingRules(double share, Duration slow) {

    /// The cause under which rows that are left out are counted.
    public static final String SAMPLED = "sampled";

    /// Everything is kept.
    public static final SamplingRules ALL = new SamplingRules(1, Duration.ZERO);

    private static final HashFunction HASH = Hashing.murmur3_128(0x5a11);
    private static final int FIRST_ERROR = 400;

    public SamplingRules {
        if (!(share > 0 && share <= 1) || slow.isNegative()) {
            throw new IllegalArgumentException("sampling share " + share + ", slow " + slow
                    + " (expected: a share above 0 and at most 1, and a duration)");
        }
    }

    /// Whether the row is kept; gives it its weight if it is.
    boolean keeps(AccessLogEntry.Builder row) {
        if (share == 1 || isTelling(row)) {
            return true;
        }
        var text = row.getRequestId().isEmpty()
                ? Timestamps.toString(row.getStartTime()) + row.getSourceAddress()
                : row.getRequestId();
        // 53 bits are a double from 0 to 1.
        var chance = (HASH.hashString(text, StandardCharsets.UTF_8).asLong() >>> 11) * 0x1.0p-53;
        if (chance >= share) {
            return false;
        }
        row.setWeight(row.getWeight() / share);
        return true;
    }

    // What somebody will look for: errors, requests without an answer, flags, slow ones, lines nobody could read.
    private boolean isTelling(AccessLogEntry.Builder row) {
        return !row.getKind().equals("http")
                || row.getResponseCode() >= FIRST_ERROR
                || row.getResponseCode() == 0
                || !row.getResponseFlagsList().isEmpty()
                || row.getDurationMicros() >= slow.toNanos() / 1_000;
    }
}
