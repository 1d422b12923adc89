package io.sallyport.translation.simulate;

import com.google.common.net.InetAddresses;
import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.sallyport.translation.ResourceNames;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/// Which filter chain takes a connection: by server name first, then by whether it is encrypted, then by the
/// protocols that the client can speak. Each step takes the closest match and does not go back, as Envoy
/// does: a chain for the exact name that wants another protocol closes the connection, although a wildcard
/// would take it. (Envoy: `FilterChainManagerImpl::findFilterChain`.)
final class ChainChoice {

    private static final String TLS = "tls";
    private static final String PLAIN = "raw_buffer";

    private ChainChoice() {}

    /// The chain of a connection, which begins as HTTP if `isHttp`. `address` is where it was going before it was
    /// redirected; empty: here.
    static Optional<FilterChain> of(Listener listener, Hello hello, boolean isHttp, String address) {
        var here = within(
                listener.getFilterChainsList().stream()
                        .filter(chain -> !chain.getFilterChainMatch().hasDestinationPort())
                        .toList(),
                address);
        var named = closest(here, hello.name().toLowerCase(Locale.ROOT));
        var transport = hello.isTls() ? TLS : PLAIN;
        var carried = only(named, chain -> chain.getFilterChainMatch().getTransportProtocol(), transport);
        var chosen = protocols(carried, hello, isHttp && looksForHttp(listener));
        return chosen.isEmpty() && listener.hasDefaultFilterChain()
                ? Optional.of(listener.getDefaultFilterChain())
                : chosen;
    }

    // The chains of the narrowest network around an address, else those that name none.
    private static List<FilterChain> within(List<FilterChain> chains, String address) {
        return longest(
                chains,
                chain -> length(
                        chain.getFilterChainMatch().getPrefixRangesList(),
                        range -> InetAddresses.isInetAddress(address) && covers(range, address),
                        range -> range.getPrefixLen().getValue() + 1));
    }

    // How long the longest pattern is that covers it: 0 where there is none to fit, -1 where none does.
    private static <P> int length(List<? extends P> patterns, Predicate<P> covers, ToIntFunction<P> length) {
        return patterns.isEmpty()
                ? 0
                : patterns.stream().filter(covers).mapToInt(length).max().orElse(-1);
    }

    private static List<FilterChain> longest(List<FilterChain> chains, ToIntFunction<FilterChain> length) {
        int longest = chains.stream().mapToInt(length).max().orElse(-1);
        return longest < 0
                ? List.of()
                : chains.stream()
                        .filter(chain -> length.applyAsInt(chain) == longest)
                        .toList();
    }

    private static boolean covers(CidrRange range, String address) {
        var network = InetAddresses.forString(range.getAddressPrefix()).getAddress();
        var mine = InetAddresses.forString(address).getAddress();
        int bits = range.getPrefixLen().getValue();
        return network.length == mine.length
                && IntStream.range(0, bits).allMatch(bit -> bit(network, bit) == bit(mine, bit));
    }

    private static int bit(byte[] octets, int position) {
        return octets[position / Byte.SIZE] >> (Byte.SIZE - 1 - position % Byte.SIZE) & 1;
    }

    private static boolean looksForHttp(Listener listener) {
        return listener.getListenerFiltersList().stream()
                .anyMatch(filter -> filter.getName().equals(ResourceNames.HTTP_INSPECTOR));
    }

    // The exact name, else the longest wildcard that covers it, else the chains for every name.
    private static List<FilterChain> closest(List<FilterChain> chains, String name) {
        return longest(
                chains,
                chain -> length(
                        chain.getFilterChainMatch().getServerNamesList(),
                        pattern -> covers(pattern, name),
                        String::length));
    }

    // A wildcard is shorter than every name that it covers, so the longest pattern is the closest.
    private static boolean covers(String pattern, String name) {
        return !name.isEmpty()
                && (pattern.equals(name) || (pattern.startsWith("*.") && name.endsWith(pattern.substring(1))));
    }

    private static List<FilterChain> only(
            List<FilterChain> chains, java.util.function.Function<FilterChain, String> part, String wanted) {
        var exact = chains.stream()
                .filter(chain -> part.apply(chain).equals(wanted))
                .toList();
        return exact.isEmpty()
                ? chains.stream().filter(chain -> part.apply(chain).isEmpty()).toList()
                : exact;
    }

    // The client's order counts.
    private static Optional<FilterChain> protocols(List<FilterChain> chains, Hello hello, boolean isSeenAsHttp) {
        var spoken = switch (hello) {
            case Hello.Plain() -> isSeenAsHttp ? List.of("http/1.1") : List.<String>of();
            case Hello.Tls tls -> tls.protocols();
        };
        if (!spoken.isEmpty()) {
            for (var protocol : spoken) {
                var exact = chains.stream()
                        .filter(chain -> chain.getFilterChainMatch()
                                .getApplicationProtocolsList()
                                .contains(protocol))
                        .findFirst();
                if (exact.isPresent()) {
                    return exact;
                }
            }
        }
        return chains.stream()
                .filter(chain -> chain.getFilterChainMatch().getApplicationProtocolsCount() == 0)
                .findFirst();
    }
}
