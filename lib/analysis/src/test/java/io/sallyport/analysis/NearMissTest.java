package io.sallyport.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import io.sallyport.analysis.text.Hosts;
import io.sallyport.model.PublicCertificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Names are compared as names. What resembles one is another one: `axb.test` for `a.b.test`, `shop2` for
/// `shop`, a list with a comma, a name inside another.
@Tag("V28")
class NearMissTest {

    // One character more, less or else at every place, and the name inside longer ones.
    private static Set<String> nearMisses(String name) {
        var misses = new LinkedHashSet<String>();
        for (int i = 0; i <= name.length(); i++) {
            misses.add(name.substring(0, i) + "x" + name.substring(i));
            if (i < name.length()) {
                misses.add(name.substring(0, i) + name.substring(i + 1));
                misses.add(name.substring(0, i) + "x" + name.substring(i + 1));
            }
        }
        misses.addAll(List.of(name + ".evil", "evil-" + name, name + "2", name + "," + name, name + "-", name + " "));
        misses.remove(name);
        return misses;
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b.test", "shop.test", "api.shop.svc.cluster.local"})
    void aHostIsItselfAlone(String host) {
        for (var miss : nearMisses(host)) {
            assertThat(Hosts.covers(host, miss)).as(miss).isFalse();
            assertThat(Hosts.overlap(host, miss)).as(miss).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b.test", "shop.test"})
    void aWildcardNeedsItsDot(String name) {
        var wildcard = "*." + name;
        assertThat(Hosts.covers(wildcard, name)).isFalse();
        for (var miss : nearMisses(name)) {
            var host = "a." + miss;
            boolean below = ("." + host).endsWith("." + name);
            assertThat(Hosts.covers(wildcard, host)).as(host).isEqualTo(below && !host.equals(name));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.b.test", "shop.test"})
    void aCertificateIsForItsNamesAlone(String name) {
        var certificate = new PublicCertificate(ImmutableList.of(name, "*." + name), 0, 0);
        assertThat(certificate.covers(name.toUpperCase(Locale.ROOT))).isTrue();
        assertThat(certificate.covers("a." + name)).isTrue();
        assertThat(certificate.covers("a.b." + name)).isFalse();
        for (var miss : nearMisses(name)) {
            boolean label = miss.endsWith("." + name) && miss.indexOf('.') == miss.length() - name.length() - 1;
            assertThat(certificate.covers(miss)).as(miss).isEqualTo(label);
        }
    }

    /// A Gateway that takes `shop/…` takes nothing of a namespace that resembles it.
    @ParameterizedTest
    @ValueSource(strings = {"shop", "team-a"})
    void aNamespaceIsItselfAlone(String namespace) {
        var wrong = new ArrayList<String>();
        for (var miss : nearMisses(namespace)) {
            if (Hosts.isLabel(miss) && miss.equals(miss.toLowerCase(Locale.ROOT))) {
                var yaml = """
                        apiVersion: networking.istio.io/v1
                        kind: Gateway
                        metadata: {namespace: edge, name: edge}
                        spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["%s/shop.test"]}]}
                        ---
                        apiVersion: networking.istio.io/v1
                        kind: VirtualService
                        metadata: {namespace: "%s", name: shop}
                        spec: {hosts: [shop.test], gateways: [edge/edge], http: [{directResponse: {status: 200}}]}
                        """.formatted(namespace, miss);
                boolean told = Documents.findings(yaml).stream()
                        .anyMatch(finding -> finding.code().id().equals("SP2108"));
                if (!told) {
                    wrong.add(miss);
                }
            }
        }
        assertThat(wrong).as("namespaces that a server for another one took").isEmpty();
    }
}
