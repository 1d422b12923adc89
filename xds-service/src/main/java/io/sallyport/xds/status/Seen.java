package io.sallyport.xds.status;

import io.sallyport.runtime.identity.Access;
import io.sallyport.runtime.identity.AccessTable;
import io.sallyport.runtime.identity.Caller;
import java.util.HashMap;
import java.util.Map;

/// Which proxies the caller of one call may see: those in whose namespace they may `list proxies.sallyport.io`.
/// The others are as if they were not there.
final class Seen {

    private final Caller caller;
    private final Access.Verb verb;
    private final Map<String, Boolean> asked = new HashMap<>();

    private Seen(Caller caller, Access.Verb verb) {
        this.caller = caller;
        this.verb = verb;
    }

    static Seen current(Access.Verb verb) {
        return new Seen(Caller.current(), verb);
    }

    /// All of them, and what concerns none in particular.
    boolean everything() {
        return in("");
    }

    boolean in(String namespace) {
        return asked.computeIfAbsent(namespace, _ -> caller.may(Access.own(verb, AccessTable.PROXIES, namespace)));
    }

    /// `edge.shop`: the namespace is what follows the last dot.
    boolean qualified(String name) {
        var dot = name.lastIndexOf('.');
        return dot < 0 || in(name.substring(dot + 1));
    }
}
