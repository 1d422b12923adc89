package io.sallyport.translation.emit;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.sallyport.translation.plan.AccessLogs;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.ListenerPlan;
import java.util.Map;
import java.util.Optional;

/// A chain, and the same in Envoy's words, judged and as bytes.
record SpelledChain(Chain plan, FilterChain message, ByteString bytes) {

    /// The chains of a port as they were spelled last, for the next emission to share: a host that is added among a
    /// thousand costs one chain, not a thousand. Only good chains are remembered.
    record Port(Manner manner, Map<Key, SpelledChain> chains, SharedManagers managers) {

        Port {
            chains = Map.copyOf(chains);
        }

        Optional<SpelledChain> find(Manner wanted, Key key) {
            return manner.equals(wanted) ? Optional.ofNullable(chains.get(key)) : Optional.empty();
        }
    }

    /// What a chain is spelled from beside itself: the listener's own part in it.
    record Manner(Bind bind, ListenerPlan.Door door, AccessLogs logs, boolean offersHttp3) {

        static Manner of(ListenerPlan plan) {
            return new Manner(plan.bind(), plan.door(), plan.logs(), plan.offersHttp3());
        }
    }

    /// A chain, whether its table is delivered as scoped routes, and the name of the connection manager that it has
    /// in common with others; empty: one of its own.
    record Key(Chain chain, boolean isScoped, String manager) {

        boolean isShared() {
            return !manager.isEmpty();
        }
    }
}
