package io.sallyport.translation.plan;

import java.util.Comparator;

/// Names one place to send to: port 80 of subset `v1` of `reviews.shop.svc.cluster.local`. No subset is empty.
/// `passedOn` is the same place for bytes that are encrypted already: the proxy adds no TLS of its own, whatever rules
/// say.
public record UpstreamId(int port, String subset, String host, boolean passedOn) implements Comparable<UpstreamId> {

    /// Where the client was going. Port 0 marks what the proxy has by itself: its name is the host alone.
    public static final UpstreamId PASSTHROUGH = new UpstreamId(0, "", "PassthroughCluster");

    /// Nowhere: connections end.
    public static final UpstreamId BLACK_HOLE = new UpstreamId(0, "", "BlackHoleCluster");

    /// Whatever host a request names, looked up.
    public static final UpstreamId BY_NAME = new UpstreamId(0, "", "AllowAnyDynamicDNSCluster");

    private static final Comparator<UpstreamId> ORDER = Comparator.comparing(UpstreamId::host)
            .thenComparingInt(UpstreamId::port)
            .thenComparing(UpstreamId::subset)
            .thenComparing(UpstreamId::passedOn);

    /// The place as rules mean it.
    public UpstreamId(int port, String subset, String host) {
        this(port, subset, host, false);
    }

    /// Whether no service stands behind it.
    public boolean isOwn() {
        return port == 0;
    }

    @Override
    public int compareTo(UpstreamId other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return host + ":" + port + (subset.isEmpty() ? "" : " (" + subset + ")") + (passedOn ? " as it comes" : "");
    }
}
