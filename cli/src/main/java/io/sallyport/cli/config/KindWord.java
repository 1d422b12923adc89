package io.sallyport.cli.config;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Suggestion;
import io.sallyport.model.Kind;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// How people write a kind: `VirtualService`, `virtualservices`, `virtualservices.networking.istio.io`, `vs`.
final class KindWord {

    private static final Map<String, Kind> SHORT = Map.ofEntries(
            Map.entry("gw", Kind.GATEWAY),
            Map.entry("vs", Kind.VIRTUAL_SERVICE),
            Map.entry("dr", Kind.DESTINATION_RULE),
            Map.entry("se", Kind.SERVICE_ENTRY),
            Map.entry("we", Kind.WORKLOAD_ENTRY),
            Map.entry("wg", Kind.WORKLOAD_GROUP),
            Map.entry("telemetry", Kind.TELEMETRY),
            Map.entry("ap", Kind.AUTHORIZATION_POLICY),
            Map.entry("ra", Kind.REQUEST_AUTHENTICATION),
            Map.entry("pa", Kind.PEER_AUTHENTICATION),
            Map.entry("ep", Kind.EGRESS_POLICY),
            Map.entry("gc", Kind.GATEWAY_CLASS),
            Map.entry("gtw", Kind.KUBERNETES_GATEWAY),
            Map.entry("gateways.gateway.networking.k8s.io", Kind.KUBERNETES_GATEWAY),
            Map.entry("refgrant", Kind.REFERENCE_GRANT),
            Map.entry("btlspolicy", Kind.BACKEND_TLS_POLICY),
            Map.entry("ing", Kind.INGRESS),
            Map.entry("ns", Kind.NAMESPACE),
            Map.entry("svc", Kind.SERVICE),
            Map.entry("cm", Kind.CONFIG_MAP));

    private KindWord() {}

    static Kind read(String word) throws CommandFailedException {
        var words = words();
        var whole = word.toLowerCase(Locale.ROOT);
        var plain = whole.split("\\.", 2)[0];
        // The Gateway API's Gateway has its group in its name, as with kubectl where two groups have one word.
        var kind = words.get(words.containsKey(whole) ? whole : plain);
        if (kind == null) {
            throw CommandFailedException.unable("unknown kind \"" + word + "\"" + Suggestion.of(plain, words.keySet()));
        }
        return kind;
    }

    private static SortedMap<String, Kind> words() {
        var words = new TreeMap<>(SHORT);
        for (var kind : Kind.values()) {
            var singular = kind.text().toLowerCase(Locale.ROOT);
            words.put(singular, kind);
            words.put(plural(singular), kind);
        }
        return words;
    }

    private static String plural(String singular) {
        return singular.matches(".*[^aeiou]y") ? singular.substring(0, singular.length() - 1) + "ies" : singular + "s";
    }
}
