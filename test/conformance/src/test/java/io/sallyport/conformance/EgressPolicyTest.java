package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.standalone.envoy.AdminSocket;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.Reply;
import io.sallyport.testkit.stack.GatewayStack;
import io.sallyport.testkit.tls.Handshake;
import io.sallyport.testkit.tls.SecureClient;
import io.sallyport.testkit.tls.Wallet;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// One EgressPolicy does on real Envoys what takes four objects otherwise, and stops doing it at its end. The host
/// outside is a name of this machine, so that it is found without a name server; the gateway has an address of its
/// own, since it listens on the host's ports.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("P14")
@Tag("S50")
@Tag("S51")
@Tag("S52")
@Tag("S53")
class EgressPolicyTest {

    private static final String HOST = "pay.localhost";
    private static final String PROXIES = """
            proxies:
            - {name: istio-egressgateway, namespace: istio-system, labels: {istio: egressgateway}, address: 127.0.0.2}
            - {name: cart, namespace: shop, labels: {app: cart}, kind: sidecar}
            - {name: till, namespace: shop, labels: {app: till}, kind: sidecar}
            """;

    private final HttpClient client = new HttpClient();
    private GatewayStack stack;
    private EchoServer plain;
    private EchoServer encrypted;
    private EchoServer bank;
    private SecureClient secure;
    private Path admin;

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        var wallet = Wallet.in(scratch.resolve("wallet"));
        var own = wallet.issued(new Wallet.Wish(List.of(HOST), "ca"));
        plain = new EchoServer("plain");
        encrypted = EchoServer.secure("encrypted", own.certificate(), own.key(), Optional.empty());
        bank = EchoServer.secure("bank", own.certificate(), own.key(), Optional.of(wallet.authority("ca")));
        wallet.mount(scratch.resolve("config/secrets/istio-system/pay-client"), List.of(Wallet.CLIENT), "ca", "ca");
        secure = new SecureClient(wallet, scratch);
        stack = GatewayStack.start(scratch, PROXIES);
        admin = scratch.resolve("data/admin/istio-egressgateway.istio-system.sock");
    }

    @AfterAll
    void stop() throws IOException {
        client.close();
        if (stack != null) {
            stack.close();
        }
        plain.close();
        encrypted.close();
        bank.close();
    }

    private String configuration(String expires) {
        return """
                apiVersion: v1
                kind: ConfigMap
                metadata: {namespace: istio-system, name: istio}
                data:
                  mesh: |
                    outboundTrafficPolicy: {mode: REGISTRY_ONLY}
                ---
                apiVersion: sallyport.io/v1alpha1
                kind: EgressPolicy
                metadata: {namespace: shop, name: pay}
                spec:
                  from: [{labels: {app: cart}}]
                  hosts: [%s]
                  ports:
                  - {number: %d, protocol: HTTP}
                  - {number: %d, protocol: TLS}
                  gateway: {namespace: istio-system, name: istio-egressgateway}
                  %s
                """.formatted(HOST, plain.port(), encrypted.port(), expires);
    }

    @Test
    void onePolicyLeadsItsClientsThroughTheGatewayUntilItsEnd() throws IOException {
        stack.become(configuration("expires: \"2999-12-31\""));

        assertThat(http("cart")).isEqualTo(200);
        assertThat(gatewayConnections(plain)).isPositive();
        assertThat(tls("cart")).isEqualTo("200");
        assertThat(gatewayConnections(encrypted)).isPositive();
        assertThat(check("cart", "http://" + HOST + ":" + plain.port() + "/"))
                .contains("through gateway istio-system/istio-egressgateway");
        assertThat(check("cart", "tls://" + HOST + ":" + encrypted.port()))
                .contains("through gateway istio-system/istio-egressgateway");
        // Those that the policy does not mean see what nobody is allowed.
        assertThat(http("till")).isEqualTo(502);
        assertThat(tls("till")).isNotEqualTo("200");

        var end = Instant.now().plusSeconds(3);
        stack.become(configuration("expires: \"" + end + "\""));
        await("blocked after " + end)
                .atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(http("cart")).isEqualTo(502));
        assertThat(Instant.now()).isAfter(end);
        assertThat(tls("cart")).isNotEqualTo("200");
        assertThat(check("cart", "http://" + HOST + ":" + plain.port() + "/"))
                .contains("blocked", "EgressPolicy shop/pay allowed it until", "in.yaml");
        assertThat(stack.sallyport().shell().run("egress", "list").out()).contains("ended: nothing is allowed");
    }

    @Test
    @Tag("D8")
    void whatGoesInPlainTextIsEncryptedAtTheGateway() throws IOException {
        stack.become("""
                apiVersion: sallyport.io/v1alpha1
                kind: EgressPolicy
                metadata: {namespace: shop, name: bank}
                spec:
                  from: [{labels: {app: cart}}]
                  hosts: [%s]
                  ports: [{number: %d, protocol: HTTP}]
                  gateway: {namespace: istio-system, name: istio-egressgateway}
                  tlsOrigination: {mode: MUTUAL, port: %d, credentialName: pay-client}
                """.formatted(HOST, plain.port(), bank.port()));

        var reply = reply("cart");
        assertThat(reply.status()).isEqualTo(200);
        // It answers nobody without a certificate of its authority, which the gateway alone has.
        assertThat(reply.body()).contains("bank");
    }

    // How many connections the gateway has opened to a server outside.
    private long gatewayConnections(EchoServer outside) throws IOException {
        return new AdminSocket(admin, Duration.ofSeconds(5))
                .get("/clusters")
                .lines()
                .filter(line ->
                        line.startsWith("outbound|" + outside.port() + "||" + HOST) && line.contains("::cx_total::"))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(':') + 1)))
                .sum();
    }

    private String check(String app, String url) {
        return stack.sallyport()
                .shell()
                .run("egress", "check", "--from", "shop/" + app, url)
                .out();
    }

    private int http(String proxy) throws IOException {
        return reply(proxy).status();
    }

    private Reply reply(String proxy) throws IOException {
        var authority = HOST + ":" + plain.port();
        return client.send(
                stack.door(proxy),
                HttpClient.Version.HTTP_1_1,
                new HttpClient.Call("GET", authority, "http://" + authority + "/", Map.of(), ""));
    }

    private String tls(String proxy) throws IOException {
        var outcome = secure.tunnel(
                stack.door(proxy),
                encrypted.port(),
                HttpClient.Version.HTTP_1_1,
                new HttpClient.Call("GET", HOST, "/", Map.of(), ""),
                new Handshake(HOST, "", "ca", "", null, null));
        return outcome.reply() == null
                ? String.valueOf(outcome.failure())
                : String.valueOf(outcome.reply().status());
    }
}
