package io.sallyport.translation.plan;

import java.util.Comparator;

/// Names one place to send to: port 80 of subset `v1` of `reviews.shop.svc.cluster.local`. No subset is empty.
public record UpstreamId(int port, String subset, String host) implements Comparable<UpstreamId> {

    private static final Comparator<UpstreamId> ORDER = Comparator.comparing(UpstreamId::host)
            .thenComparingInt(UpstreamId::port)
            .thenComparing(UpstreamId::subset);

    @Override
    public int compareTo(UpstreamId other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return host + ":" + port + (subset.isEmpty() ? "" : " (" + subset + ")");
    }
}
