package io.sallyport.analysis.text;

import com.google.common.base.Splitter;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/// Addresses for services that have none, from 240.240.0.0/16, which no network uses. Which one a service
/// gets is in its name, so it is the same after a restart, in a replica, and whatever other services come and
/// go: where two names meet in one address, the older keeps it and the younger moves on by steps of its own.
/// (Istio takes addresses by a hash of the name and steps of a second one, too:
/// `pilot/pkg/serviceregistry/serviceentry/controller.go`.)
public final class AutoAddresses {

    // The last octets 0 and 255 mean something else in networks.
    private static final int LAST_OCTETS = 254;
    // The largest prime below 255 * 254: with so many places, every step walks through all of them.
    private static final int PLACES = 64_763;

    private static final String NETWORK = "240.240.";

    private AutoAddresses() {}

    /// The address of a service, `shop/users.test`, that is not `taken`.
    public static String propose(String service, Set<String> taken) {
        long hash = Hashing.fingerprint2011()
                        .hashString(service, StandardCharsets.UTF_8)
                        .asLong()
                & Long.MAX_VALUE;
        long step = 1 + hash / PLACES % (PLACES - 1);
        for (long i = 0; i < PLACES; i++) {
            var candidate = written((int) ((hash % PLACES + i * step) % PLACES));
            if (!taken.contains(candidate)) {
                return candidate;
            }
        }
        throw new IllegalStateException("all " + PLACES + " addresses are taken");
    }

    /// Whether an address is one of those that services are given.
    public static boolean isOne(String address) {
        return address.startsWith(NETWORK);
    }

    /// The IPv6 address that goes with one: 2001:2::f0f0:32a2 for 240.240.50.162, from 2001:2::/48, which no network
    /// uses either.
    public static String six(String address) {
        var octets = Splitter.on('.').splitToList(address.substring(NETWORK.length()));
        return "2001:2::f0f0:%x".formatted((Integer.parseInt(octets.get(0)) << 8) + Integer.parseInt(octets.get(1)));
    }

    private static String written(int number) {
        return NETWORK + number / LAST_OCTETS + "." + (number % LAST_OCTETS + 1);
    }
}
