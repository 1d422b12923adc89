package io.sallyport.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.egress.v1.AuditRequest;
import io.sallyport.proto.egress.v1.Client;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.Protocol;
import io.sallyport.proto.egress.v1.Seen;
import io.sallyport.proto.egress.v1.Way;
import io.sallyport.testkit.net.EchoServer;
import io.sallyport.testkit.net.HttpClient;
import io.sallyport.testkit.net.LineServer;
import io.sallyport.testkit.stack.FreePorts;
import io.sallyport.testkit.stack.Sallyport;
import io.sallyport.testkit.stack.Shell;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What a client was seen to ask for becomes the little that it may ask for: learned from real access logs, accepted in
/// one revision, held by a real Envoy. Names below `localhost` are looked up like any, and lead to this machine.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("B6")
class EgressLearningTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int HANG_MILLIS = 20_000;
    private static final int HOSTS = 8;

    private final HttpClient client = new HttpClient();
    private final List<EchoServer> servers = new ArrayList<>();
    private final List<LineServer> lines = new ArrayList<>();
    private Sallyport up;
    private int door;

    /// A URL that the command line takes, and how it is asked for here.
    private record Ask(String scheme, String host, int port) {}

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        for (int i = 0; i < 2; i++) {
            servers.add(new EchoServer("http" + i));
            lines.add(new LineServer("lines" + i));
        }
        door = FreePorts.take(1).getFirst();
        var directory = Files.createDirectories(scratch.resolve("config"));
        Files.writeString(directory.resolve("sallyport.yaml"), """
                mesh: {enableEnvoyAccessLogService: true}
                proxies:
                - {name: sleep, namespace: default, labels: {app: sleep}, kind: sidecar, listen: {http-proxy: %d}}
                """.formatted(door));
        up = Sallyport.up(directory, scratch.resolve("data"));
    }

    @AfterAll
    void stop() throws IOException {
        client.close();
        if (up != null) {
            up.close();
        }
        servers.forEach(EchoServer::close);
        for (var server : lines) {
            server.close();
        }
    }

    @Test
    void whatWasSeenIsAllThatIsLetOutAfterwards() throws IOException {
        var wanted = wanted();
        for (var ask : wanted) {
            assertThat(met(ask)).as("before, %s", ask).isEqualTo("out");
        }
        await("a row of each").atMost(PATIENCE).until(() -> seen().size() >= wanted.size());
        assertThat(seen()).hasSize(20).allSatisfy(row -> {
            assertThat(row.getVerdict().getByDefault()).isTrue();
            assertThat(row.getBlocked()).isZero();
        });

        assertThat(up.shell().run("egress", "audit").out())
                .contains("http://h0.localhost:")
                .contains("direct, by default; REGISTRY_ONLY would block it");

        var before = up.config().status(StatusRequest.getDefaultInstance());
        var accepted = up.shell().run("egress", "suggest", "--accept", "-o", "json");
        assertThat(accepted.out()).as(accepted.err()).contains("CREATED");
        long revision = JsonParser.parseString(accepted.out())
                .getAsJsonObject()
                .get("revision")
                .getAsLong();
        assertThat(revision).isEqualTo(before.getRevision() + 1);
        assertThat(up.awaitLive(revision).getLive()).isEqualTo(1);

        for (var ask : wanted) {
            assertThat(met(ask)).as("after, %s", ask).isEqualTo("out").isEqualTo(predicted(ask));
        }
        for (var ask : others()) {
            assertThat(met(ask)).as("after, %s", ask).isIn("502", "403").isEqualTo(predicted(ask));
        }
        await("rows of what was blocked")
                .atMost(PATIENCE)
                .until(() -> seen().stream().filter(row -> row.getBlocked() > 0).count() == others().size());
    }

    @Test
    void aDoorThatAClientLacksIsNamedWithItsSetting() {
        assertThat(check("default/sleep", "redirected").err())
                .contains("client \"default/sleep\" has no port that takes redirected connections")
                .contains("listen: {outbound: PORT}");
        assertThat(check("default/sleep", "port").err()).contains("listen: {81: PORT}");
        assertThat(check("shop", "proxy").err())
                .contains("client \"shop\" has no port that takes HTTP_PROXY", "listen: {http-proxy: PORT}");
    }

    private Shell.Answer check(String client, String door) {
        return up.shell().run("egress", "check", "--from", client, "--by", door, "http://h0.localhost:81");
    }

    // 16 for HTTP and 4 tunnels.
    private List<Ask> wanted() {
        var wanted = new ArrayList<Ask>();
        for (int i = 0; i < HOSTS; i++) {
            for (var server : servers) {
                wanted.add(new Ask("http", "h" + i + ".localhost", server.port()));
            }
        }
        for (int i = 0; i < 2; i++) {
            for (var server : lines) {
                wanted.add(new Ask("tcp", "t" + i + ".localhost", server.port()));
            }
        }
        return wanted;
    }

    private List<Ask> others() {
        return List.of(
                new Ask("http", "other.localhost", servers.getFirst().port()),
                new Ask("http", "t0.localhost", servers.getLast().port()),
                new Ask("http", "h0.localhost", 81),
                new Ask("tcp", "other.localhost", lines.getFirst().port()),
                new Ask("tcp", "h0.localhost", lines.getLast().port()));
    }

    private String met(Ask ask) throws IOException {
        return ask.scheme().equals("http") ? http(ask) : tunnel(ask);
    }

    private String http(Ask ask) throws IOException {
        var host = ask.host() + ":" + ask.port();
        var reply = client.send(
                door,
                HttpClient.Version.HTTP_1_1,
                new HttpClient.Call("GET", host, "http://" + host + "/", Map.of(), ""));
        return reply.status() == 200 ? "out" : String.valueOf(reply.status());
    }

    private String tunnel(Ask ask) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), door)) {
            socket.setSoTimeout(HANG_MILLIS);
            var reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            var host = ask.host() + ":" + ask.port();
            socket.getOutputStream()
                    .write("CONNECT %1$s HTTP/1.1\r\nHost: %1$s\r\n\r\n"
                            .formatted(host)
                            .getBytes(StandardCharsets.UTF_8));
            var status = String.valueOf(reader.readLine());
            if (!status.contains(" 200")) {
                return status.split(" ", -1)[1];
            }
            for (var line = reader.readLine(); line != null && !line.isEmpty(); ) {
                line = reader.readLine();
            }
            return String.valueOf(reader.readLine()).startsWith("lines") ? "out" : "closed";
        }
    }

    private String predicted(Ask ask) {
        var request = EvaluateRequest.newBuilder()
                .setClient(Client.newBuilder().setNamespace("default").setName("sleep"))
                .setHost(ask.host())
                .setPort(ask.port())
                .setProtocol(ask.scheme().equals("http") ? Protocol.HTTP : Protocol.TCP)
                .build();
        var verdict = up.egress().evaluate(request).getVerdict();
        return verdict.getWay() == Way.BLOCKED
                ? String.valueOf(verdict.getSymptom().getStatus())
                : "out";
    }

    private List<Seen> seen() {
        return up.egress().audit(AuditRequest.getDefaultInstance()).getSeenList();
    }
}
