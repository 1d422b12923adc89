package io.sallyport.accesslog.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.query.CelReader;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.receive.Intake;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.Proxy;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import io.sallyport.proto.accesslog.v1.Coverage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("B9")
class CompletenessTest {

    private static final Proxy EDGE = new Proxy("istio-system", "edge-1");
    private static final long FROM = Rows.START.getEpochSecond() * 1_000_000;
    private static final long TO = FROM + 60_000_000L;

    @TempDir
    Path folder;

    private static AccessLogEntry.Builder row(int i) {
        return Rows.row(Rows.START, "r" + i);
    }

    @Test
    @Tag("H89")
    void whatWasLostInKafkaIsLostAndNoMoreOnItsWay() throws Exception {
        var ledger = new Ledger();
        // The spool has no room for the last one.
        var intake = new Intake((_, rows) -> rows.size() - 1, ledger, () -> Rows.START);
        intake.take(EDGE, IntStream.range(0, 11).mapToObj(CompletenessTest::row).toList());
        try (var store = DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC)) {
            var stored = IntStream.range(0, 6)
                    .mapToObj(i -> new KafkaRow(0, i, row(i).build()))
                    .toList();
            store.append(KafkaSettings.TOPIC, stored, Map.of(0, 9L));
            ledger.lostInKafka("rows-0", Rows.START.getEpochSecond(), "corrupt_in_kafka", 3);
            var completeness = new Completeness(ledger, new Questions(store));

            assertThat(completeness.coverage(new Selection(new CelReader().read(""), FROM, TO, Optional.empty())))
                    .isEqualTo(Coverage.newBuilder()
                            .setStored(6)
                            .setPending(1)
                            .putLost("spool_full", 1)
                            .putLost("corrupt_in_kafka", 3)
                            .build());
            assertThat(completeness.lines(FROM, TO).getTotalsList())
                    .extracting(
                            CompletenessResponse.Line::getProxy,
                            CompletenessResponse.Line::getReceived,
                            CompletenessResponse.Line::getLostMap)
                    .containsExactlyInAnyOrderElementsOf(List.of(
                            org.assertj.core.groups.Tuple.tuple("edge-1", 11L, Map.of("spool_full", 1L)),
                            org.assertj.core.groups.Tuple.tuple("kafka rows-0", 0L, Map.of("corrupt_in_kafka", 3L))));
        }
    }

    @Test
    void requestsThatNoLogToldOfAreCountedByTheirProxy() throws Exception {
        var ledger = new Ledger();
        var second = Rows.START.getEpochSecond();
        ledger.told(EDGE, "run", true, second, new Ledger.Totals(0, 0, 12));
        try (var store = DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC)) {
            var completeness = new Completeness(ledger, new Questions(store));
            var all = new Selection(new CelReader().read(""), FROM, TO, Optional.empty());

            assertThat(completeness.coverage(all))
                    .isEqualTo(Coverage.newBuilder().setFiltered(12).build());

            ledger.told(EDGE, "run", true, second + 1, new Ledger.Totals(5, 0, 20));
            assertThat(completeness.coverage(all).getFiltered()).isEqualTo(15);
        }
    }
}
