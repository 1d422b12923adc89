package io.sallyport.translation;

import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import com.google.protobuf.ByteString;
import io.sallyport.model.Origin;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.Chain;
import io.sallyport.translation.plan.ListenerPlan;
import io.sallyport.translation.plan.Revocations;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.Site;
import io.sallyport.translation.plan.UpstreamId;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Every name that Envoy sees, and so every name that dashboards, alerts and `proxy-config` depend on. They are
/// Istio's, where Istio has one: changing a method here is a breaking change for users.
public final class ResourceNames {

    /// The key of Istio's own metadata on routes and clusters.
    public static final String ISTIO_METADATA = "istio";

    /// The key of ours: which object and rule made a route, and the digest of the object's text.
    public static final String METADATA = "sallyport";

    /// The request header by which scoped routes are looked up. Envoy overwrites it before anything reads it, and takes
    /// it off before a request leaves.
    public static final String SCOPE_HEADER = "x-sallyport-scope";

    // What the strings of Envoy's C++ library hold without memory of their own.
    private static final int SHORT_NAME = 22;

    // 84 bits of the digest.
    private static final int DIGEST_LENGTH = 14;

    // What the table of a server that ends TLS begins with.
    private static final String TERMINATED = "https.";

    /// What ends the host in [#SCOPE_HEADER]: the port behind it does not count.
    public static final String SCOPE_SEPARATOR = ":";

    /// What stands before the host in [#SCOPE_HEADER].
    public static final String SCOPE_BAR = "|";

    /// The HTTP filters of ours.
    public static final String LOWER_CASE_FILTER = "sallyport.scope.lower";

    public static final String FALLBACK_FILTER = "sallyport.scope.fallback";
    public static final String TRACE_FILTER = "sallyport.refuse.trace";

    /// The key in a virtual host's metadata, under [#FALLBACK_FILTER], that says that the host is served: a path that
    /// matches none of its routes is then 404, and not a matter for the wildcards.
    public static final String SERVED = "served";

    /// Envoy's own filters, under the names that Istio gives them.
    public static final String FAULT_FILTER = "envoy.filters.http.fault";

    public static final String CORS_FILTER = "envoy.filters.http.cors";
    public static final String SESSION_FILTER = "envoy.filters.http.stateful_session";
    public static final String LOOKUP_FILTER = "envoy.filters.http.dynamic_forward_proxy";
    public static final String GUARD_FILTER = "envoy.filters.http.rbac";
    public static final String CONNECTION_GUARD = "envoy.filters.network.rbac";
    public static final String ROUTER_FILTER = "envoy.filters.http.router";
    public static final String CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager";
    public static final String TCP_PROXY = "envoy.filters.network.tcp_proxy";
    public static final String HELLO_LOOKUP = "envoy.filters.network.sni_dynamic_forward_proxy";
    public static final String TLS_INSPECTOR = "envoy.filters.listener.tls_inspector";
    public static final String HTTP_INSPECTOR = "envoy.filters.listener.http_inspector";

    /// The route that redirects plain requests where not all of them are.
    public static final String HTTPS_REDIRECT = "https-redirect";

    /// Where HTTP settings of a cluster are found.
    public static final String HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    /// The cluster of the bootstrap behind which secrets are found. No secret comes by the way of all else.
    public static final String SECRETS_CLUSTER = "sds-grpc";

    /// The cluster of the bootstrap behind which the collector of access logs is found.
    public static final String LOG_CLUSTER = "als-grpc";

    /// Access logs, under the names that Istio gives them.
    public static final String FILE_LOG = "envoy.access_loggers.file";

    public static final String REQUEST_LOG = "envoy.access_loggers.http_grpc";
    public static final String CONNECTION_LOG = "envoy.tcp_grpc_access_log";
    public static final String OPEN_TELEMETRY_LOG = "envoy.access_loggers.open_telemetry";

    /// The listener that takes everything that was redirected.
    public static final String REDIRECTED_LISTENER = "virtualOutbound";

    private static final String WILDCARD = "*";
    private static final String BUILT_IN = "builtin://";

    private ResourceNames() {}

    /// `0.0.0.0_8080`; the port that takes redirected connections is `virtualOutbound`.
    public static String listener(ListenerPlan listener) {
        return switch (listener.door()) {
            case GATEWAY, LOCAL, HANDED_OVER -> listener(listener.bind());
            case REDIRECTED -> REDIRECTED_LISTENER;
        };
    }

    /// What a chain is called in dumps; empty for those that Istio does not name.
    public static String chain(ListenerPlan listener, Chain.Match match) {
        boolean isRedirected = listener.door() == ListenerPlan.Door.REDIRECTED;
        return switch (match) {
            case Chain.Match.Direct _ -> "virtualOutbound-blackhole";
            case Chain.Match.Rest _ -> isRedirected ? "virtualOutbound-catchall-tcp" : "PassthroughFilterChain";
            case Chain.Match.Any _, Chain.Match.AnyEncrypted _, Chain.Match.Names _ -> "";
            case Chain.Match.PlainHttp _, Chain.Match.Within _ -> "";
        };
    }

    /// What a chain is called whose connection manager it has in common with others, and the key by which that one
    /// finds the chain's table: the name of the table, `https.443.https.edge.shop`.
    public static String sharingChain(RouteTableId id) {
        return routes(id).replace(SCOPE_SEPARATOR, "_").replace(SCOPE_BAR, "_");
    }

    /// `http.8443~h2VJbXPYkNdQsm`: the connection manager that chains of a port have in common. The digest of its
    /// settings is in the name, so that what stands under a name never changes.
    public static String sharedManager(Bind bind, ByteString settings) {
        var digest = Hashing.sha256().hashBytes(settings.toByteArray()).asBytes();
        return "http." + bind.port() + "~"
                + BaseEncoding.base64Url().encode(digest).substring(0, DIGEST_LENGTH);
    }

    /// `0.0.0.0_8080`.
    public static String listener(Bind bind) {
        return bind.address() + "_" + bind.port();
    }

    /// `udp_0.0.0.0_8443`, as Istio names it.
    public static String quicListener(Bind bind) {
        return "udp_" + listener(bind);
    }

    /// The prefix of an HTTP listener's counters: `outbound_0.0.0.0_8080`.
    public static String httpStatistics(Bind bind) {
        return "outbound_" + listener(bind);
    }

    /// `http.8080`, or `https.443.https.edge.shop`; the address follows where a server names one. Those of client
    /// proxies are `80`, the port, and `http_proxy`.
    public static String routes(RouteTableId id) {
        return switch (id) {
            case RouteTableId.Plain(int port, var address) -> "http." + port + suffix(address);
            case RouteTableId.Outbound(int port) -> Integer.toString(port);
            case RouteTableId.Proxied() -> "http_proxy";
            case RouteTableId.Terminated(int port, var portName, var gateway, var namespace, var address) ->
                TERMINATED + port + "." + portName + "." + gateway + "." + namespace + suffix(address);
        };
    }

    private static String suffix(String address) {
        return address.isEmpty() ? "" : "." + address;
    }

    /// `shop.test:80`, with the server's port, which is said once.
    public static String virtualHost(Site site) {
        var port = ":" + site.port();
        return site.host().endsWith(port) ? site.host() : site.host() + port;
    }

    /// The one virtual host of a table without sites: `blackhole:80`.
    public static String blackhole(int serverPort) {
        return "blackhole:" + serverPort;
    }

    /// The virtual host, and its route, for hosts that nobody declares, where they are not let out.
    public static final String BLOCK_ALL = "block_all";

    /// The same, where they are.
    public static final String ALLOW_ANY = "allow_any";

    /// The virtual host for requests that came on a connection of another host: `misdirected:443`.
    public static String misdirected(int serverPort) {
        return "misdirected:" + serverPort;
    }

    /// `shop-cert` is `kubernetes://shop-cert`, found in the proxy's own namespace. A name that says where it is from
    /// stays; what the proxy has by itself has no such part.
    public static String secret(String name) {
        if (name.startsWith(BUILT_IN)) {
            return name.substring(BUILT_IN.length());
        }
        return name.contains("://") ? name : "kubernetes://" + name;
    }

    /// A certificate and its key in files: `file-cert:/c/tls.crt~/c/tls.key`. Whoever delivers secrets reads
    /// them, so that a file that is missing or broken closes what uses it and nothing else.
    public static String certificateFiles(String chain, String key) {
        return "file-cert:" + chain + "~" + key;
    }

    /// Authorities in a file: `file-root:/c/ca.crt`, and with what they took back `file-root:/c/ca.crt~/c/crl.pem`.
    public static String authorityFile(String path, Revocations revocations) {
        return "file-root:" + path
                + switch (revocations) {
                    case Revocations.AsDelivered() -> "";
                    case Revocations.File(var list) -> "~" + list;
                };
    }

    /// Where in the space of scopes a table's hosts lie: `http.8080|`. Two tables never share a scope, although Envoy
    /// keeps the scopes of all its listeners in one set.
    public static String scopePrefix(RouteTableId id) {
        return routes(id).replace(SCOPE_SEPARATOR, "_").replace(SCOPE_BAR, "_") + SCOPE_BAR;
    }

    /// The key by which one exact host is looked up, its port cut off: `http.8080|shop.test`.
    public static String scopeKey(RouteTableId id, String host) {
        return scopePrefix(id) + host;
    }

    /// The key of all wildcard hosts of a table: `http.8080|*`.
    public static String wildcardKey(RouteTableId id) {
        return scopeKey(id, WILDCARD);
    }

    /// The name of the scope with this key: the key where it is short, else the beginning of its host and a digest,
    /// `cart.sh~h2VJbXPYkNdQsm`. Envoy copies the names of all scopes whenever one changes, and a text of more
    /// than 22 bytes costs it much more than a shorter one (decision 37). A key has a bar in it, such a name has
    /// none: no key is taken for the name of another.
    public static String scope(String key) {
        if (key.length() <= SHORT_NAME) {
            return key;
        }
        int host = key.indexOf(SCOPE_BAR) + 1;
        var digest = Hashing.sha256().hashString(key, StandardCharsets.UTF_8).asBytes();
        return key.substring(host, Math.min(key.length(), host + SHORT_NAME - DIGEST_LENGTH - 1))
                + "~"
                + BaseEncoding.base64Url().encode(digest).substring(0, DIGEST_LENGTH);
    }

    /// Whether a scope is, by its name, that of a chain and not that of a host: `https.443.https.edge.shop`, or
    /// `https.4~h2VJbXPYkNdQsm`. A host whose name begins so (`https.4ever.test`) is taken for one.
    public static boolean isScopeOfChain(String scope) {
        return scope.startsWith(TERMINATED)
                && scope.length() > TERMINATED.length()
                && Character.isDigit(scope.charAt(TERMINATED.length()))
                && scope.indexOf(SCOPE_BAR) < 0;
    }

    /// `outbound|80|v1|reviews.shop.svc.cluster.local`; without a subset two bars stand side by side. What is passed on
    /// encrypted is called as clients in the mesh call it: `outbound_.80_.v1_.reviews.shop.svc.cluster.local`.
    /// What the proxy has by itself has a bare name: `PassthroughCluster`.
    public static String cluster(UpstreamId id) {
        if (id.isOwn()) {
            return id.host();
        }
        if (id.passedOn()) {
            return meshName(id);
        }
        return "outbound|" + id.port() + "|" + id.subset() + "|" + id.host();
    }

    /// What a workload of the mesh names in its TLS hello for a place.
    public static String meshName(UpstreamId id) {
        return "outbound_." + id.port() + "_." + id.subset() + "_." + id.host();
    }

    /// How Istio's metadata names an object: `/apis/networking.istio.io/v1/namespaces/shop/virtual-service/cart`.
    public static String config(Origin origin, String apiVersion) {
        var object = origin.object();
        var version = apiVersion.substring(apiVersion.lastIndexOf('/') + 1);
        return "/apis/" + object.kind().group() + "/" + version + "/namespaces/" + object.namespace() + "/"
                + kebab(object.kind().text()) + "/" + object.name();
    }

    // VirtualService: virtual-service.
    private static String kebab(String kind) {
        var text = new StringBuilder();
        for (int i = 0; i < kind.length(); i++) {
            char c = kind.charAt(i);
            if (Character.isUpperCase(c) && !text.isEmpty()) {
                text.append('-');
            }
            text.append(c);
        }
        return text.toString().toLowerCase(Locale.ROOT);
    }
}
