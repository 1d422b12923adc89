package io.sallyport.translation.emit;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.Withheld;
import io.sallyport.translation.emit.SiteEmitter.Piece;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.plan.RouteTableId;
import org.pcollections.PSortedMap;
import org.pcollections.TreePMap;

/// What the [Emitter] made of a plan, with the parts that the next one shares. Immutable.
public final class Emission {

    /// Of the empty plan.
    public static final Emission EMPTY =
            new Emission(ProxyPlan.EMPTY, EnvoyResources.EMPTY, TreePMap.empty(), TreePMap.empty(), TreePMap.empty());

    private final ProxyPlan plan;
    private final EnvoyResources resources;
    private final PSortedMap<RouteTableId, Table> tables;
    private final PSortedMap<Bind, SpelledChain.Port> ports;
    // By the node's name: "site shop.test of http.8080".
    private final PSortedMap<String, Withheld> withheld;

    Emission(
            ProxyPlan plan,
            EnvoyResources resources,
            PSortedMap<RouteTableId, Table> tables,
            PSortedMap<Bind, SpelledChain.Port> ports,
            PSortedMap<String, Withheld> withheld) {
        this.plan = plan;
        this.resources = resources;
        this.tables = tables;
        this.ports = ports;
        this.withheld = withheld;
    }

    /// A route table's sites as bytes, by host, and how they are delivered. `wildcards` are those without a scope;
    /// `others` are virtual hosts for what has no site.
    record Table(
            PSortedMap<String, Piece> sites,
            PSortedMap<String, Piece> wildcards,
            ImmutableList<ByteString> others,
            Delivery delivery) {

        static final Table EMPTY = new Table(TreePMap.empty(), TreePMap.empty(), ImmutableList.of(), Delivery.NONE);
    }

    public EnvoyResources resources() {
        return resources;
    }

    ProxyPlan plan() {
        return plan;
    }

    PSortedMap<RouteTableId, Table> tables() {
        return tables;
    }

    PSortedMap<Bind, SpelledChain.Port> ports() {
        return ports;
    }

    PSortedMap<String, Withheld> withheld() {
        return withheld;
    }
}
