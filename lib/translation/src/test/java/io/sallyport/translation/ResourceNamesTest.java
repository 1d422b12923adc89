package io.sallyport.translation;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Origin;
import io.sallyport.model.Path;
import io.sallyport.translation.plan.Bind;
import io.sallyport.translation.plan.RouteTableId;
import io.sallyport.translation.plan.UpstreamId;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Dashboards depend on these texts, so each is written out.
final class ResourceNamesTest {

    @Test
    @Tag("G5")
    void aListenerIsNamedForItsAddressAndPort() {
        assertThat(ResourceNames.listener(new Bind("0.0.0.0", 8080))).isEqualTo("0.0.0.0_8080");
    }

    @Test
    @Tag("G7")
    void aPlainTableIsNamedForTheBoundPort() {
        assertThat(ResourceNames.routes(new RouteTableId.Plain(8080, ""))).isEqualTo("http.8080");
        assertThat(ResourceNames.routes(new RouteTableId.Plain(8080, "10.0.0.1")))
                .isEqualTo("http.8080.10.0.0.1");
    }

    @Test
    @Tag("G7")
    void aTerminatedTableIsNamedForItsServer() {
        assertThat(ResourceNames.routes(new RouteTableId.Terminated(443, "name", "gw", "ns", "")))
                .isEqualTo("https.443.name.gw.ns");
    }

    @Test
    @Tag("R6")
    void aClusterIsNamedForPortSubsetAndHost() {
        assertThat(ResourceNames.cluster(new UpstreamId(80, "v1", "a.test"))).isEqualTo("outbound|80|v1|a.test");
        assertThat(ResourceNames.cluster(new UpstreamId(80, "", "a.test"))).isEqualTo("outbound|80||a.test");
    }

    @Test
    @Tag("G10")
    void aTableWithoutSitesIsABlackHole() {
        assertThat(ResourceNames.blackhole(80)).isEqualTo("blackhole:80");
    }

    @Test
    @Tag("X3")
    void anObjectIsNamedAsIstioNamesItInMetadata() {
        var origin = new Origin(new ObjectRef(Kind.VIRTUAL_SERVICE, "shop", "cart"), Path.ROOT);

        assertThat(ResourceNames.config(origin, "networking.istio.io/v1beta1"))
                .isEqualTo("/apis/networking.istio.io/v1beta1/namespaces/shop/virtual-service/cart");
    }

    @Test
    void aScopeHoldsNoSeparatorEvenWhereTheAddressDoes() {
        assertThat(ResourceNames.scopeKey(new RouteTableId.Plain(80, "::1"), "a.test"))
                .doesNotContain(ResourceNames.SCOPE_SEPARATOR);
    }

    @Test
    void aScopeIsCalledByItsKeyWhereThatFitsIntoAShortName() {
        assertThat(ResourceNames.scope("http.80|shop.test")).isEqualTo("http.80|shop.test");
        assertThat(ResourceNames.scope("http.80|checkout.test.")).isEqualTo("http.80|checkout.test.");
    }

    @Test
    void theNameOfALongKeyIsShortAndBeginsLikeItsHost() {
        var name = ResourceNames.scope("http.80|checkout.shop.test");

        assertThat(name).hasSize(22).startsWith("checkou~").matches("[\\w.~-]+");
    }

    @Test
    void scopesOfTwoTablesOrHostsHaveNamesOfTheirOwn() {
        assertThat(List.of(
                        ResourceNames.scope("http.80|checkout.shop.test"),
                        ResourceNames.scope("http.81|checkout.shop.test"),
                        ResourceNames.scope("http.80|checkout.shop2.test"),
                        ResourceNames.scope("http.10.0.0.1_8080|a.b")))
                .doesNotHaveDuplicates();
    }
}
