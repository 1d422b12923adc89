package io.sallyport.translation.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.sallyport.analysis.Analyzer;
import io.sallyport.analysis.ConfigImage;
import io.sallyport.model.Kind;
import io.sallyport.model.ObjectRef;
import io.sallyport.translation.EnvoyResources;
import io.sallyport.translation.ResourceNames;
import io.sallyport.translation.ResourceType;
import io.sallyport.translation.Translator;
import io.sallyport.translation.simulate.Answer;
import io.sallyport.translation.simulate.HeaderLines;
import io.sallyport.translation.simulate.Hello;
import io.sallyport.translation.simulate.Request;
import io.sallyport.translation.simulate.TrafficSimulator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Many servers with TLS have one connection manager, and each serves its own hosts alone all the same.
class SharedManagersTest {

    private static final String MESH = """
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {namespace: istio-system, name: istio}
            data:
              mesh: |
                accessLogFile: /var/log/all.log
            """;

    private final Analyzer analyzer = new Analyzer();
    private final Translator translator = new Translator();

    @Test
    void fewChainsHaveManagersOfTheirOwn() throws InvalidProtocolBufferException {
        var few = translate(Images.image(servers(99)));

        assertThat(few.all(ResourceType.EXTENSIONS)).isEmpty();
        assertThat(few.all(ResourceType.SCOPED_ROUTES)).isEmpty();
        assertThat(chains(few)).noneMatch(SharedManagersTest::shares);
    }

    @Test
    void aHundredChainsHaveOneManager() throws InvalidProtocolBufferException {
        var many = translate(Images.image(servers(100)));

        assertThat(many.withheld()).isEmpty();
        assertThat(many.all(ResourceType.EXTENSIONS)).hasSize(1);
        assertThat(many.all(ResourceType.SCOPED_ROUTES)).hasSize(100);
        assertThat(many.all(ResourceType.ROUTES)).as("tables stay as they were").hasSize(100);
        assertThat(chains(many)).hasSize(100).allMatch(SharedManagersTest::shares);
        assertThat(chains(many).stream().map(FilterChain::getName)).doesNotHaveDuplicates();
    }

    @Test
    void theManagerIsWhatEachChainWouldHaveButForTheWayToItsTable() throws InvalidProtocolBufferException {
        var own = chains(translate(Images.image(servers(1)))).getFirst().getFilters(0);
        var shared = manager(new Translator().translate(analyzer.check(Images.image(servers(100))), Images.INGRESS));

        var bare = own.getTypedConfig().unpack(HttpConnectionManager.class).toBuilder()
                .clearRds();
        assertThat(shared.toBuilder()
                        .clearScopedRoutes()
                        .clearEarlyHeaderMutationExtensions()
                        .build())
                .isEqualTo(bare.build());
    }

    @Test
    void turningWaitsUntilFewAreLeft() throws InvalidProtocolBufferException {
        var image = Images.image(servers(100));
        translate(image);

        var stillMany = without(image, 61, 100);
        assertThat(chains(translate(stillMany))).hasSize(61).allMatch(SharedManagersTest::shares);
        var few = translate(without(stillMany, 60, 61));
        assertThat(chains(few)).hasSize(60).noneMatch(SharedManagersTest::shares);
        assertThat(few.all(ResourceType.SCOPED_ROUTES))
                .as("open connections of the old chains go on asking by them, as long as there is a table")
                .hasSize(60);
    }

    @Test
    void whatStandsUnderTheNameOfAManagerNeverChanges() throws InvalidProtocolBufferException {
        var before = translate(Images.image(servers(100)));

        var after = translate(Images.image(servers(100) + MESH));

        var old = before.all(ResourceType.EXTENSIONS).keySet().iterator().next();
        assertThat(after.all(ResourceType.EXTENSIONS)).hasSize(2);
        assertThat(after.find(ResourceType.EXTENSIONS, old)).isEqualTo(before.find(ResourceType.EXTENSIONS, old));
        assertThat(chains(after).stream().map(chain -> chain.getFilters(0).getName()))
                .doesNotContain(old)
                .allMatch(name -> after.find(ResourceType.EXTENSIONS, name).isPresent());
    }

    @Test
    void oldManagersAreBounded() {
        var image = Images.image(servers(100));
        for (var change = 0; change < 12; change++) {
            image = Images.edited(
                    image, MESH.replace("all.log", change + ".log").substring("---\n".length()));
            translate(image);
        }

        assertThat(translate(image).all(ResourceType.EXTENSIONS)).hasSizeBetween(2, 5);
    }

    @Test
    void aListenerThatGoesTakesAllWithIt() {
        var image = Images.image(servers(100));
        translate(image);

        var nothing = translate(without(image, 0, 100));

        assertThat(nothing.all(ResourceType.EXTENSIONS)).isEmpty();
        assertThat(nothing.all(ResourceType.SCOPED_ROUTES)).isEmpty();
    }

    @Test
    @Tag("G8")
    void eachServerServesItsOwnHostsAlone() {
        var simulator = new TrafficSimulator(translate(Images.image(servers(100) + wildcard())));

        assertThat(status(simulator, "host-7.test", "host-7.test")).isEqualTo(204);
        assertThat(status(simulator, "HOST-7.test", "Host-7.TEST")).isEqualTo(204);
        assertThat(status(simulator, "host-7.test", "host-8.test")).isEqualTo(421);
        assertThat(status(simulator, "x.wild.test", "x.wild.test")).isEqualTo(201);
        assertThat(status(simulator, "host-7.test", "x.wild.test")).isEqualTo(421);
    }

    @Test
    @Tag("V18")
    void noClientChoosesATable() {
        var simulator = new TrafficSimulator(translate(Images.image(servers(100))));

        var forged = request("host-7.test", "host-8.test")
                .withHeader(ResourceNames.SCOPE_HEADER, "https.443.https.edge-8.shop");

        assertThat(simulator.answer(forged))
                .isInstanceOfSatisfying(
                        Answer.Replied.class,
                        replied -> assertThat(replied.status()).isEqualTo(421));
    }

    private EnvoyResources translate(ConfigImage image) {
        return translator.translate(analyzer.check(image), Images.INGRESS);
    }

    private static ConfigImage without(ConfigImage image, int from, int to) {
        var less = image;
        for (var number = from; number < to; number++) {
            less = Images.without(less, new ObjectRef(Kind.GATEWAY, "shop", "edge-" + number));
        }
        return less;
    }

    private static int status(TrafficSimulator simulator, String serverName, String host) {
        return ((Answer.Replied) simulator.answer(request(serverName, host))).status();
    }

    private static Request request(String serverName, String host) {
        return new Request(
                443,
                Hello.of(serverName),
                "192.0.2.1",
                Request.Protocol.HTTP2,
                "GET",
                host,
                "/",
                List.<HeaderLines.Line>of());
    }

    private static boolean shares(FilterChain chain) {
        return chain.getFilters(0).getConfigTypeCase() == Filter.ConfigTypeCase.CONFIG_DISCOVERY;
    }

    private static List<FilterChain> chains(EnvoyResources resources) throws InvalidProtocolBufferException {
        return Listener.parseFrom(resources
                        .find(ResourceType.LISTENER, "0.0.0.0_443")
                        .orElseThrow()
                        .bytes())
                .getFilterChainsList();
    }

    private static HttpConnectionManager manager(EnvoyResources resources) throws InvalidProtocolBufferException {
        var only = resources.all(ResourceType.EXTENSIONS).values().iterator().next();
        return TypedExtensionConfig.parseFrom(only.bytes()).getTypedConfig().unpack(HttpConnectionManager.class);
    }

    private static String servers(int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> server("edge-" + number, "host-" + number + ".test", 204))
                .collect(Collectors.joining("---\n"));
    }

    private static String wildcard() {
        return "---\n" + server("wild", "\"*.wild.test\"", 201);
    }

    private static String server(String name, String host, int status) {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {namespace: shop, name: %1$s}
                spec:
                  servers:
                  - port: {number: 443, name: https, protocol: HTTPS}
                    hosts: [%2$s]
                    tls: {mode: SIMPLE, credentialName: %1$s}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {namespace: shop, name: %1$s}
                spec:
                  hosts: [%2$s]
                  gateways: [%1$s]
                  http:
                  - directResponse: {status: %3$d}
                """.formatted(name, host, status);
    }
}
