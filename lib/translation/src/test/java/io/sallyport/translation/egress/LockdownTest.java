package io.sallyport.translation.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.translation.Translator;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The text that closes the way around the proxies.
@Tag("P15")
class LockdownTest {

    private static final String PLATFORM = """
            proxies:
            - {name: istio-egressgateway, namespace: istio-system, labels: {istio: egressgateway}}
            """;
    private static final String POLICIES = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                outboundTrafficPolicy: {mode: REGISTRY_ONLY}
            ---
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: shop, name: pay}
            spec:
              hosts: [api.example.com]
              ports: [{number: 443, protocol: TLS}]
              gateway: {namespace: istio-system, name: istio-egressgateway}
            ---
            apiVersion: sallyport.io/v1alpha1
            kind: EgressPolicy
            metadata: {namespace: shop, name: straight}
            spec:
              from: [{namespace: stock}]
              hosts: [www.example.com]
              ports: [{number: 80, protocol: HTTP}]
            """;

    private final Lockdown lockdown = new Lockdown(Checked.of(PLATFORM, POLICIES), new Translator());

    @Test
    void clientsReachNamesGatewaysAndPodsAlone() {
        assertThat(lockdown.networkPolicy(List.of("shop"))).isEqualTo("""
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata:
                  name: sallyport-egress-lockdown
                  namespace: "shop"
                spec:
                  podSelector: {}
                  policyTypes: [Egress]
                  egress:
                  # names
                  - to:
                    - namespaceSelector:
                        matchLabels: {kubernetes.io/metadata.name: kube-system}
                      podSelector:
                        matchLabels: {k8s-app: kube-dns}
                    ports:
                    - {protocol: UDP, port: 53}
                    - {protocol: TCP, port: 53}
                  # egress gateway istio-system/istio-egressgateway
                  - to:
                    - namespaceSelector:
                        matchLabels: {kubernetes.io/metadata.name: "istio-system"}
                      podSelector:
                        matchLabels:
                          "istio": "egressgateway"
                  # the mesh: pods of this cluster, and no address outside
                  - to:
                    - namespaceSelector: {}
                """);
    }

    @Test
    void whatLeavesStraightIsNamed() {
        assertThat(lockdown.networkPolicy(List.of("stock"))).contains("allowed straight", "#   www.example.com:80\n");
    }

    @Test
    void namespacesAreThoseOfClientsAndPolicies() {
        assertThat(lockdown.namespaces()).contains("shop", "stock");
        assertThat(lockdown.networkPolicy(List.of("istio-system")))
                .startsWith("# No policy for namespace istio-system");
    }

    @Test
    void onOneMachineOnlyTheProxysUserLeaves() {
        assertThat(Lockdown.nftables(new Lockdown.Machine(1337, List.of("192.0.2.53", "2001:db8::53"), List.of(998L))))
                .isEqualTo("""
                        # Only the user of the proxies reaches other machines. Loading this again replaces it.
                        table inet sallyport_lockdown
                        delete table inet sallyport_lockdown
                        table inet sallyport_lockdown {
                          chain output {
                            type filter hook output priority 10; policy accept;
                            oifname "lo" accept
                            meta skuid 1337 accept
                            meta skuid 998 accept
                            ip daddr 192.0.2.53 udp dport 53 accept
                            ip daddr 192.0.2.53 tcp dport 53 accept
                            ip6 daddr 2001:db8::53 udp dport 53 accept
                            ip6 daddr 2001:db8::53 tcp dport 53 accept
                            # what others were asked for may be answered, and neighbours of IPv6 be found
                            ct state established,related accept
                            icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept
                            meta l4proto tcp reject with tcp reset
                            reject
                          }
                        }
                        """);
    }
}
