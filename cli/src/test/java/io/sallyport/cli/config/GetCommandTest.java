package io.sallyport.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.server.FakeServer;
import io.sallyport.proto.config.v1.Resource;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.xds.v1.Proxy;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class GetCommandTest {

    private final FakeServer server = new FakeServer();
    private final FakeTerminal screen = new FakeTerminal();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void oneObjectIsShownAsItWasWritten() {
        store("VirtualService", "shop", "cart", "kind: VirtualService # mine\nmetadata: {}\n");

        assertThat(server.run(screen, "get", "vs", "cart", "-n", "shop")).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("kind: VirtualService # mine\nmetadata: {}\n");
    }

    @Test
    void anObjectMayBeNamedWithItsNamespace() {
        store("VirtualService", "shop", "cart", "kind: VirtualService\n");

        assertThat(server.run(screen, "get", "virtualservices.networking.istio.io", "shop/cart"))
                .isEqualTo(0);

        assertThat(screen.out()).isEqualTo("kind: VirtualService\n");
    }

    @Test
    void manyObjectsAreATableOverAllPages() {
        for (var name : new String[] {"a", "b", "c"}) {
            store("VirtualService", "shop", name, "kind: VirtualService\n");
        }

        assertThat(server.run(screen, "get", "virtualservices", "-A")).isEqualTo(0);

        assertThat(screen.out().lines()).hasSize(4);
        assertThat(screen.out()).startsWith("KIND             NAMESPACE   NAME   REVISION   OWNER   SOURCE\n");
    }

    @Test
    @Tag("S69")
    @Tag("S71")
    void aGatewayShowsEveryProxyThatItSelects() {
        store("Gateway", "shop", "shared", gateway("selector: {istio: ingressgateway}, "));
        store("Gateway", "shop", "own", gateway("selector: {istio: ingressgateway, team: hipster}, "));
        store("Gateway", "shop", "all", gateway(""));
        connect("istio-system", "ingress", Map.of("istio", "ingressgateway"));
        connect("hipster", "ingress", Map.of("istio", "ingressgateway", "team", "hipster"));

        assertThat(server.run(screen, "get", "gateways", "-n", "shop")).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("""
                        NAMESPACE   NAME     REVISION   OWNER   SOURCE   SELECTS
                        shop        shared   r1         -       -        hipster/ingress, istio-system/ingress
                        shop        own      r1         -       -        hipster/ingress
                        shop        all      r1         -       -        hipster/ingress, istio-system/ingress
                        """);
    }

    private static String gateway(String selector) {
        return "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: x}, spec: {" + selector
                + "servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"]}]}}\n";
    }

    private void connect(String namespace, String name, Map<String, String> labels) {
        server.proxies()
                .connect(Proxy.newBuilder()
                        .setNamespace(namespace)
                        .setName(name)
                        .putAllLabels(labels)
                        .build());
    }

    @Test
    void nothingInTheNamespaceSaysHowToLookEverywhere() {
        store("Gateway", "shop", "edge", "kind: Gateway\n");

        assertThat(server.run(screen, "get", "gw")).isEqualTo(0);

        assertThat(screen.err()).isEqualTo("no Gateway in namespace \"default\" (-A: in all)\n");
    }

    @Test
    void aMissingObjectIsExitOne() {
        assertThat(server.run(screen, "get", "gw", "edge")).isEqualTo(1);

        assertThat(screen.err()).isEqualTo("error: Gateway default/edge does not exist\n");
    }

    @Test
    void aMistypedKindIsExitTwoWithTheNearestOne() {
        assertThat(server.run(screen, "get", "gatway")).isEqualTo(2);

        assertThat(screen.err()).isEqualTo("error: unknown kind \"gatway\" (did you mean \"gateway\"?)\n");
    }

    @Test
    void jsonIsTheResponse() {
        store("Gateway", "shop", "edge", "kind: Gateway\n");

        assertThat(server.run(screen, "get", "gw", "edge", "-n", "shop", "-o", "json"))
                .isEqualTo(0);

        var json = JsonParser.parseString(screen.out()).getAsJsonObject();
        assertThat(json.getAsJsonObject("resource").get("sourceText").getAsString())
                .isEqualTo("kind: Gateway\n");
    }

    @Test
    @Tag("M25")
    void whatAServerSendsCannotCommandTheTerminal() {
        store("Gateway", "shop", "edge", "kind: Gateway # \033]0;owned\007\n");

        assertThat(server.run(screen, "get", "gw", "edge", "-n", "shop")).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("kind: Gateway # \\x1b]0;owned\\x07\n");
    }

    private void store(String kind, String namespace, String name, String text) {
        var ref = ResourceRef.newBuilder()
                .setKind(kind)
                .setNamespace(namespace)
                .setName(name)
                .build();
        server.config()
                .objects()
                .put(
                        ref,
                        Resource.newBuilder()
                                .setRef(ref)
                                .setSourceText(text)
                                .setRevision(1)
                                .build());
    }
}
