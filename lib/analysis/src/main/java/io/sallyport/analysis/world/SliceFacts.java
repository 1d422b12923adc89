package io.sallyport.analysis.world;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.EndpointSlice;
import java.util.HashMap;
import java.util.TreeMap;

/// What the annotation [EndpointSlice#ENDPOINTS_ANNOTATION] tells of a slice's addresses. A line that says nothing
/// readable is passed over: config-service writes it, people rarely do.
final class SliceFacts {

    private static final String REGION = "region=";
    private static final String LABELS = "labels=";

    private record Fact(String region, ImmutableSortedMap<String, String> labels) {}

    private final ImmutableSortedMap<String, String> ofSlice;
    private final ImmutableMap<String, Fact> facts;

    private SliceFacts(ImmutableSortedMap<String, String> ofSlice, ImmutableMap<String, Fact> facts) {
        this.ofSlice = ofSlice;
        this.facts = facts;
    }

    static SliceFacts of(ConfigObject<EndpointSlice> slice) {
        var ofSlice = ImmutableSortedMap.copyOfSorted(slice.metadata().labels());
        var text = slice.metadata().annotations().get(EndpointSlice.ENDPOINTS_ANNOTATION);
        if (text == null) {
            return new SliceFacts(ofSlice, ImmutableMap.of());
        }
        var facts = new HashMap<String, Fact>();
        text.lines().forEach(line -> {
            var words = line.strip().split(" ", -1);
            var region = "";
            var labels = ofSlice;
            for (int i = 1; i < words.length; i++) {
                if (words[i].startsWith(REGION)) {
                    region = words[i].substring(REGION.length());
                } else if (words[i].startsWith(LABELS)) {
                    labels = pairs(words[i].substring(LABELS.length()));
                }
            }
            facts.put(words[0], new Fact(region, labels));
        });
        return new SliceFacts(ofSlice, ImmutableMap.copyOf(facts));
    }

    private static ImmutableSortedMap<String, String> pairs(String text) {
        var labels = new TreeMap<String, String>();
        for (var word : text.split(",", -1)) {
            int equal = word.indexOf('=');
            if (equal > 0) {
                labels.put(word.substring(0, equal), word.substring(equal + 1));
            }
        }
        return ImmutableSortedMap.copyOfSorted(labels);
    }

    ImmutableSortedMap<String, String> labels(String address) {
        var fact = facts.get(address);
        return fact == null ? ofSlice : fact.labels();
    }

    /// `region/zone`, as Istio writes it.
    String locality(String address, String zone) {
        var fact = facts.get(address);
        var region = fact == null ? "" : fact.region();
        return zone.isEmpty() ? region : region + "/" + zone;
    }
}
