package io.sallyport.accesslog.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.common.collect.ImmutableList;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.sallyport.accesslog.api.AccessLogApi;
import io.sallyport.accesslog.ingest.ForwardingStore;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.Sql;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.ExportResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogServletTest {

    private static final String ALL = LogServer.ALL;
    private static final String PAY = LogServer.PAY;
    private static final Path OPEN_API = Path.of("../docs/reference/accesslog-openapi.json");
    private static final int COUNT = LogServer.COUNT;

    @TempDir
    static Path folder;

    private static LogServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new LogServer("log-servlet", folder, UnaryOperator.identity());
    }

    @AfterAll
    static void stop() throws Exception {
        server.stop();
    }

    @Test
    void getAndPostAskTheSame() throws Exception {
        var get = get(ALL, "search?filter=" + encoded("response.code >= 500") + "&limit=1000");
        var post = post(ALL, "search", "{\"scope\": {\"filter\": \"response.code >= 500\"}, \"limit\": 1000}");

        assertThat(get.statusCode()).isEqualTo(200);
        assertThat(post.body()).isEqualTo(get.body());
        var expected = Rows.many(COUNT, 5).stream()
                .filter(row -> row.getResponseCode() >= 500)
                .count();
        assertThat(json(get).getAsJsonArray("rows")).hasSize((int) expected);
    }

    @Test
    @Tag("V20")
    void callersSeeTheRowsOfTheirNamespacesAlone() throws Exception {
        var all = json(get(ALL, "top?attribute=namespace")).getAsJsonArray("values");
        var some = json(get(PAY, "top?attribute=namespace&filter=" + encoded("namespace == \"shop\" || true")))
                .getAsJsonArray("values");

        assertThat(values(all)).containsExactlyInAnyOrder("pay", "shop");
        assertThat(values(some)).containsExactly("pay");
        assertThat(json(get(PAY, "request?request_id=" + idOf("shop")))
                        .get("code")
                        .getAsString())
                .isEqualTo("NOT_FOUND");
        var exported = get(PAY, "export?format=CSV").body();
        assertThat(exported.lines().skip(1)).isNotEmpty().allMatch(line -> line.contains(",pay,"));
    }

    @Test
    @Tag("V20")
    void nobodyWithoutATokenOfACallerIsAnswered() throws Exception {
        assertThat(get("wrong", "search").statusCode()).isEqualTo(401);
        assertThat(get("", "tail").statusCode()).isEqualTo(401);
        assertThat(json(get("wrong", "search")).get("code").getAsString()).isEqualTo("UNAUTHENTICATED");
    }

    @Test
    @Tag("V21")
    void aQuestionThatIsWrongNamesItsPart() throws Exception {
        var filter = get(ALL, "search?filter=" + encoded("response.code >="));
        var parameter = get(ALL, "search?fliter=x");
        var body = post(ALL, "search", "{\"scope\": 7}");
        var method = get(ALL, "drop");

        assertThat(filter.statusCode()).isEqualTo(400);
        assertThat(filter.body()).contains("the filter ends here");
        assertThat(parameter.statusCode()).isEqualTo(400);
        assertThat(parameter.body()).contains("\\\"fliter\\\"").contains("filter, from, limit");
        assertThat(get(ALL, "search?from=yesterday").body())
                .contains("parameter \\\"from\\\": \\\"yesterday\\\" (expected: a time, like 2026-11-21T10:00:00Z)");
        assertThat(get(ALL, "compare?before.to=x").body()).contains("parameter \\\"before.to\\\"");
        assertThat(get(ALL, "search?limit=x").body()).contains("parameter \\\"limit\\\"", "expected: a whole number");
        assertThat(get(ALL, "percentiles?quantiles=0.5&quantiles=x").body())
                .contains("parameter \\\"quantiles\\\"", "expected: a number");
        assertThat(get(ALL, "export?format=xml").body()).contains("one of JSON_LINES, CSV, PARQUET");
        assertThat(get(ALL, "histogram?step=-1s").body())
                .contains("step -1 s and 0 ns (expected: a millisecond or more, or none)");
        assertThat(get(ALL, "histogram?step=0.0000001s").body()).contains("step 0 s and 100 ns (expected: ");
        assertThat(get(ALL, "histogram?step=0s").statusCode()).isEqualTo(200);
        assertThat(get(ALL, "top").body()).contains("no attribute is named (expected: one, like ");
        assertThat(post(ALL, "search", "{").body()).contains("End of input").doesNotContain("Exception");
        assertThat(body.statusCode()).isEqualTo(400);
        assertThat(body.body()).contains("expected: SearchRequest as proto3 JSON");
        assertThat(method.statusCode()).isEqualTo(404);
        assertThat(get(ALL, "top?attribute=request.host&limit=5000").statusCode())
                .isEqualTo(400);
        assertThat(post(ALL, "search", " ".repeat((1 << 20) + 1)).statusCode()).isEqualTo(413);
        assertThat(post(ALL, "search?limit=3", "{}").body()).contains("a POST with parameters (expected: all of");
    }

    @Test
    void linesOfJsonAndOfCsvHoldTheSameRows() throws Exception {
        var lines = get(ALL, "export?format=JSON_LINES&filter=" + encoded("response.code == 0"));
        var table = get(ALL, "export?format=CSV&filter=" + encoded("response.code == 0"));

        assertThat(lines.headers().firstValue("content-type")).contains("application/x-ndjson");
        assertThat(table.headers().firstValue("content-type").orElse("")).startsWith("text/csv");
        var ids = lines.body()
                .lines()
                .map(line -> JsonParser.parseString(line)
                        .getAsJsonObject()
                        .getAsJsonObject("entry")
                        .get("requestId")
                        .getAsString())
                .toList();
        var heading = List.of(table.body().lines().findFirst().orElseThrow().split(",", -1));
        assertThat(heading).contains("request.id", "config.revision", "request.duration_micros", "partition", "offset");
        assertThat(ids).isNotEmpty();
        var rows = table.body().lines().skip(1).toList();
        assertThat(rows).hasSize(ids.size());
        for (var i = 0; i < ids.size(); i++) {
            assertThat(rows.get(i)).contains("," + ids.get(i) + ",");
        }
    }

    @Test
    void aParquetFileIsReadByAnotherDuckDb(@TempDir Path elsewhere) throws Exception {
        var file = elsewhere.resolve("rows.parquet");
        var path = "export?format=PARQUET&filter=" + encoded("response.code >= 500 && request.host != \"x'\\\"\"");
        var answer = LogServer.CLIENT.send(server.request(PAY, path).build(), BodyHandlers.ofFile(file));

        assertThat(answer.headers().firstValue("content-type")).contains("application/vnd.apache.parquet");
        try (var other = DriverManager.getConnection("jdbc:duckdb:");
                var statement = other.createStatement();
                var found = statement.executeQuery(
                        "SELECT count(*), min(response_code), count(DISTINCT namespace) FROM '" + file + "'")) {
            assertThat(found.next()).isTrue();
            assertThat(found.getLong(1))
                    .isEqualTo(Rows.many(COUNT, 5).stream()
                            .filter(row -> row.getResponseCode() >= 500
                                    && row.getNamespace().equals("pay"))
                            .count());
            assertThat(found.getLong(2)).isGreaterThanOrEqualTo(500);
            assertThat(found.getLong(3)).isEqualTo(1);
        }
        try (var left = Files.list(folder.resolve("exports"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void twoRevisionsStandSideBySide() throws Exception {
        var answer = json(get(
                ALL,
                // What a comment says does not count.
                "compare?before.revision=1&before.filter=" + encoded("true // all") + "&after.revision=2"));

        var rows = Rows.many(COUNT, 5);
        for (var side : Map.of("before", 1L, "after", 2L).entrySet()) {
            var total = answer.getAsJsonObject(side.getKey());
            assertThat(total.get("count").getAsLong())
                    .isEqualTo(rows.stream()
                            .filter(row -> row.getRevision() == side.getValue())
                            .count());
        }
        assertThat(answer.getAsJsonArray("lines")).isNotEmpty();
        assertThat(answer.getAsJsonObject("beforeCoverage").get("stored").getAsInt())
                .isEqualTo(COUNT);
        assertThat(answer.getAsJsonObject("afterCoverage").get("stored").getAsInt())
                .isEqualTo(COUNT);
    }

    @Test
    void aRevisionIsOneOfThoseThatThereCanBe() throws Exception {
        assertThat(get(ALL, "compare?before.revision=-1").body())
                .contains("before: revision -1 (expected: 1 or more, or none)");
        assertThat(get(ALL, "search?revision=0").body()).contains("revision 0 (expected: 1 or more, or none)");
        assertThat(get(ALL, "search?revision=x").body()).contains("parameter \\\"revision\\\"", "a whole number");
        assertThat(get(ALL, "request?request_id=" + idOf("shop") + "&revision=1")
                        .body())
                .contains("no filter and no revision");
    }

    @Test
    void theLongestTimeEndsNow() throws Exception {
        var now = Rows.START.plusSeconds(600);
        var begin = "from=" + now.minus(Duration.ofDays(31));

        assertThat(get(ALL, "top?attribute=request.host&" + begin).statusCode()).isEqualTo(200);
        assertThat(get(ALL, "top?attribute=request.host&approximate=true&" + begin)
                        .statusCode())
                .isEqualTo(200);
        assertThat(get(ALL, "top?attribute=request.host&from=" + now.minus(Duration.ofDays(32)))
                        .body())
                .contains("expected: at most 31 days");
    }

    @Test
    void aLimitOfAnExportIsNoError() throws Exception {
        assertThat(get(ALL, "export?limit=3").body().lines()).hasSize(3);
        assertThat(get(ALL, "export?format=CSV&limit=3").body().lines()).hasSize(4);
    }

    @Test
    void rowsAreFollowedAsTheyAreStored() throws Exception {
        var lines = new LinkedBlockingQueue<String>();
        var request = server.request(PAY, "tail?filter=" + encoded("response.code == 418"));
        var answer = LogServer.CLIENT.sendAsync(request.build(), BodyHandlers.fromLineSubscriber(new LineQueue(lines)));
        // The first comment says that rows are being followed.
        assertThat(lines.poll(30, TimeUnit.SECONDS)).isEqualTo(":");

        server.tails()
                .stored(List.of(
                        new KafkaRow(
                                0,
                                1,
                                Rows.row(Rows.START, "other")
                                        .setResponseCode(200)
                                        .setNamespace("pay")
                                        .build()),
                        new KafkaRow(
                                0,
                                2,
                                Rows.row(Rows.START, "foreign")
                                        .setResponseCode(418)
                                        .build()),
                        new KafkaRow(
                                0,
                                3,
                                Rows.row(Rows.START, "mine")
                                        .setResponseCode(418)
                                        .setNamespace("pay")
                                        .build())));

        var seen = new ArrayList<String>();
        while (seen.stream().noneMatch(line -> line.startsWith("data: "))) {
            var line = lines.poll(30, TimeUnit.SECONDS);
            assertThat(line).as("after " + seen).isNotNull();
            seen.add(line);
        }
        assertThat(seen).contains("event: row");
        assertThat(seen.getLast()).contains("\"requestId\":\"mine\"");
        answer.cancel(true);
    }

    @Test
    void anAnswerSaysWhetherItComesFromRollupsAndHowFarItMayBeOff() throws Exception {
        var counts = json(get(ALL, "histogram?step=60s"));
        var exact = json(get(ALL, "top?attribute=request.host"));
        var near = json(get(ALL, "top?attribute=request.host&approximate=true"));
        var latency = json(get(ALL, "percentiles?by=request.host&approximate=true"));
        var mine = json(get(PAY, "top?attribute=request.host&approximate=true"));
        var filtered = json(get(ALL, "top?attribute=request.host&approximate=true&filter=true"));

        assertThat(answered(counts)).isEqualTo("{\"source\":\"ROLLUP\"}");
        assertThat(answered(exact)).isEqualTo("{\"source\":\"ROWS\"}").isEqualTo(answered(filtered));
        assertThat(answered(near))
                .isEqualTo("{\"source\":\"ROLLUP\",\"relativeError\":0.01}")
                .isEqualTo(answered(latency));
        assertThat(near.get("total")).isEqualTo(exact.get("total"));
        assertThat(values(near.getAsJsonArray("values"))).isEqualTo(values(exact.getAsJsonArray("values")));
        assertThat(mine.get("total"))
                .isEqualTo(json(get(PAY, "top?attribute=request.host")).get("total"));
    }

    private static String answered(JsonObject answer) {
        return answer.getAsJsonObject("answered").toString();
    }

    @Test
    void theDocumentIsTheOneInTheReference() throws Exception {
        var served = get(ALL, "openapi.json").body();

        if (Boolean.getBoolean("sallyport.golden")) {
            Files.writeString(OPEN_API, served);
        }
        assertThat(served).isEqualTo(Files.readString(OPEN_API));
    }

    private static List<String> values(Iterable<JsonElement> groups) {
        var values = new ArrayList<String>();
        groups.forEach(group -> values.add(group.getAsJsonObject().get("value").getAsString()));
        return values;
    }

    private static String idOf(String namespace) {
        return Rows.many(COUNT, 5).stream()
                .filter(row -> row.getNamespace().equals(namespace))
                .findFirst()
                .orElseThrow()
                .getRequestId();
    }

    private static JsonObject json(HttpResponse<String> response) {
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    @Test
    @Tag("H75")
    void whoSendsSlowlyTakesNoThreadFromOthers() throws Exception {
        var slow = new ArrayList<Socket>();
        try {
            // As many as are read at once, and some; no more of their bodies ever comes.
            for (int i = 0; i < 70; i++) {
                var socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
                slow.add(socket);
                socket.getOutputStream()
                        .write("POST /accesslog/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
                                .getBytes(StandardCharsets.US_ASCII));
            }
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> post(ALL, "search", "{}"), answer -> answer.statusCode() == 429);

            assertThat(get(ALL, "search").statusCode()).isEqualTo(200);
            assertThat(post(ALL, "search", "{}").body()).contains("too many bodies at once (expected: later");
        } finally {
            for (var socket : slow) {
                socket.close();
            }
        }
        await().atMost(Duration.ofMinutes(1))
                .until(() -> post(ALL, "search", "{}"), answer -> answer.statusCode() == 200);
    }

    @Test
    @Tag("H75")
    void bodyThatBreaksOffIsAMistakeOfItsSender() throws Exception {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write("POST /accesslog/v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
                            .getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();

            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 400 ")
                    .contains("the body broke off (expected: all of it)");
        }
    }

    private static HttpResponse<String> get(String token, String path) throws IOException, InterruptedException {
        return server.get(token, path);
    }

    private static HttpResponse<String> post(String token, String path, String body)
            throws IOException, InterruptedException {
        return server.post(token, path, body);
    }

    private static String encoded(String text) {
        return LogServer.encoded(text);
    }

    @Test
    void anExportEndsWhenItsReaderHasGone(@TempDir Path elsewhere) throws Exception {
        var stopped = new CountDownLatch(1);
        var endless = new LogServer("endless", elsewhere, store -> new EndlessStore(store, stopped));
        try {
            var answer = LogServer.CLIENT.send(endless.request(ALL, "export").build(), BodyHandlers.ofInputStream());
            assertThat(answer.body().readNBytes(100_000)).hasSize(100_000);

            answer.body().close();

            assertThat(stopped.await(1, TimeUnit.MINUTES)).isTrue();
        } finally {
            endless.stop();
        }
    }

    /// Exports its first row for ever, until nobody wants any more.
    private static final class EndlessStore extends ForwardingStore {

        private final CountDownLatch stopped;

        EndlessStore(LogStore real, CountDownLatch stopped) {
            super(real);
            this.stopped = stopped;
        }

        @Override
        public void read(Sql sql, ReadBounds bounds, RowVisitor visitor) throws StoreException, BoundExceededException {
            if (bounds.rows() < AccessLogApi.MAX_EXPORT) {
                super.read(sql, bounds, visitor);
                return;
            }
            var row = new ArrayList<Object>();
            super.read(sql, bounds, row::addAll);
            var first = List.copyOf(row.subList(0, row.size() / COUNT));
            while (visitor.row(first)) {
                // The next one.
            }
            stopped.countDown();
        }
    }

    @Test
    @Tag("B9")
    void anExportOverGrpcEndsWithItsCoverage() {
        var pieces = ImmutableList.copyOf(AccessLogServiceGrpc.newBlockingStub(server.channel(ALL))
                .export(ExportRequest.newBuilder().setLimit(3).build()));

        assertThat(pieces).hasSizeGreaterThan(1);
        assertThat(pieces.getLast().hasCoverage()).isTrue();
        assertThat(pieces.subList(0, pieces.size() - 1)).noneMatch(ExportResponse::hasCoverage);
    }

    @Test
    void aLongMistakeIsStillSaid() throws Exception {
        var answer = post(ALL, "top", "{\"attribute\": \"" + "a".repeat(100_000) + "\"}");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body())
                .hasSizeLessThan(2_000)
                .contains("attribute \\\"aaa", " … ", "does not exist (expected:");
    }

    @Test
    void aSideOfAComparisonIsNamed() throws Exception {
        assertThat(get(ALL, "compare?after.filter=x").body()).contains("\"after: filter, line 1, column 1: ");
        assertThat(get(ALL, "compare?before.revision=-2").body()).contains("\"before: revision -2");
    }

    /// Gives lines to whoever waits for them.
    private record LineQueue(LinkedBlockingQueue<String> lines)
            implements java.util.concurrent.Flow.Subscriber<String> {

        @Override
        public void onSubscribe(java.util.concurrent.Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(String line) {
            lines.add(line);
        }

        @Override
        public void onError(Throwable failure) {
            lines.add("failed: " + failure);
        }

        @Override
        public void onComplete() {
            lines.add("complete");
        }
    }
}
