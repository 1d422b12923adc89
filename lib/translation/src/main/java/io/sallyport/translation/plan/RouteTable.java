package io.sallyport.translation.plan;

import java.util.List;
import org.pcollections.PSortedMap;

/// The sites behind one port, by host. A request goes to the site of its exact host, else to the longest
/// wildcard that covers it (`*.shop.test` covers `a.b.shop.test`), else to `*`, else `others` says what it is
/// answered. The port in a request's host does not count, nor does its case.
///
/// Persistent: the table after an edit shares every site that the edit does not touch, as the same object.
/// `serverPort` is the gateway's port, before it is mapped to the bound one.
public record RouteTable(RouteTableId id, int serverPort, PSortedMap<String, Site> sites, Others others) {

    /// A table that answers 404 to hosts without a site.
    public RouteTable(RouteTableId id, int serverPort, PSortedMap<String, Site> sites) {
        this(id, serverPort, sites, new Others.Missing());
    }

    public RouteTable withSites(PSortedMap<String, Site> changed) {
        return new RouteTable(id, serverPort, changed, others);
    }

    /// What a request for a host without a site is answered.
    public sealed interface Others {

        /// 404, whatever the host.
        record Missing() implements Others {}

        /// 502: what nobody declares is not left to clients. `tunnels` says whether that holds for CONNECT too.
        record Blocked(boolean tunnels) implements Others {}

        /// Sent on, without a limit of time.
        record Passed(UpstreamId upstream, boolean tunnels) implements Others {}

        /// 404 for what `served` covers, and 421 for all else: such a request came on a connection that was
        /// opened for another host, and is welcome on one of its own. `elsewhere` is 421 too, although `served`
        /// covers it: hosts of servers that ask for certificates which this one does not ask for. Lower case,
        /// in order.
        record Misdirected(List<String> served, List<String> elsewhere) implements Others {
            public Misdirected {
                served = List.copyOf(served);
                elsewhere = List.copyOf(elsewhere);
            }
        }
    }
}
