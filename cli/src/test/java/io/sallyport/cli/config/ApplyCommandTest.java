package io.sallyport.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import com.google.protobuf.Duration;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.server.FakeServer;
import io.sallyport.proto.config.v1.Finding;
import io.sallyport.proto.config.v1.Location;
import io.sallyport.proto.config.v1.ResourceRef;
import io.sallyport.proto.xds.v1.AwaitLiveResponse;
import io.sallyport.proto.xds.v1.Rejection;
import io.sallyport.proto.xds.v1.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApplyCommandTest {

    private static final String GATEWAY = """
            apiVersion: networking.istio.io/v1
            kind: Gateway
            metadata: {namespace: shop, name: edge}
            spec:
              servers:
              - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
            """;

    @TempDir
    private Path folder = Path.of("");

    private final FakeServer server = new FakeServer();
    private final FakeTerminal screen = new FakeTerminal();
    private String file = "";

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("edge.yaml").toString();
        Files.writeString(Path.of(file), GATEWAY);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void anAcceptedChangeNamesItsRevision() {
        assertThat(server.run(screen, "apply", "-f", file, "-m", "first")).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("r1 accepted: Gateway shop/edge created\n");
        assertThat(server.config().history().getFirst().getMessage()).isEqualTo("first");
        assertThat(server.config().objects().values().iterator().next().getSourceText())
                .isEqualTo(GATEWAY);
    }

    @Test
    void standardInputIsAFileToo() {
        var piped = new FakeTerminal(GATEWAY);

        assertThat(server.run(piped, "apply", "-f", "-")).isEqualTo(0);

        assertThat(piped.out()).isEqualTo("r1 accepted: Gateway shop/edge created\n");
    }

    @Test
    void aDryRunStoresNothing() {
        assertThat(server.run(screen, "apply", "-f", file, "--dry-run")).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("dry run on r0, nothing is stored: Gateway shop/edge created\n");
        assertThat(server.config().objects()).isEmpty();
    }

    @Test
    void theSameAgainChangesNothing() {
        server.run(new FakeTerminal(), "apply", "-f", file);

        server.run(screen, "apply", "-f", file);

        assertThat(screen.out()).startsWith("nothing changed: r");
    }

    @Test
    void anotherRevisionThanTheExpectedOneIsRefused() {
        assertThat(server.run(screen, "apply", "-f", file, "--expected-revision", "7"))
                .isEqualTo(1);

        assertThat(screen.err()).isEqualTo("error: expected revision 7, but the newest is 0\n");
    }

    @Test
    void aRefusalShowsTheLineOfTheFile() {
        server.config()
                .refuse(Finding.newBuilder()
                        .setCode("SP1107")
                        .setSeverity(Finding.Severity.ERROR)
                        .setMessage("host \"*\" is too wide")
                        .setLocation(Location.newBuilder()
                                .setRef(ref())
                                .setPath("spec.servers[0].hosts[0]")
                                .setFile(file)
                                .setLine(6)
                                .setColumn(64))
                        .build());

        assertThat(server.run(screen, "apply", "-f", file)).isEqualTo(1);

        assertThat(screen.out()).isEqualTo("""
                        error SP1107 Gateway shop/edge spec.servers[0].hosts[0], %s:6:64
                           6 |   - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}
                             |                                                                ^^^ host "*" is too wide
                        """.formatted(file));
        assertThat(screen.err()).startsWith("error: refused, nothing is stored: 1 error. ");
    }

    @Test
    void aTextThatIsNoYamlIsNotSent() throws IOException {
        Files.writeString(Path.of(file), "kind: [\n");

        assertThat(server.run(screen, "apply", "-f", file)).isEqualTo(1);

        assertThat(server.config().history()).isEmpty();
        assertThat(server.dialed()).isEmpty();
    }

    @Test
    void aSecretIsNeverSent() throws IOException {
        Files.writeString(Path.of(file), """
                apiVersion: v1
                kind: Secret
                metadata: {namespace: shop, name: key}
                stringData: {password: hunter2}
                """);

        assertThat(server.run(screen, "apply", "-f", file)).isEqualTo(1);

        assertThat(screen.err()).contains("Secret shop/key is a secret");
        assertThat(server.dialed()).isEmpty();
    }

    @Test
    @Tag("S14")
    void waitingEndsWhenTheRevisionIsLiveEverywhere() {
        server.proxies().answerWait(waitAnswer(3, 3).setDone(true).build());

        assertThat(server.run(screen, "apply", "-f", file, "--wait")).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("""
                        r1 accepted: Gateway shop/edge created
                        live on 3 of 3 gateways in 38 ms
                        """);
    }

    @Test
    @Tag("S14")
    void waitingNamesWhoIsNotLiveAndWhy() {
        server.proxies()
                .answerWait(waitAnswer(2, 3)
                        .setDone(true)
                        .addWaiting(Waiting.newBuilder()
                                .setProxy("gw-7.istio-system")
                                .setReason("refused it")
                                .setServes(42)
                                .addRejections(Rejection.newBuilder()
                                        .setType("LDS")
                                        .setResource("0.0.0.0_443")
                                        .setReason("no TLS certificate")
                                        .addSources(Location.newBuilder()
                                                .setRef(ref())
                                                .setPath("spec.servers[1]")
                                                .setFile("gateway.yaml")
                                                .setLine(15))))
                        .build());

        assertThat(server.run(screen, "apply", "-f", file, "--wait=1s")).isEqualTo(1);

        assertThat(screen.out()).isEqualTo("""
                r1 accepted: Gateway shop/edge created
                waiting: live on 2 of 3 gateways
                  gw-7.istio-system refused it: LDS 0.0.0.0_443: "no TLS certificate"\
                 <- Gateway shop/edge spec.servers[1], gateway.yaml:15
                """);
        assertThat(screen.err())
                .isEqualTo("error: not live everywhere after 38 ms. gw-7.istio-system keeps r42."
                        + " See: sallyport proxy-status gw-7.istio-system\n");
    }

    @Test
    void jsonIsTheResponseAndWhereItIsLive() {
        server.proxies().answerWait(waitAnswer(1, 1).setDone(true).build());

        assertThat(server.run(screen, "apply", "-f", file, "--wait", "-o", "json"))
                .isEqualTo(0);

        var json = JsonParser.parseString(screen.out()).getAsJsonObject();
        assertThat(json.get("revision").getAsString()).isEqualTo("1");
        assertThat(json.getAsJsonObject("live").get("total").getAsInt()).isEqualTo(1);
    }

    @Test
    void deletingByNameIsARevisionToo() {
        server.run(new FakeTerminal(), "apply", "-f", file);

        assertThat(server.run(screen, "delete", "gw", "edge", "-n", "shop")).isEqualTo(0);

        assertThat(screen.out()).isEqualTo("r2 accepted: Gateway shop/edge deleted\n");
    }

    @Test
    void deletingWhatDoesNotExistIsAnErrorUnlessToldOtherwise() {
        server.run(new FakeTerminal(), "apply", "-f", file);

        assertThat(server.run(screen, "delete", "gw", "edge", "other", "-n", "shop"))
                .isEqualTo(1);
        assertThat(screen.out()).isEqualTo("r2 accepted: Gateway shop/edge deleted, 1 unchanged\n");
        assertThat(screen.err())
                .isEqualTo(
                        "error: Gateway shop/other does not exist (expected: an object of r2, or --ignore-not-found)\n");

        var again = new FakeTerminal();
        assertThat(server.run(again, "delete", "gw", "edge", "-n", "shop")).isEqualTo(1);
        assertThat(again.out()).isEmpty();
        assertThat(server.run(new FakeTerminal(), "delete", "gw", "edge", "-n", "shop", "--ignore-not-found"))
                .isEqualTo(0);
    }

    @Test
    void deletingByFileTakesTheNamesInIt() {
        server.run(new FakeTerminal(), "apply", "-f", file);

        assertThat(server.run(screen, "delete", "-f", file)).isEqualTo(0);

        assertThat(server.config().objects()).isEmpty();
    }

    @Test
    void historySaysWhoDidWhatAndWhy() {
        server.run(new FakeTerminal(), "apply", "-f", file, "-m", "go");

        server.run(screen, "history", "gw", "shop/edge");

        assertThat(screen.out()).isEqualTo("""
                        REVISION   WHEN                   WHO         WHAT                        WHY
                        r1         2026-01-02T03:04:05Z   api token   Gateway shop/edge created   go
                        """);
    }

    private static ResourceRef ref() {
        return ResourceRef.newBuilder()
                .setKind("Gateway")
                .setNamespace("shop")
                .setName("edge")
                .build();
    }

    private static AwaitLiveResponse.Builder waitAnswer(int live, int total) {
        return AwaitLiveResponse.newBuilder()
                .setLive(live)
                .setTotal(total)
                .setElapsed(Duration.newBuilder().setNanos(38_000_000));
    }
}
