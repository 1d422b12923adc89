package io.sallyport.translation.plan;

import java.util.Comparator;

/// Where a proxy listens: `0.0.0.0:8080`. A gateway port 80 that is bound as 8080 is 8080 here.
public record Bind(String address, int port) implements Comparable<Bind> {

    /// Every address of IPv6 and of IPv4: what a proxy binds whose address is `::`.
    public static final String BOTH_FAMILIES = "::";

    private static final Comparator<Bind> ORDER =
            Comparator.comparing(Bind::address).thenComparingInt(Bind::port);

    public Bind {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1 to 65535)");
        }
    }

    @Override
    public int compareTo(Bind other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return address + ":" + port;
    }
}
