package io.sallyport.translation.link;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.gateway.HttpsRedirects;
import io.sallyport.analysis.world.AppProtocol;
import io.sallyport.analysis.world.HostNames;
import io.sallyport.analysis.world.Routing;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Gateway;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;

/// One server of one Gateway that got its port: it lost no conflict. `port` is the number that it states.
record Member(ConfigObject<Gateway> gateway, int index, Gateway.Server server, int port, AppProtocol protocol) {

    String gatewayName() {
        return gateway.ref().qualifiedName();
    }

    Origin origin() {
        return new Origin(gateway.ref(), Path.of("spec", "servers").index(index));
    }

    /// Whether plain requests are sent to `https`. Those that come encrypted are there already.
    boolean redirectsToHttps() {
        var tls = server.tls();
        return tls != null && tls.httpsRedirect() && protocol.isHttp();
    }

    /// Whether the Gateway says that its redirects leave a certificate authority's challenges alone.
    boolean letsChallengesThrough() {
        return HttpsRedirects.exceptAcme(gateway);
    }

    /// The server's own hosts, in lower case.
    List<String> hosts() {
        return HostNames.ofServer(server.hosts()).stream()
                .map(host -> host.toLowerCase(Locale.ROOT))
                .toList();
    }

    /// The hosts that a VirtualService gets here, in lower case: the narrower of each pair that meets.
    List<String> hostsFor(Routing routing) {
        var served = HostNames.ofServer(
                server.hosts(), gateway.namespace(), routing.object().namespace());
        var hosts = new LinkedHashSet<String>();
        for (var host : HostNames.intersection(served, routing.hosts())) {
            hosts.add(host.toLowerCase(Locale.ROOT));
        }
        return ImmutableList.copyOf(hosts);
    }

    /// Whether some host of a VirtualService overlaps with one of the server's: all that TCP asks for.
    boolean overlaps(Routing routing) {
        var served = HostNames.ofServer(
                server.hosts(), gateway.namespace(), routing.object().namespace());
        return served.stream()
                .anyMatch(host -> routing.hosts().stream().anyMatch(other -> HostNames.overlap(host, other)));
    }
}
