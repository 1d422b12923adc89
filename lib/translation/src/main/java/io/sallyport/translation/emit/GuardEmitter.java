package io.sallyport.translation.emit;

import io.envoyproxy.envoy.config.core.v3.CidrRange;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.rbac.v3.Permission;
import io.envoyproxy.envoy.config.rbac.v3.Policy;
import io.envoyproxy.envoy.config.rbac.v3.Principal;
import io.envoyproxy.envoy.config.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher;
import java.util.List;

/// Emits what holds names to outside addresses: a filter that looks a name up and keeps the address, and one
/// that denies by the address. The name is judged by what it leads to at that moment, so that an answer that
/// changes is of no use to anybody. (Envoy: RBAC with `envoy.rbac.matchers.upstream_ip_port`.)
final class GuardEmitter {

    // This machine, private and shared networks, link-local ones with their metadata services (AWS has one in
    // fc00::/7),
    // what is reserved or for many; and the forms in which such an address hides in one of IPv6: mapped, and NAT64.
    private static final List<String> INSIDE = List.of(
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "224.0.0.0/3",
            "::/96",
            "::ffff:0:0/96",
            "64:ff9b::a00:0/104",
            "64:ff9b::7f00:0/104",
            "64:ff9b::6440:0/106",
            "64:ff9b::a9fe:0/112",
            "64:ff9b::ac10:0/108",
            "64:ff9b::c0a8:0/112",
            "fc00::/7",
            "fe80::/10",
            "ff00::/8");

    private GuardEmitter() {}

    /// The filter of requests that looks up the name.
    static FilterConfig lookup() {
        return FilterConfig.newBuilder()
                .setDnsCacheConfig(ClusterEmitter.names())
                .setSaveUpstreamAddress(true)
                .build();
    }

    /// What is denied: everything inside but the `allowed` networks.
    static RBAC rules(List<String> allowed) {
        var denied = Permission.newBuilder();
        if (allowed.isEmpty()) {
            denied.setOrRules(within(INSIDE));
        } else {
            denied.getAndRulesBuilder()
                    .addRules(Permission.newBuilder().setOrRules(within(INSIDE)))
                    .addRules(Permission.newBuilder()
                            .setNotRule(Permission.newBuilder().setOrRules(within(allowed))));
        }
        return RBAC.newBuilder()
                .setAction(RBAC.Action.DENY)
                .putPolicies(
                        "inside",
                        Policy.newBuilder()
                                .addPermissions(denied)
                                .addPrincipals(Principal.newBuilder().setAny(true))
                                .build())
                .build();
    }

    private static Permission.Set within(List<String> networks) {
        var any = Permission.Set.newBuilder();
        for (var network : networks) {
            int slash = network.indexOf('/');
            var range = CidrRange.newBuilder()
                    .setAddressPrefix(network.substring(0, slash))
                    .setPrefixLen(Values.uint32(Integer.parseInt(network.substring(slash + 1))));
            any.addRules(Permission.newBuilder()
                    .setMatcher(TypedExtensionConfig.newBuilder()
                            .setName("envoy.rbac.matchers.upstream_ip_port")
                            .setTypedConfig(Values.pack(UpstreamIpPortMatcher.newBuilder()
                                    .setUpstreamIp(range)
                                    .build()))));
        }
        return any.build();
    }
}
