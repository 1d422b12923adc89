package io.sallyport.accesslog.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.runtime.identity.Identity;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whose rows are when a proxy says one thing and its certificate or token another.
@Tag("M19")
@Tag("H65")
class ProxyIdentityTest {

    private static final Proxy CLAIM = new Proxy("cart", "edge-9");

    @Test
    void theNamespaceIsTheProvedOne() {
        assertThat(CLAIM.provedBy(new Identity.Workload("shop", "edge", Optional.empty())))
                .isEqualTo(new Proxy("shop", "edge-9"));
    }

    @Test
    void theNameIsThePodOfTheToken() {
        assertThat(CLAIM.provedBy(new Identity.Workload("shop", "edge", Optional.of("edge-0"))))
                .isEqualTo(new Proxy("shop", "edge-0"));
    }

    @Test
    void onLoopbackAProxyIsBelieved() {
        assertThat(CLAIM.provedBy(new Identity.Local())).isEqualTo(CLAIM);
    }
}
