package io.sallyport.analysis.world;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.analysis.text.Addresses;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.ServiceEntry;
import java.util.Collection;
import java.util.Collections;
import java.util.List;

/// Whether gateways look up names that requests bring (`resolution: DYNAMIC_DNS`), and which inner networks
/// such names may lead to: those of the annotation `networking.sallyport.io/allowed-networks` of any such
/// ServiceEntry, `10.0.0.0/8, 192.0.2.7/32`. A gateway's networks are one list, since its ports serve many
/// hosts.
public record Lookups(boolean isUsed, ImmutableSortedSet<String> allowed) {

    /// The annotation.
    public static final String ALLOWED = "networking.sallyport.io/allowed-networks";

    static final Lookups NONE = new Lookups(false, ImmutableSortedSet.of());

    static Lookups of(Collection<ConfigObject<ServiceEntry>> entries) {
        return entries.isEmpty()
                ? NONE
                : new Lookups(
                        true,
                        entries.stream()
                                .flatMap(entry -> allowed(entry).stream())
                                .collect(ImmutableSortedSet.toImmutableSortedSet(String::compareTo)));
    }

    static boolean isLookedUp(ConfigObject<ServiceEntry> entry) {
        return entry.spec().resolution() == ServiceEntry.Resolution.DYNAMIC_DNS;
    }

    // What is no network allows nothing.
    private static List<String> allowed(ConfigObject<ServiceEntry> entry) {
        var written = entry.metadata().annotations().get(ALLOWED);
        return written == null
                ? Collections.emptyList()
                : Splitter.on(',')
                        .trimResults()
                        .omitEmptyStrings()
                        .splitToStream(written)
                        .filter(Lookups::isNetwork)
                        .toList();
    }

    /// Whether a text is a network: an address with a prefix length.
    public static boolean isNetwork(String text) {
        return text.contains("/") && Addresses.subnetProblem(text).isEmpty();
    }
}
