package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.standalone.names.NameRelay;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.NameServer;
import io.sallyport.testkit.net.NameServer.Answer;
import io.sallyport.testkit.net.SteadyClient;
import io.sallyport.testkit.stack.SeparateServices;
import io.sallyport.testkit.tls.Handshake;
import io.sallyport.testkit.tls.SecureClient;
import io.sallyport.testkit.tls.Wallet;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// An egress gateway, with its relay of names, whose name server is away, in trouble, or lies. 127.0.0.1, where the
/// test's servers are, plays the
/// world outside, by the annotation that allows it; all else inside stays refused.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("F27")
class DnsFaultsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String OUTSIDE = "127.0.0.1";
    private static final Duration SLOW = Duration.ofSeconds(1);
    private static final int ROUNDS = Boolean.getBoolean("sallyport.nightly") ? 45 : 1;
    private static final List<String> INSIDE = List.of(
            "127.0.0.2", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1");

    private final HttpClient client = new HttpClient();
    private final AtomicReference<Duration> later = new AtomicReference<>(Duration.ZERO);
    private NameServer names;
    private NameRelay relay;
    private EchoServer plain;
    private EchoServer encrypted;
    private SecureClient secure;
    private SeparateServices services;

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        var wallet = Wallet.in(Files.createDirectories(scratch.resolve("wallet")));
        var own = wallet.issued(new Wallet.Wish(List.of("*.names.test"), "ca"));
        secure = new SecureClient(wallet, scratch);
        plain = new EchoServer("plain");
        encrypted = EchoServer.secure("encrypted", own.certificate(), own.key(), Optional.empty());
        names = NameServer.local();
        names.say("steady.test", OUTSIDE);
        names.say("gone.test", OUTSIDE);
        relay = NameRelay.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                () -> List.of(names.address()),
                () -> InstantSource.system().instant().plus(later.get()),
                new Random(27));
        services = SeparateServices.withNames(scratch, relay.address());
        var applied = services.shell()
                .run(
                        "apply",
                        "--wait",
                        "-f",
                        Files.writeString(scratch.resolve("names.yaml"), configuration())
                                .toString());
        assertThat(applied.exitCode()).as(applied.err()).isZero();
        await("the gateway listens").atMost(PATIENCE).ignoreExceptions().until(() -> http("steady.test") == 200);
    }

    @AfterAll
    void stop() {
        client.close();
        if (services != null) {
            services.close();
        }
        relay.close();
        names.close();
        plain.close();
        encrypted.close();
    }

    private String configuration() {
        return """
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: istio-system}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                  - {port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.names.test"], tls: {mode: PASSTHROUGH}}
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata:
                  name: names
                  namespace: istio-system
                  annotations: {networking.sallyport.io/allowed-networks: 127.0.0.1/32}
                spec:
                  hosts: ["*.names.test"]
                  ports: [{number: TLS_PORT, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}]
                  resolution: DYNAMIC_DNS
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: steady, namespace: istio-system}
                spec:
                  hosts: [steady.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: DNS
                  endpoints: [{address: steady.test, ports: {http: HTTP_PORT}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: gone, namespace: istio-system}
                spec:
                  hosts: [gone.test]
                  ports: [{number: 80, name: http, protocol: HTTP}]
                  resolution: DNS
                  endpoints: [{address: gone.test, ports: {http: HTTP_PORT}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: gone, namespace: istio-system}
                spec:
                  hosts: [gone.test]
                  gateways: [edge]
                  http: [{route: [{destination: {host: gone.test}}]}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: names, namespace: istio-system}
                spec:
                  hosts: ["*.names.test"]
                  gateways: [edge]
                  http:
                  - route: [{destination: {host: "*.names.test", port: {number: 80}}}]
                  tls:
                  - match: [{sniHosts: ["*.names.test"]}]
                    route: [{destination: {host: "*.names.test", port: {number: TLS_PORT}}}]
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: steady, namespace: istio-system}
                spec:
                  hosts: [steady.test]
                  gateways: [edge]
                  http: [{route: [{destination: {host: steady.test}}]}]
                """.replace("TLS_PORT", String.valueOf(encrypted.port()))
                .replace("HTTP_PORT", String.valueOf(plain.port()));
    }

    @Test
    @Tag("V10")
    @Tag("M7")
    void aNameThatChangesItsMindIsLedNowhereInside() throws IOException {
        // All at once: Envoy asks again after five seconds at the earliest.
        for (int n = 0; n < INSIDE.size(); n++) {
            names.say("turns" + n + ".names.test", addresses(OUTSIDE), addresses(INSIDE.get(n)));
            assertThat(tls("turns" + n)).as("first, then %s", INSIDE.get(n)).isEqualTo("reached");
        }
        for (int n = 0; n < INSIDE.size(); n++) {
            var name = "turns" + n;
            await(INSIDE.get(n)).atMost(PATIENCE).until(() -> tls(name).equals("closed"));
            assertThat(http(name + ".names.test")).as(INSIDE.get(n)).isEqualTo(403);
        }
    }

    @Test
    @Tag("V10")
    @Tag("M7")
    void anAnswerInsideIsRefusedAtOnceAlsoAmongOthers() throws IOException {
        for (int n = 0; n < INSIDE.size(); n++) {
            names.say("inside" + n + ".names.test", INSIDE.get(n));
            assertThat(http("inside" + n + ".names.test")).as(INSIDE.get(n)).isEqualTo(403);
            assertThat(tls("inside" + n)).as(INSIDE.get(n)).isEqualTo("closed");
        }
        names.say("mixed.names.test", "169.254.169.254", OUTSIDE);
        assertThat(tls("mixed")).isIn("closed", "reached");
        assertThat(http("nobody.names.test")).as("a name that does not exist").isEqualTo(503);
    }

    @Test
    void theLastGoodAddressesStayWhileTheNameServerIsInTrouble() throws Exception {
        names.say("known.names.test", OUTSIDE);
        assertThat(tls("known")).isEqualTo("reached");
        try (var steady = new SteadyClient(services.port(), "steady.test", "/")) {
            steady.awaitAnswers(10);
            names.say("known.names.test", new Answer.Missing(), new Answer.Silence());
            int known = names.asked("known.names.test");
            for (int n = 0; n < ROUNDS; n++) {
                int seen = names.asked("steady.test");
                // A failure is asked about once more, and so is what comes late.
                names.say(
                        "steady.test",
                        new Answer.Missing(),
                        new Answer.Failure(),
                        new Answer.Nonsense(),
                        new Answer.Late(SLOW, List.of(OUTSIDE)),
                        new Answer.Silence(),
                        addresses(),
                        addresses(OUTSIDE));

                // The last answer is given when the trouble before it has been taken up.
                await("all of it has been said").atMost(PATIENCE).until(() -> {
                    assertThat(tls("known")).isEqualTo("reached");
                    return names.asked("steady.test") >= seen + 7;
                });
            }
            assertThat(names.asked("known.names.test")).isGreaterThan(known);
            steady.awaitAnswers(10);
            assertThat(steady.failures()).isEmpty();
        }
        assertThat(tls("known")).isEqualTo("reached");
    }

    @Test
    void aNameThatIsDeniedForTooLongIsGivenUp() throws IOException {
        await("the name is known").atMost(PATIENCE).until(() -> http("gone.test") == 200);
        int seen = names.asked("gone.test");
        names.say("gone.test", new Answer.Missing());
        await("denied").atMost(PATIENCE).until(() -> names.asked("gone.test") >= seen + 2);
        assertThat(http("gone.test")).isEqualTo(200);

        later.set(Duration.ofMinutes(16));

        await("given up").atMost(PATIENCE).until(() -> http("gone.test") == 503);
    }

    private static Answer addresses(String... addresses) {
        return new Answer.Addresses(List.of(addresses));
    }

    private int http(String host) throws IOException {
        return client.send(
                        services.port(),
                        HttpClient.Version.HTTP_1_1,
                        new HttpClient.Call("GET", host, "/", Map.of(), ""))
                .status();
    }

    private String tls(String label) throws IOException {
        var host = label + ".names.test";
        var outcome = secure.send(
                services.tlsPort(),
                HttpClient.Version.HTTP_1_1,
                new HttpClient.Call("GET", host, "/", Map.of(), ""),
                new Handshake(host, "", "ca", "", null, null));
        return outcome.reply() == null ? "closed" : "reached";
    }
}
