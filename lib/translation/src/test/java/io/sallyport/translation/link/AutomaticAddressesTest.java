package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.text.AutoAddresses;
import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ProxyClass;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two databases on one port are told apart by the addresses that they were given.
@Tag("P13")
@Tag("E1")
class AutomaticAddressesTest {

    private static final String ENTRIES = """
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: orders}
            spec: {hosts: [orders.test], resolution: DNS, ports: [{number: 5432, name: db, protocol: TCP}]}
            ---
            apiVersion: networking.istio.io/v1
            kind: ServiceEntry
            metadata: {namespace: shop, name: users}
            spec: {hosts: [users.test], resolution: DNS, ports: [{number: 5432, name: db, protocol: TCP}]}
            """;

    @Test
    void eachOfTwoEntriesOfOnePortIsReachedByItsOwnAddress() throws Exception {
        var orders = AutoAddresses.propose("shop/orders.test", Set.of());
        var users = AutoAddresses.propose("shop/users.test", Set.of());
        var listeners = new Translator()
                .translate(new Analyzer().check(Images.image(ENTRIES)), client("0.0.0.0"))
                .all(ResourceType.LISTENER);

        assertThat(listeners).containsOnlyKeys("0.0.0.0_5432", orders + "_5432", users + "_5432", "virtualOutbound");
        assertThat(text(listeners, users + "_5432")).contains("outbound|5432||users.test");
        assertThat(text(listeners, orders + "_5432")).contains("outbound|5432||orders.test");
        // Without an address the older one has the port, as before.
        assertThat(text(listeners, "0.0.0.0_5432"))
                .contains("outbound|5432||orders.test")
                .doesNotContain("users.test");
    }

    @Test
    void aProxyOfBothFamiliesHearsBothAddresses() {
        var users = AutoAddresses.propose("shop/users.test", Set.of());
        assertThat(new Translator()
                        .translate(new Analyzer().check(Images.image(ENTRIES)), client("::"))
                        .all(ResourceType.LISTENER))
                .containsKeys(users + "_5432", AutoAddresses.six(users) + "_5432");
    }

    private static String text(Map<String, EnvoyResource> listeners, String name) throws Exception {
        var resource = Objects.requireNonNull(listeners.get(name), name);
        return Listener.parseFrom(resource.bytes()).toString();
    }

    private static ProxyClass client(String address) {
        return new ProxyClass(
                ProxyClass.Role.SIDECAR,
                "shop",
                "",
                new TreeMap<>(Map.of("app", "cart")),
                new TreeMap<>(),
                address,
                true);
    }
}
