package io.sallyport.accesslog.receive;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.Timestamps;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.data.accesslog.v3.HTTPAccessLogEntry;
import io.envoyproxy.envoy.data.accesslog.v3.TCPAccessLogEntry;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsMessage;
import io.envoyproxy.envoy.service.accesslog.v3.StreamAccessLogsResponse;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntakeTest {

    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final Node NODE = Node.newBuilder()
            .setId("router~10.0.0.1~edge-1.istio-system~istio-system.svc.cluster.local")
            .setMetadata(Struct.newBuilder()
                    .putFields(
                            "NAMESPACE",
                            Value.newBuilder().setStringValue("istio-system").build()))
            .build();

    private final List<AccessLogEntry> rows = new ArrayList<>();
    private final Ledger ledger = new Ledger();
    private int room = Integer.MAX_VALUE;
    private final Intake intake = new Intake(this::sink, ledger, () -> NOW);

    private int sink(String proxy, List<AccessLogEntry> offered) {
        var taken = Math.min(room, offered.size());
        rows.addAll(offered.subList(0, taken));
        room -= taken;
        return taken;
    }

    @Test
    void onlyTheFirstMessageSaysWhoIsTalking() {
        var stream = new AlsReceiver(intake).streamAccessLogs(new Ignored());
        var http = StreamAccessLogsMessage.newBuilder();
        http.getIdentifierBuilder().setNode(NODE);
        http.getHttpLogsBuilder().addLogEntry(entry("/a"));
        var second = StreamAccessLogsMessage.newBuilder();
        second.getHttpLogsBuilder().addLogEntry(entry("/b")).addLogEntry(entry("/c"));
        var tcp = StreamAccessLogsMessage.newBuilder();
        var connection = TCPAccessLogEntry.newBuilder();
        connection.getConnectionPropertiesBuilder().setReceivedBytes(7).setSentBytes(9);
        connection.getCommonPropertiesBuilder().getResponseFlagsBuilder().setNoRouteFound(true);
        tcp.getTcpLogsBuilder().addLogEntry(connection);

        stream.onNext(http.build());
        stream.onNext(second.build());
        stream.onNext(tcp.build());

        assertThat(rows).extracting(AccessLogEntry::getPath).containsExactly("/a", "/b", "/c", "");
        assertThat(rows).extracting(AccessLogEntry::getProxy).containsOnly("edge-1");
        assertThat(rows).extracting(AccessLogEntry::getProxyNamespace).containsOnly("istio-system");
        assertThat(rows.getLast().getKind()).isEqualTo("tcp");
        assertThat(rows.getLast().getResponseFlagsList()).isEqualTo("NR");
        assertThat(rows.getLast().getResponseBytes()).isEqualTo(9);
    }

    @Test
    void theOwnerOfARowIsTheOwnerOfTheRule() {
        intake.take(new Proxy("istio-system", "edge"), List.of(row("/").setRouteObject("VirtualService shop/cart")));
        intake.take(new Proxy("istio-system", "edge"), List.of(row("/")));

        assertThat(rows).extracting(AccessLogEntry::getNamespace).containsExactly("shop", "istio-system");
    }

    @Test
    void whatTheSpoolDoesNotTakeIsCounted() {
        room = 2;
        var proxy = new Proxy("istio-system", "edge");

        intake.take(proxy, List.of(row("/1"), row("/2"), row("/3"), row("/4"), row("/5")));

        var line = ledger.lines(0, Long.MAX_VALUE).getFirst();
        assertThat(line.received()).isEqualTo(5);
        assertThat(line.lost()).containsEntry(Intake.SPOOL_FULL, 3L);
    }

    @Test
    void valuesOfQueryStringsAndCredentialsAreNotKept() {
        var row = row("/pay?card=4111&x&empty=#frag").setReferer("https://a.test/?token=canary");
        row.putRequestHeaders("Authorization", "canary").putRequestHeaders("x-team", "shop");
        row.putRequestHeaders("cookie", "canary").putResponseHeaders("Set-Cookie", "canary");

        intake.take(new Proxy("a", "b"), List.of(row));

        var kept = rows.getFirst();
        assertThat(kept.getPath()).isEqualTo("/pay?card=&x&empty=");
        assertThat(kept.getRequestHeadersMap()).containsOnlyKeys("x-team");
        assertThat(kept.toString()).doesNotContain("canary").doesNotContain("4111");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[2026-11-21T09:00:00Z] \"GET /pay?card=canary HTTP/1.1\" 200 - via_upst",
                "{\"start_time\": 1, \"path\": \"/pay?card=canary\", \"user_agent\": \"x\"",
                "{\"path\":\"/a?b=can\\\"ary\",\"path\":\"/\"}",
                "10.1.2.3 GET /pay?card=canary&again=canary#canary",
                "GET /x authorization: Bearer canarycanary",
                "GET /x Basic Y2FuYXJ5Y2FuYXJ5==",
                "{\"Cookie\":\"sid=canary; a=canary\", \"set_cookie\" : \"canary\", \"a\": {",
            })
    @Tag("M21")
    void aLineThatCannotBeReadIsKeptWithoutThemToo(String line) {
        intake.take(new Proxy("a", "b"), List.of(LogLines.row(line)));

        assertThat(rows.getFirst().getKind()).isEqualTo("raw");
        assertThat(rows.getFirst().getRawText())
                .isNotEmpty()
                .doesNotContain("canary", "ary", "Y2Fu")
                .startsWith(line.substring(0, 6));
    }

    @Test
    @Tag("M21")
    void aLineThatCanBeReadInTwoWaysIsKeptWithoutThemToo() {
        var line =
                "[2026-11-21T09:00:00.000Z] \"GET /a?token=canary HTTP/1.1\" 200 - via_upstream - \"-\" 0 1 2 3 \"-\""
                        + " \"agent \"quoted\"\" \"id\" \"a.test\" \"-\" - - 10.0.0.1:8443 10.0.0.2:5000 - -";

        intake.take(new Proxy("a", "b"), List.of(LogLines.row(line)));

        assertThat(rows.getFirst().getMarksList()).isEqualTo("ambiguous");
        assertThat(rows.getFirst().getRawText()).isEqualTo(line.replace("canary", ""));
    }

    @Test
    @Tag("M21")
    void headersAndTagsAreKeptWithoutThemWhateverTheyAreCalled() {
        var row = row("/");
        row.putRequestHeaders("x-envoy-original-path", "/a?token=canary&b=canary")
                .putResponseHeaders("location", "https://a.test/?code=canary")
                .putRequestHeaders("x-question", "why? who=me")
                .putTags("req_cookie", "canary")
                .putTags("auth", "Bearer canarycanary");

        intake.take(new Proxy("a", "b"), List.of(row));

        var kept = rows.getFirst();
        assertThat(kept.toString()).doesNotContain("canary");
        assertThat(kept.getRequestHeadersMap())
                .containsEntry("x-envoy-original-path", "/a?token=&b=")
                .containsEntry("x-question", "why? who=me");
        assertThat(kept.getResponseHeadersMap()).containsEntry("location", "https://a.test/?code=");
        assertThat(kept.getTagsMap()).isEmpty();
    }

    @Test
    @Tag("H92")
    void whatIsTooLongIsCutAndSaysSo() {
        var row = row("/" + "x".repeat(1 << 20)).setUserAgent("\ud83d\ude00".repeat(10_000));
        var value = "\u4e2d".repeat(64 << 10);
        for (var i = 0; i < 10_000; i++) {
            row.putRequestHeaders("x-" + i, value);
        }

        intake.take(new Proxy("a", "b"), List.of(row));

        var kept = rows.getFirst();
        assertThat(kept.getMarksList()).isEqualTo("cut");
        assertThat(kept.getPath()).hasSize(8 << 10);
        assertThat(kept.getRequestHeadersMap()).hasSize(48);
        assertThat(kept.getSerializedSize()).isLessThan(1 << 20);
        assertThat(AccessLogEntry.newBuilder(kept).getUserAgent()).endsWith("\ud83d\ude00");
    }

    @Test
    @Tag("H90")
    void aTimeThatLiesAheadIsTheCollectors() {
        var ahead = row("/").setStartTime(
                        Timestamps.fromMillis(NOW.plusSeconds(7_200).toEpochMilli()));

        intake.take(new Proxy("a", "b"), List.of(ahead));

        assertThat(rows.getFirst().getStartTime().getSeconds()).isEqualTo(NOW.getEpochSecond());
        assertThat(rows.getFirst().getMarksList()).isEqualTo("clamped");
    }

    @Test
    @Tag("H65")
    void entriesThatLieAreSetRightAndTheStreamGoesOn() {
        var ended = new ArrayList<Throwable>();
        var stream = new AlsReceiver(intake).streamAccessLogs(new Ignored() {
            @Override
            public void onError(Throwable reason) {
                ended.add(reason);
            }
        });
        var message = StreamAccessLogsMessage.newBuilder();
        message.getIdentifierBuilder().setNode(Node.newBuilder().setId("router~~../../etc/passwd~\0"));
        var logs = message.getHttpLogsBuilder().addLogEntry(HTTPAccessLogEntry.getDefaultInstance());
        for (var seconds : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, 9_224_318_015_999L, -1}) {
            logs.addLogEntry(lying(seconds, seconds));
        }
        logs.addLogEntry(lying(NOW.getEpochSecond(), -5)).addLogEntry(entry("/good"));

        stream.onNext(message.build());
        for (var n = 0; n < 10_000; n++) {
            stream.onNext(StreamAccessLogsMessage.getDefaultInstance());
        }
        var last = StreamAccessLogsMessage.newBuilder();
        last.getHttpLogsBuilder().addLogEntry(entry("/last"));
        stream.onNext(last.build());

        assertThat(ended).isEmpty();
        assertThat(rows).hasSize(8).extracting(AccessLogEntry::getPath).contains("/good", "/last");
        assertThat(rows).allSatisfy(row -> {
            assertThat(Timestamps.isValid(row.getStartTime())).isTrue();
            assertThat(row.getStartTime().getSeconds()).isBetween(0L, NOW.getEpochSecond());
            assertThat(row.getDurationMicros()).isNotNegative();
            assertThat(row.getProxy()).doesNotContain("/").doesNotContain("\0");
        });
    }

    private static HTTPAccessLogEntry lying(long start, long lasted) {
        var entry = HTTPAccessLogEntry.newBuilder();
        var common = entry.getCommonPropertiesBuilder();
        common.getStartTimeBuilder().setSeconds(start).setNanos(-7);
        common.getTimeToLastDownstreamTxByteBuilder().setSeconds(lasted).setNanos(2_000_000_000);
        common.getDurationBuilder().setSeconds(lasted);
        common.getTimeToFirstUpstreamRxByteBuilder().setSeconds(lasted);
        return entry.build();
    }

    private static AccessLogEntry.Builder row(String path) {
        return AccessLogEntry.newBuilder()
                .setKind("http")
                .setWeight(1)
                .setPath(path)
                .setStartTime(Timestamps.fromMillis(NOW.toEpochMilli()));
    }

    private static HTTPAccessLogEntry entry(String path) {
        var entry = HTTPAccessLogEntry.newBuilder();
        entry.getCommonPropertiesBuilder().setStartTime(Timestamps.fromMillis(NOW.toEpochMilli()));
        entry.getRequestBuilder().setPath(path);
        return entry.build();
    }

    private static class Ignored implements StreamObserver<StreamAccessLogsResponse> {
        @Override
        public void onNext(StreamAccessLogsResponse value) {}

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {}
    }
}
