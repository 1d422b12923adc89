package io.sallyport.analysis.gatewayapi;

import io.sallyport.model.ObjectRef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The hosts that routes of one kind have at one listener, and which route has each. However many there are, the ones
/// that meet another host are found by its labels: `*.shop.test` meets `a.shop.test`.
final class TakenHosts {

    private final Map<String, ObjectRef> hosts = new HashMap<>();
    // The wildcards above them.
    private final Map<String, ObjectRef> covering = new HashMap<>();

    void add(String host, ObjectRef route) {
        hosts.putIfAbsent(host, route);
        wildcardsAbove(host).forEach(wildcard -> covering.putIfAbsent(wildcard, route));
    }

    /// A route of which some host has names in common with this one.
    Optional<ObjectRef> meeting(String host) {
        var same = hosts.get(host);
        if (same != null) {
            return Optional.of(same);
        }
        var narrower = covering.get(host);
        if (narrower != null) {
            return Optional.of(narrower);
        }
        return wildcardsAbove(host).stream()
                .filter(hosts::containsKey)
                .map(hosts::get)
                .findFirst();
    }

    // Of `a.shop.test`: `*.shop.test`, `*.test` and `*`.
    private static List<String> wildcardsAbove(String host) {
        var above = new ArrayList<String>();
        if (host.equals("*")) {
            return above;
        }
        int dot = host.indexOf('.', host.startsWith("*.") ? 2 : 0);
        while (dot >= 0) {
            above.add("*" + host.substring(dot));
            dot = host.indexOf('.', dot + 1);
        }
        above.add("*");
        return above;
    }
}
