package io.sallyport.translation.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.UInt64Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RingHashLbConfig;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EnvoyRulesTest {

    private final EnvoyValidation validation = new EnvoyValidation();

    @Test
    void aDomainMayNotAppearTwiceWhateverItsCase() {
        var routes = RouteConfiguration.newBuilder()
                .addVirtualHosts(VirtualHost.newBuilder().setName("a").addDomains("a.test"))
                .addVirtualHosts(VirtualHost.newBuilder().setName("b").addDomains("A.test"))
                .build();

        assertThat(validation.check(routes))
                .containsExactly(new Violation("virtual_hosts[1].domains[0]", "is \"A.test\" (expected: once)"));
    }

    @Test
    void aVirtualHostNameMayNotAppearTwice() {
        var routes = RouteConfiguration.newBuilder()
                .addVirtualHosts(VirtualHost.newBuilder().setName("a").addDomains("a.test"))
                .addVirtualHosts(VirtualHost.newBuilder().setName("a").addDomains("b.test"))
                .build();

        assertThat(validation.check(routes)).extracting(Violation::field).containsExactly("virtual_hosts[1].name");
    }

    @Test
    void aRingWhoseLeastSizeIsAboveItsGreatestIsFound() {
        var cluster = Cluster.newBuilder()
                .setName("a")
                .setRingHashLbConfig(RingHashLbConfig.newBuilder()
                        .setMinimumRingSize(UInt64Value.of(1_000))
                        .setMaximumRingSize(UInt64Value.of(999)))
                .build();

        assertThat(validation.check(cluster))
                .extracting(Violation::field)
                .containsExactly("ring_hash_lb_config.minimum_ring_size");
    }

    @Test
    void aClusterThatLooksNamesUpHasNamesAsAddresses() {
        var endpoints = ClusterLoadAssignment.newBuilder()
                .setClusterName("a")
                .addEndpoints(LocalityLbEndpoints.newBuilder()
                        .addLbEndpoints(LbEndpoint.newBuilder()
                                .setEndpoint(Endpoint.newBuilder()
                                        .setAddress(Address.newBuilder()
                                                .setSocketAddress(SocketAddress.newBuilder()
                                                        .setAddress("localhost")
                                                        .setPortValue(80))))))
                .build();
        var cluster = Cluster.newBuilder().setName("a").setLoadAssignment(endpoints);

        assertThat(validation.check(
                        cluster.setType(Cluster.DiscoveryType.STRICT_DNS).build()))
                .isEmpty();
        assertThat(validation.check(
                        cluster.setType(Cluster.DiscoveryType.STATIC).build()))
                .hasSize(1);
        assertThat(validation.check(endpoints)).hasSize(1);
    }

    @Test
    void aLogicalDnsClusterHasOneEndpoint() {
        var cluster = Cluster.newBuilder()
                .setName("a")
                .setType(DiscoveryType.LOGICAL_DNS)
                .build();

        assertThat(validation.check(cluster)).extracting(Violation::field).containsExactly("load_assignment");
    }

    @ParameterizedTest
    @Tag("H27")
    @ValueSource(strings = {"a{1000}{1000}", "(a", "(?=x)", "\\1", "[[:nope:]]", "(a{100}){100}"})
    void aPatternThatEnvoyWouldRefuseIsFound(String pattern) {
        var violations =
                validation.check(RegexMatcher.newBuilder().setRegex(pattern).build());

        assertThat(violations).extracting(Violation::field).containsExactly("regex");
    }

    @ParameterizedTest
    @Tag("H24")
    @ValueSource(
            strings = {
                "%FILE_CONTENT(/x)%",
                "%NOPE%",
                "100%",
                "%REQ(x",
                "%REQ(x)%:999999%",
                "%REQ(x):999999%",
                "%REQ(a b)%",
                "%REQ%",
                "%ENVIRONMENT(AWS_SECRET_ACCESS_KEY)%",
                "%REQ(authorization)%",
                "%REQ(x?Cookie)%"
            })
    void aHeaderValueThatEnvoyWouldRefuseOrThatLeaksIsFound(String value) {
        assertThat(SubstitutionFormat.problem(value)).isPresent();
    }

    @ParameterizedTest
    @Tag("H24")
    @ValueSource(
            strings = {"", "plain", "100%%", "%%REQ(x)%%", "%REQ(x-id):32%", "a%PROTOCOL%b%%", "%START_TIME(%s.%3f)%"})
    void aHeaderValueThatEnvoyExpandsSafelyPasses(String value) {
        assertThat(SubstitutionFormat.problem(value)).isEmpty();
    }

    @ParameterizedTest
    @Tag("H21")
    @Tag("R12")
    @ValueSource(strings = {"a b", "a:b", ":path", "Host", "a\"b", "é"})
    void aHeaderThatMayNotBeChangedIsFound(String name) {
        var option = HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder().setKey(name).setValue("x"))
                .build();

        assertThat(validation.check(option)).extracting(Violation::field).containsExactly("header.key");
    }

    @Test
    void aLiteralIsNotExpanded() {
        assertThat(SubstitutionFormat.literal("100% %REQ(x)%")).isEqualTo("100%% %%REQ(x)%%");
    }
}
