package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sallyport.testkit.net.HttpClient.Version;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The story of the reference documents, step by step, over one gateway: nothing configured, a Gateway, a
/// VirtualService, a second host, TCP, and back to nothing. Each test sets its own step, so each can run alone.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class IngressScenariosTest {

    private static final String NOTHING = "";

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: coolstore-gateway, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: [webapp.istioinaction.io, catalog.istioinaction.io]}
            """;

    private static final String WEBAPP = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: webapp, namespace: shop}
            spec:
              hosts: [webapp.istioinaction.io]
              gateways: [coolstore-gateway]
              http:
              - route: [{destination: {host: webapp, port: {number: 80}}}]
            """;

    private static final String CATALOG = WEBAPP.replace("webapp", "catalog");

    private static final String TCP_GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {name: echo-tcp-gateway, namespace: shop}
            spec:
              selector: {istio: ingressgateway}
              servers:
              - {port: {number: 31400, name: tcp-echo, protocol: TCP}, hosts: ["*"]}
            """;

    private static final String TCP_ECHO = """
            apiVersion: networking.istio.io/v1
            kind: VirtualService
            metadata: {name: tcp-echo, namespace: shop}
            spec:
              hosts: ["*"]
              gateways: [echo-tcp-gateway]
              tcp:
              - match: [{port: 31400}]
                route: [{destination: {host: echo, port: {number: 2701}}}]
            """;

    private Stage stage;

    @BeforeAll
    void open(@TempDir Path scratch) throws IOException {
        stage = Stage.open(scratch);
    }

    @AfterAll
    void close() throws IOException {
        stage.close();
    }

    @Test
    @Tag("S02")
    void withoutAGatewayThereAreNoListeners() {
        stage.has(NOTHING);

        var answer = stage.shell().run("proxy-config", "listener", "istio-ingressgateway", "-n", "istio-system");

        assertThat(answer.err()).isEqualTo("Error: no listeners found\n");
        assertThat(answer.exitCode()).isEqualTo(1);
    }

    @Test
    @Tag("S03")
    void withoutAGatewayThereAreNoRoutes() {
        stage.has(NOTHING);

        var answer = stage.shell().run("proxy-config", "route", "istio-ingressgateway", "-n", "istio-system");

        assertThat(answer.err()).isEqualTo("Error: config dump has no route dump\n");
        assertThat(answer.exitCode()).isEqualTo(1);
    }

    @Test
    @Tag("S04")
    void withoutAGatewayConnectionsAreRefused() throws IOException {
        stage.has(NOTHING);

        assertThat(stage.talk(80)).isEqualTo("refused");
    }

    @Test
    @Tag("S05")
    @Tag("G5")
    void aGatewayOpensItsListenerAndNothingElse() {
        stage.has(GATEWAY);

        var answer = stage.shell().run("proxy-config", "listener", "istio-ingressgateway", "--verbose=false");

        assertThat(answer.out().lines().map(line -> line.split(" +")).toList())
                .containsExactly(
                        new String[] {"ADDRESSES", "PORT", "TYPE"},
                        new String[] {"127.0.0.1", String.valueOf(stage.port(80)), "HTTP"});
    }

    @Test
    @Tag("S06")
    @Tag("G10")
    @Tag("X2")
    void aGatewayAloneHasABlackhole() {
        stage.has(GATEWAY);

        var tables = routes();

        assertThat(tables).hasSize(1);
        var table = tables.get(0).getAsJsonObject();
        assertThat(table.get("name").getAsString()).isEqualTo("http." + stage.port(80));
        assertThat(table.get("validateClusters").getAsBoolean()).isFalse();
        assertThat(table.getAsJsonArray("virtualHosts")).hasSize(1);
        var host = table.getAsJsonArray("virtualHosts").get(0).getAsJsonObject();
        assertThat(host.get("name").getAsString()).isEqualTo("blackhole:80");
        assertThat(host.getAsJsonArray("domains")).containsExactly(JsonParser.parseString("\"*\""));
    }

    @ParameterizedTest
    @EnumSource
    @Tag("S07")
    void aGatewayAloneAnswers404WithoutABody(Version version) throws IOException {
        stage.has(GATEWAY);

        var reply = stage.get(version, "webapp.istioinaction.io", "/");

        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.headers().first("server")).hasValue("istio-envoy");
        assertThat(reply.body()).isEmpty();
    }

    @Test
    @Tag("S07")
    void the404SaysThatItHasNoBody() throws IOException {
        stage.has(GATEWAY);

        assertThat(stage.get(Version.HTTP_1_1, "webapp.istioinaction.io", "/")
                        .headers()
                        .first("content-length"))
                .hasValue("0");
    }

    @ParameterizedTest
    @EnumSource
    @Tag("S08")
    @Tag("S10")
    void aBoundVirtualServiceServesItsHost(Version version) throws IOException {
        stage.has(GATEWAY, WEBAPP, stage.webappService());

        var reply = stage.get(version, "webapp.istioinaction.io", "/api/catalog");

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.backend()).hasValue("webapp");
    }

    @ParameterizedTest
    @EnumSource
    @Tag("S08")
    @Tag("N2")
    void aVirtualServiceThatNamesNoGatewayServesNothing(Version version) throws IOException {
        stage.has(GATEWAY, WEBAPP.replace("gateways: [coolstore-gateway]", "exportTo: [\"*\"]"), stage.webappService());

        assertThat(stage.get(version, "webapp.istioinaction.io", "/").status()).isEqualTo(404);
    }

    @Test
    @Tag("S09")
    @Tag("R6")
    @Tag("X3")
    void theRouteTableIsNamedByTheBoundPort() {
        stage.has(GATEWAY, WEBAPP, stage.webappService());

        var answer = stage.shell()
                .run(
                        "proxy-config",
                        "route",
                        "deploy/istio-ingressgateway",
                        "-o",
                        "json",
                        "--name",
                        "http." + stage.port(80),
                        "-n",
                        "istio-system");

        assertThat(answer.out())
                .contains("\"name\": \"webapp.istioinaction.io:80\"")
                .contains("\"cluster\": \"outbound|80||webapp.shop.svc.cluster.local\"")
                .contains("/apis/networking.istio.io/v1/namespaces/shop/virtual-service/webapp");
    }

    @Test
    @Tag("S09")
    @Tag("X4")
    void theRouteTableHasIstiosColumns() {
        stage.has(GATEWAY, WEBAPP, stage.webappService());

        var answer = stage.shell().run("proxy-config", "routes", "istio-ingressgateway");

        assertThat(answer.out().lines().map(line -> line.split(" {2,}")).toList())
                .containsExactly(
                        new String[] {"NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE"}, new String[] {
                            "http." + stage.port(80),
                            "webapp.istioinaction.io:80",
                            "webapp.istioinaction.io",
                            "/*",
                            "webapp.shop"
                        });
    }

    @Test
    @Tag("X4")
    void clustersAndEndpointsAreShown() {
        stage.has(GATEWAY, WEBAPP, stage.webappService());

        var clusters = stage.shell().run("proxy-config", "cluster", "istio-ingressgateway");
        var endpoints = stage.shell().run("proxy-config", "endpoint", "istio-ingressgateway");

        assertThat(clusters.out()).contains("webapp.shop.svc.cluster.local");
        assertThat(endpoints.out()).contains("127.0.0.1:" + stage.webapp().port());
    }

    @ParameterizedTest
    @EnumSource
    @Tag("S11")
    @Tag("N6")
    void thePortInTheHostDoesNotCount(Version version) throws IOException {
        stage.has(GATEWAY, WEBAPP, stage.webappService());

        assertThat(stage.get(version, "webapp.istioinaction.io:31380", "/").status())
                .isEqualTo(200);
        assertThat(stage.get(version, "127.0.0.1:31380", "/").status()).isEqualTo(404);
    }

    @Test
    @Tag("S12")
    void aRuleBehindACatchAllIsWarnedOf() throws IOException {
        var swapped = WEBAPP + "  - match: [{uri: {prefix: /api}}]\n    route: [{destination: {host: webapp}}]\n";
        var file = stage.file("swapped.yaml", swapped);

        var answer = stage.shell().run("check", "-o", "json", file);

        assertThat(JsonParser.parseString(answer.out()).getAsJsonObject().getAsJsonArray("findings"))
                .anySatisfy(finding -> {
                    assertThat(text(finding, "severity")).isEqualTo("warning");
                    assertThat(text(finding, "path")).startsWith("spec.http[1]");
                });
    }

    @Test
    @Tag("S14")
    void waitingEndsWhenTheGatewayRunsIt() throws IOException {
        stage.has(GATEWAY, WEBAPP, stage.webappService());
        var moved = WEBAPP.replace(
                "  - route:", "  - match: [{uri: {exact: /gone}}]\n    directResponse: {status: 410}\n  - route:");

        var answer =
                stage.shell().run("apply", "--wait", "-m", "take /gone away", "-f", stage.file("gone.yaml", moved));

        assertThat(answer.err()).isEmpty();
        assertThat(answer.out())
                .containsPattern("^r\\d+ accepted: VirtualService shop/webapp changed\n")
                .contains("live on 1 of 1 gateway in ");
        assertThat(stage.get(Version.HTTP_1_1, "webapp.istioinaction.io", "/gone")
                        .status())
                .isEqualTo(410);
    }

    @Test
    @Tag("S25")
    @Tag("X7")
    void aPortThatNoServerNamesAnyMoreIsRefused() throws IOException {
        stage.has(GATEWAY, WEBAPP, stage.webappService());
        assertThat(stage.get(Version.HTTP_1_1, "webapp.istioinaction.io", "/").status())
                .isEqualTo(200);

        stage.has(GATEWAY.replace("number: 80,", "number: 8081,"), WEBAPP, stage.webappService());

        assertThat(stage.talk(80)).isEqualTo("refused");
    }

    @ParameterizedTest
    @EnumSource
    @Tag("S01")
    @Tag("S26")
    void twoHostsOnOneListenerReachTwoServices(Version version) throws IOException {
        stage.has(GATEWAY, WEBAPP, CATALOG, stage.webappService(), stage.catalogService());

        assertThat(stage.get(version, "catalog.istioinaction.io", "/items").backend())
                .hasValue("catalog");
        assertThat(stage.get(version, "webapp.istioinaction.io", "/items").backend())
                .hasValue("webapp");
    }

    @Test
    @Tag("S27")
    @Tag("G17")
    void twoServersWithOnePortNameAreRefused() throws IOException {
        stage.has(GATEWAY);
        var twice = GATEWAY + "  - {port: {number: 8081, name: http, protocol: HTTP}, hosts: [\"*\"]}\n";

        var answer = stage.shell().run("apply", "-f", stage.file("twice.yaml", twice));

        assertThat(answer.exitCode()).isEqualTo(1);
        assertThat(answer.out()).contains("error SP1", "Gateway shop/coolstore-gateway spec.servers[1].port.name");
        assertThat(answer.err()).contains("refused, nothing is stored");
    }

    @Test
    @Tag("S31")
    void theHopToTheBackendIsPlainText() throws IOException {
        stage.has(GATEWAY, WEBAPP, stage.webappService());
        stage.webapp().reset();

        stage.get(Version.HTTP_2, "webapp.istioinaction.io", "/");

        // The echo server knows no TLS, so what it has seen came in the clear.
        assertThat(stage.webapp().seen())
                .singleElement()
                .satisfies(seen -> assertThat(seen.protocol()).isEqualTo("HTTP/1.1"));
    }

    @Test
    @Tag("S32")
    @Tag("S33")
    void aTcpServerEchoesLines() throws IOException {
        stage.has(TCP_GATEWAY, TCP_ECHO, stage.echoService());

        assertThat(stage.talk(31400)).isEqualTo("echo");
    }

    @Test
    @Tag("S33")
    @Tag("G14")
    void aTcpServerWithoutARuleForItsPortDoesNotListen() throws IOException {
        stage.has(TCP_GATEWAY, TCP_ECHO.replace("{port: 31400}", "{port: 31401}"), stage.echoService());

        assertThat(stage.talk(31400)).isEqualTo("refused");
    }

    @Test
    @Tag("S36")
    @Tag("G6")
    void aYoungerServerOnATakenPortIsReportedAndTheOlderOneWorks() throws IOException {
        stage.has(TCP_GATEWAY, TCP_ECHO, stage.echoService());
        var younger = """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: sni-passthrough-gateway, namespace: shop}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - port: {number: 31400, name: tls, protocol: TLS}
                    hosts: [simple-sni-1.istioinaction.io]
                    tls: {mode: PASSTHROUGH}
                """;
        stage.has(TCP_GATEWAY, TCP_ECHO, stage.echoService(), younger);

        var answer = stage.shell().run("apply", "--dry-run", "-f", stage.file("sni.yaml", younger + "# again\n"));

        assertThat(answer.out()).contains("sni-passthrough-gateway").contains("echo-tcp-gateway");
        assertThat(stage.talk(31400)).isEqualTo("echo");
    }

    @Test
    @Tag("S67")
    @Tag("X7")
    void deletingEverythingRefusesConnectionsAgain() throws IOException {
        stage.has(GATEWAY, WEBAPP, TCP_GATEWAY, TCP_ECHO, stage.webappService(), stage.echoService());
        assertThat(stage.get(Version.HTTP_1_1, "webapp.istioinaction.io", "/").status())
                .isEqualTo(200);

        stage.has(NOTHING);

        assertThat(stage.talk(80)).isEqualTo("refused");
        assertThat(stage.talk(31400)).isEqualTo("refused");
    }

    private JsonArray routes() {
        var answer = stage.shell().run("proxy-config", "route", "istio-ingressgateway", "-o", "json");
        assertThat(answer.err()).isEmpty();
        return JsonParser.parseString(answer.out()).getAsJsonArray();
    }

    private static String text(JsonElement object, String member) {
        JsonObject json = object.getAsJsonObject();
        return json.get(member).isJsonNull() ? "" : json.get(member).getAsString();
    }
}
