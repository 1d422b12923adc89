package io.sallyport.model;

import com.google.common.collect.ImmutableList;

/// What a Secret's certificate says to everybody who connects: its names and its dates, as seconds of the epoch. No key
/// and no signature; those are secret-service's business.
public record PublicCertificate(ImmutableList<String> names, long notBefore, long notAfter) {

    /// A certificate with more names than these is not served (V18); `names` then has one more.
    public static final int MOST_NAMES = 1_000;

    /// Whether a client that asks for this host believes the certificate. A wildcard stands for one label, as TLS has
    /// it: `*.shop.test` covers `a.shop.test` and the host `*.shop.test` of a Gateway, not `a.b.shop.test`.
    public boolean covers(String host) {
        return names.stream().anyMatch(name -> covers(name, host));
    }

    private static boolean covers(String name, String host) {
        if (name.equalsIgnoreCase(host)) {
            return true;
        }
        int dot = host.indexOf('.');
        return name.startsWith("*.") && dot > 0 && name.substring(1).equalsIgnoreCase(host.substring(dot));
    }
}
