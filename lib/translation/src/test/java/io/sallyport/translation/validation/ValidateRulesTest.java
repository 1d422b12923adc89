package io.sallyport.translation.validation;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ValidateRulesTest {

    private final ValidateRules rules =
            new ValidateRules(List.of(HttpConnectionManager.getDefaultInstance(), Router.getDefaultInstance()));

    record Bad(String name, Message message, String violation) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Bad> badMessages() {
        var route = Route.newBuilder()
                .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                .setDirectResponse(DirectResponseAction.newBuilder().setStatus(200))
                .build();
        return Stream.of(
                new Bad(
                        "required message",
                        Route.newBuilder()
                                .setRedirect(RedirectAction.getDefaultInstance())
                                .build(),
                        "match is required"),
                new Bad(
                        "required oneof",
                        route.toBuilder().clearDirectResponse().build(),
                        "action is required"),
                new Bad(
                        "oneof in a message below",
                        route.toBuilder()
                                .setMatch(RouteMatch.getDefaultInstance())
                                .build(),
                        "match.path_specifier is required"),
                new Bad(
                        "least items",
                        VirtualHost.newBuilder().setName("a").build(),
                        "domains has 0 items (expected: >= 1)"),
                new Bad(
                        "item of a list",
                        VirtualHost.newBuilder().setName("a").addDomains("a\nb").build(),
                        "domains[0] is \"a\nb\" (expected: text"),
                new Bad("least characters", Cluster.getDefaultInstance(), "name is \"\" (expected: >= 1 characters)"),
                new Bad(
                        "duration",
                        Cluster.newBuilder()
                                .setName("a")
                                .setConnectTimeout(Duration.getDefaultInstance())
                                .build(),
                        "connect_timeout is 0 (expected: > 0)"),
                new Bad(
                        "number range",
                        route.toBuilder()
                                .setDirectResponse(
                                        DirectResponseAction.newBuilder().setStatus(600))
                                .build(),
                        "direct_response.status is 600 (expected: >= 200 and < 600)"),
                new Bad(
                        "wrapped number",
                        OutlierDetection.newBuilder()
                                .setMaxEjectionPercent(UInt32Value.of(101))
                                .build(),
                        "max_ejection_percent is 101 (expected: <= 100)"),
                new Bad(
                        "wrapped number that a signed reader takes for negative",
                        OutlierDetection.newBuilder()
                                .setMaxEjectionPercent(UInt32Value.of(-1))
                                .build(),
                        "max_ejection_percent is 4294967295"),
                new Bad("header name", header("a\nb", "x"), "header.key is \"a\nb\" (expected: "),
                new Bad("header value", header("a", "x\ny"), "header.value is \"x\ny\" (expected: "),
                new Bad(
                        "undefined enum",
                        FractionalPercent.newBuilder().setDenominatorValue(9).build(),
                        "denominator is 9 (expected: a defined value)"),
                new Bad(
                        "port",
                        Address.newBuilder()
                                .setSocketAddress(SocketAddress.newBuilder()
                                        .setAddress("a")
                                        .setPortValue(65536))
                                .build(),
                        "socket_address.port_value is 65536 (expected: <= 65535)"),
                new Bad(
                        "place in a list of lists",
                        RouteConfiguration.newBuilder()
                                .addVirtualHosts(VirtualHost.newBuilder()
                                        .setName("a")
                                        .addDomains("a")
                                        .addRoutes(route)
                                        .addRoutes(Route.getDefaultInstance()))
                                .build(),
                        "virtual_hosts[0].routes[1].match is required"),
                new Bad(
                        "inside of a packed message",
                        Filter.newBuilder()
                                .setName("x")
                                .setTypedConfig(Any.pack(HttpConnectionManager.getDefaultInstance()))
                                .build(),
                        "typed_config.stat_prefix is \"\""),
                new Bad(
                        "unknown packed message",
                        Filter.newBuilder()
                                .setName("x")
                                .setTypedConfig(Any.pack(route))
                                .build(),
                        "typed_config packs the type \"envoy.config.route.v3.Route\""),
                new Bad(
                        "redirect with a line feed",
                        RedirectAction.newBuilder().setHostRedirect("a\r\nb").build(),
                        "host_redirect is"));
    }

    private static HeaderValueOption header(String name, String value) {
        return HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder().setKey(name).setValue(value))
                .build();
    }

    @ParameterizedTest
    @MethodSource("badMessages")
    void aBrokenRuleIsReportedWithItsPlace(Bad bad) {
        assertThat(rules.check(bad.message()))
                .anySatisfy(violation -> assertThat(violation.toString()).startsWith(bad.violation()));
    }

    @Test
    void aGoodMessageHasNoViolation() {
        var host = VirtualHost.newBuilder()
                .setName("a")
                .addDomains("a.test")
                .addRoutes(Route.newBuilder()
                        .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                        .setDirectResponse(DirectResponseAction.newBuilder().setStatus(200)));

        assertThat(rules.check(
                        RouteConfiguration.newBuilder().addVirtualHosts(host).build()))
                .isEmpty();
    }

    @Test
    @Tag("V25")
    void everyRuleOfEnvoysApiIsUnderstood() {
        var everything = List.<Message>of(
                RouteConfiguration.getDefaultInstance(),
                Cluster.getDefaultInstance(),
                HttpConnectionManager.getDefaultInstance(),
                io.envoyproxy.envoy.config.listener.v3.Listener.getDefaultInstance(),
                io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment.getDefaultInstance(),
                io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext.getDefaultInstance(),
                io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap.getDefaultInstance());

        assertThat(everything).allSatisfy(message -> rules.compileAll(message.getDescriptorForType()));
    }
}
