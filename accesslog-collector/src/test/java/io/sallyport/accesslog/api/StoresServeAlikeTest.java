package io.sallyport.accesslog.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.config.ConfigurationSource;
import io.sallyport.accesslog.config.RuleList;
import io.sallyport.accesslog.query.CelReader;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.storage.ClickHouseStore;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.accesslog.testing.TestClickHouse;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.GetRequestRequest;
import io.sallyport.proto.accesslog.v1.TailRequest;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The same rows in both real engines: revisions and times are compared alike.
class StoresServeAlikeTest {

    private static final int COUNT = 3_000;
    private static final long FROM = Rows.START.getEpochSecond() * 1_000_000;
    private static final long MINUTE = 60_000_000L;

    @TempDir
    static Path folder;

    private static LogStore duck;
    private static LogStore clickHouse;

    @BeforeAll
    static void fill() throws Exception {
        duck = DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC);
        clickHouse = ClickHouseStore.open(TestClickHouse.database(), () -> Rows.START, KafkaSettings.TOPIC);
        var made = Rows.many(COUNT, 23);
        var rows = IntStream.range(0, COUNT)
                .mapToObj(i -> new KafkaRow(0, i, made.get(i)))
                .toList();
        for (var store : List.of(duck, clickHouse)) {
            store.append(KafkaSettings.TOPIC, rows, Map.of(0, (long) COUNT));
        }
    }

    @AfterAll
    static void close() throws Exception {
        duck.close();
        clickHouse.close();
    }

    private static void assertAlike(String filter, Selection before, Selection after) throws Exception {
        for (var by : List.of("request.host", "config.object", "config.rule", "response.code")) {
            var ofDuck = new Comparisons(new Questions(duck))
                    .compare(before, after, by, 50)
                    .build();

            assertThat(ofDuck.getLinesCount()).as(filter + " by " + by).isPositive();
            assertThat(ofDuck.getBefore().getCount() + ofDuck.getAfter().getCount())
                    .isPositive();
            assertThat(new Comparisons(new Questions(clickHouse))
                            .compare(before, after, by, 50)
                            .build())
                    .as(filter + " by " + by)
                    .isEqualTo(ofDuck);
        }
    }

    private static Selection selection(String filter, long from, long to) throws Exception {
        return new Selection(new CelReader().read(filter), from, to, Optional.empty());
    }

    @Test
    void revisionsAreComparedAlike() throws Exception {
        for (var filter : List.of("true", "request.method == \"GET\"", "response.code >= 500")) {
            var to = FROM + 60 * MINUTE;
            assertAlike(
                    filter,
                    selection("config.revision == 1 && (" + filter + ")", FROM, to),
                    selection("config.revision == 2 && (" + filter + ")", FROM, to));
        }
    }

    @Test
    void timesAreComparedAlike() throws Exception {
        var middle = FROM + COUNT / 2 * 10_000L;
        assertAlike("times", selection("true", FROM, middle), selection("true", middle, middle + (middle - FROM)));
    }

    @Test
    void rowsAreFollowedAlike() throws Exception {
        for (var store : List.of(duck, clickHouse)) {
            var tails = new Tails();
            var rules = new RuleList(ConfigurationSource.NONE);
            var api = new AccessLogApi(store, new Ledger(), tails, rules, () -> Rows.START.plusSeconds(600));
            try (var _ = GrpcServer.inProcess("alike").serve(api).start("logs")) {
                var channel = Channels.inProcess("alike");
                var stub = AccessLogServiceGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
                var followed = stub.tail(TailRequest.newBuilder()
                        .setFilter("response.code >= 500")
                        .build());
                assertThat(followed.next().getRowsCount()).isZero();
                var rows = List.of(
                        new KafkaRow(
                                KafkaSettings.TOPIC,
                                1,
                                0,
                                Rows.row(Rows.START, "well").build()),
                        new KafkaRow(
                                KafkaSettings.TOPIC,
                                1,
                                1,
                                Rows.row(Rows.START, "ill").setResponseCode(503).build()));
                store.append(KafkaSettings.TOPIC, rows, Map.of(1, 2L));
                tails.stored(rows);

                var found = stub.getRequest(
                        GetRequestRequest.newBuilder().setRequestId("ill").build());
                assertThat(followed.next().getRowsList())
                        .as(store.getClass().getSimpleName())
                        .containsExactly(found.getRows(0).getRow());
                channel.shutdownNow();
            }
        }
    }
}
