package io.sallyport.analysis.world;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class HostNamesTest {

    @Test
    @Tag("N1")
    void shortNamesBelongToTheirNamespace() {
        assertThat(HostNames.qualify("web", "shop")).isEqualTo("web.shop.svc.cluster.local");
        assertThat(HostNames.qualify("web.team", "shop")).isEqualTo("web.team");
        assertThat(HostNames.qualify("*", "shop")).isEqualTo("*");
        assertThat(HostNames.qualify("::1", "shop")).isEqualTo("::1");
    }

    @Test
    @Tag("N2")
    void gatewaysHaveFourSpellings() {
        assertThat(List.of("edge", "./edge", "shop/edge", "edge.shop", "edge.shop.svc.cluster.local"))
                .allSatisfy(name -> assertThat(HostNames.gateway(name, "shop")).isEqualTo("shop/edge"));
        assertThat(HostNames.gateway("mesh", "shop")).isEqualTo("mesh");
    }

    @Test
    @Tag("N3")
    void aWildcardIsASuffix() {
        assertThat(HostNames.isSubset("a.b.foo.test", "*.foo.test")).isTrue();
        assertThat(HostNames.isSubset("foo.test", "*.foo.test")).isFalse();
        assertThat(HostNames.isSubset("*.b.foo.test", "*.foo.test")).isTrue();
        assertThat(HostNames.isSubset("*.foo.test", "a.foo.test")).isFalse();
        assertThat(HostNames.overlap("*.foo.test", "a.foo.test")).isTrue();
        assertThat(HostNames.isSubset("anything", "*")).isTrue();
    }

    @Test
    @Tag("N4")
    void exactThenLongerComesFirst() {
        assertThat(List.of("*", "*.b.test", "*.a.b.test", "b.test", "a.b.test", "*.c.test").stream()
                        .sorted(HostNames.MOST_SPECIFIC_FIRST))
                .containsExactly("a.b.test", "b.test", "*.a.b.test", "*.b.test", "*.c.test", "*");
    }

    @Test
    @Tag("G4")
    void theNarrowerOfEachPairIsCommon() {
        assertThat(HostNames.intersection(List.of("*.foo.test", "a.bar.test"), List.of("a.foo.test", "*")))
                .containsExactly("a.foo.test", "*.foo.test", "a.bar.test");
    }

    @Test
    @Tag("G3")
    void oneStarForAllMakesAServerServeAll() {
        assertThat(HostNames.ofServer(List.of("ns/a.test", "*/*"), "shop", "team"))
                .containsExactly("*");
        assertThat(HostNames.ofServer(List.of("ns/a.test", "./b.test", "*/c.test"), "shop", "shop"))
                .containsExactly("b.test", "c.test");
    }
}
