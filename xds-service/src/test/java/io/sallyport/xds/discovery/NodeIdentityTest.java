package io.sallyport.xds.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.sallyport.runtime.identity.Authorizer;
import io.sallyport.runtime.identity.Identity;
import io.sallyport.runtime.identity.IdentitySettings;
import io.sallyport.runtime.identity.ProxyLabels;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What becomes of a node's claims when its certificate or token says who it is.
@Tag("V5")
@Tag("M12")
class NodeIdentityTest {

    private static final ProxyLabels LABELS = ProxyLabels.listed(
            List.of(new IdentitySettings.Labelled("shop/edge", Map.of("istio", "edge"))), ProxyLabels.NONE);

    private static Node node(String namespace) throws ProtocolViolation {
        var labels = Struct.newBuilder()
                .putFields(
                        "istio",
                        Value.newBuilder().setStringValue("ingressgateway").build());
        return Node.of(io.envoyproxy.envoy.config.core.v3.Node.newBuilder()
                .setId("router~10.0.0.1~edge-7." + namespace + "~x")
                .setMetadata(Struct.newBuilder()
                        .putFields(
                                "NAMESPACE",
                                Value.newBuilder().setStringValue(namespace).build())
                        .putFields(
                                "LABELS",
                                Value.newBuilder().setStructValue(labels).build()))
                .build());
    }

    @Test
    void labelsAreThePlatformsAndNotTheNodes() throws ProtocolViolation {
        var proved = node("shop").provedBy(new Identity.Workload("shop", "edge", Optional.of("edge-0")), LABELS);

        assertThat(proved.proxies().labels()).containsExactly(Map.entry("istio", "edge"));
        assertThat(proved.name()).as("the Pod of its token").isEqualTo("edge-0");
    }

    @Test
    void whoIsNotListedHasNoLabels() throws ProtocolViolation {
        var proved = node("shop").provedBy(new Identity.Workload("shop", "edge2", Optional.empty()), LABELS);

        assertThat(proved.proxies().labels()).isEmpty();
    }

    @Test
    void anotherNamespaceIsRefused() throws ProtocolViolation {
        var node = node("cart");

        assertThatThrownBy(() -> node.provedBy(new Identity.Workload("shop", "edge", Optional.empty()), LABELS))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessage("the node says namespace \"cart\" (expected: \"shop\", as its certificate or token says)");
    }

    @Test
    void labelsThatCannotBeToldServeNobody() throws ProtocolViolation {
        var node = node("shop");
        ProxyLabels away = _ -> {
            throw new Authorizer.UnavailableException("away");
        };

        assertThatThrownBy(() -> node.provedBy(new Identity.Workload("shop", "edge", Optional.empty()), away))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("cannot be told now: away");
    }

    @Test
    void peopleAndServicesAreNoProxies() throws ProtocolViolation {
        var node = node("shop");

        assertThatThrownBy(() -> node.provedBy(Identity.User.of("ada", List.of()), LABELS))
                .hasMessage("user ada is no proxy (expected: a service account's)");
        assertThatThrownBy(() -> node.provedBy(new Identity.Service("xds"), LABELS))
                .hasMessage("service xds is no proxy (expected: a service account's)");
    }

    @Test
    void onLoopbackANodeIsBelieved() throws ProtocolViolation {
        var node = node("shop");

        assertThat(node.provedBy(new Identity.Local(), LABELS)).isEqualTo(node);
    }

    @Test
    void namesakesOfTwoNamespacesAreTwoProxies() throws ProtocolViolation {
        assertThat(node("shop").key()).isNotEqualTo(node("cart").key());
    }
}
