package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonParser;
import com.google.protobuf.util.Timestamps;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.accesslog.v3.AccessLogServiceGrpc;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.stub.StreamObserver;
import io.sallyport.runtime.rpc.Channels;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `sallyport service accesslog` as a process of its own: from a stream like Envoy's to an answer over HTTP.
@Tag("process")
class AccessLogAloneTest {

    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String SHOP = "shop-0123456789abcdef0123456789abcdef";

    @TempDir
    Path folder;

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    @Test
    @Tag("F11")
    @Tag("V20")
    void whatItTookIsThereAfterAKillAndEachCallerSeesTheirOwn() throws Exception {
        Files.writeString(folder.resolve("shop.token"), SHOP + "\n");
        Files.writeString(folder.resolve("accesslog.yaml"), """
                als: 127.0.0.1:0
                grpc: 127.0.0.1:0
                http: 127.0.0.1:0
                data: %s
                tokenFile: %s
                callers: [{tokenFile: %s, namespaces: [shop]}]
                sampling: {share: 1.0, slow: PT1S}
                privacy: {rules: [{attribute: source.address, action: MASK}]}
                """.formatted(
                        folder.resolve("data"), folder.resolve("token"), folder.resolve("shop.token")));
        try (var first = service()) {
            var doors = first.await(line -> line.contains("als "));
            send(port(doors, "als"), "VirtualService shop/cart", 3);
            send(port(doors, "als"), "VirtualService pay/pay", 4);
            var all = Files.readString(folder.resolve("token")).strip();
            await().atMost(PATIENCE).until(() -> rows(port(doors, "http"), all) == 7);
            assertThat(rows(port(doors, "http"), SHOP)).isEqualTo(3);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(metrics(port(doors, "http")))
                            .contains(
                                    "sallyport_accesslog_ready 1.0\n",
                                    "sallyport_accesslog_rows_received_total 7.0\n",
                                    "sallyport_accesslog_rows_queued_total 7.0\n",
                                    "sallyport_accesslog_rows_stored_total 7.0\n",
                                    "sallyport_accesslog_rows_waiting 0.0\n",
                                    "sallyport_accesslog_spool_rows 0.0\n",
                                    "sallyport_accesslog_streams 0.0\n",
                                    "sallyport_accesslog_rows_unreadable_total 0.0\n"));
            first.kill();
            first.awaitEnd();
        }
        try (var second = service()) {
            var doors = second.await(line -> line.contains("als "));
            send(port(doors, "als"), "VirtualService shop/cart", 2);
            await().atMost(PATIENCE).until(() -> rows(port(doors, "http"), SHOP) == 5);
        }
    }

    private UpProcess service() throws IOException {
        return UpProcess.run(
                "service",
                "accesslog",
                "--config",
                folder.resolve("accesslog.yaml").toString());
    }

    // "Sallyport accesslog · als 127.0.0.1:1 · api 127.0.0.1:2 · http 127.0.0.1:3"
    private static int port(String doors, String name) {
        var from = doors.indexOf(name + " 127.0.0.1:") + name.length() + " 127.0.0.1:".length();
        var end = doors.indexOf(' ', from);
        return Integer.parseInt(end < 0 ? doors.substring(from) : doors.substring(from, end));
    }

    private String metrics(int port) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                .timeout(Duration.ofSeconds(30))
                .build();
        return client.send(request, BodyHandlers.ofString()).body();
    }

    private long rows(int port, String token) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/accesslog/v1/search"))
                .timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + token)
                .build();
        var answer = client.send(request, BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            return -1;
        }
        var rows = JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonArray("rows");
        return rows == null ? 0 : rows.size();
    }

    private static void send(int port, String object, int times) throws InterruptedException {
        var channel = Channels.to("127.0.0.1", port);
        try {
            var message = StreamAccessLogsMessage.newBuilder();
            message.getIdentifierBuilder()
                    .setNode(Node.newBuilder().setId("router~10.0.0.1~edge.istio-system~cluster.local"));
            for (var i = 0; i < times; i++) {
                message.getHttpLogsBuilder()
                        .addLogEntryBuilder()
                        .getCommonPropertiesBuilder()
                        .setStartTime(
                                Timestamps.fromMillis(InstantSource.system().millis()))
                        .putCustomTags("sallyport.object", object);
            }
            var end = new CountDownLatch(1);
            var stream = AccessLogServiceGrpc.newStub(channel).streamAccessLogs(new End(end));
            stream.onNext(message.build());
            stream.onCompleted();
            assertThat(end.await(60, TimeUnit.SECONDS)).as("the stream ends").isTrue();
        } finally {
            channel.shutdownNow();
        }
    }

    /// Waits for the end of a stream.
    private record End(CountDownLatch end) implements StreamObserver<StreamAccessLogsResponse> {

        @Override
        public void onNext(StreamAccessLogsResponse response) {
            // Says nothing.
        }

        @Override
        public void onError(Throwable failure) {
            // Then it never ends, which the wait tells.
        }

        @Override
        public void onCompleted() {
            end.countDown();
        }
    }
}
