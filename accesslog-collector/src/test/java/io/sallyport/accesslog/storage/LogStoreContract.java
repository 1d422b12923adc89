package io.sallyport.accesslog.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Context;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What every store promises, whichever engine is behind it.
abstract class LogStoreContract {

    private static final LogStore.ReadBounds BOUNDS = new LogStore.ReadBounds(100_000, 30);

    private LogStore store;

    /// Opens the store, which may have been open before.
    abstract LogStore open() throws Exception;

    @BeforeEach
    void openIt() throws Exception {
        store = open();
    }

    @AfterEach
    void closeIt() throws Exception {
        store.close();
    }

    @Test
    void aNewStoreIsEmpty() throws Exception {
        assertThat(store.next(KafkaSettings.TOPIC)).isEmpty();
        assertThat(ids()).isEmpty();
    }

    @Test
    void everyFieldOfARowComesBack() throws Exception {
        var row = AccessLogEntry.newBuilder();
        for (var column : Column.ALL) {
            switch (column.type()) {
                case TEXT, WORDS -> row.setField(column.field(), "'\"\\;-- \u0000 ünï \ud83d\ude00 " + column.name());
                case NUMBER, DURATION ->
                    row.setField(column.field(), (long) column.field().getNumber());
                case REAL -> row.setField(column.field(), 2.5);
                case TIME ->
                    row.getStartTimeBuilder()
                            .setSeconds(Rows.START.getEpochSecond())
                            .setNanos(123_456_000);
                case TEXTS -> {}
            }
        }
        row.putRequestHeaders("x-a", "1")
                .putRequestHeaders("x-'b", "")
                .putResponseHeaders("y", "2")
                .putTags("z", "{\"a\": '\u0000 \\ <ünï> \ud83d\ude00\n\u001f}");
        var stored = row.build();

        store.append(KafkaSettings.TOPIC, List.of(new KafkaRow(0, 5, stored)), Map.of(0, 6L));

        var sql = new Sql("SELECT " + RowReader.COLUMNS + " FROM ", "", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
        var found = new ArrayList<AccessLogEntry>();
        store.read(sql, BOUNDS, values -> found.add(RowReader.entry(values)));
        assertThat(found).containsExactly(stored);
    }

    @Test
    @Tag("V21")
    void whoHasHungUpIsNotAnswered() throws Exception {
        store.append(KafkaSettings.TOPIC, rows(0, 0, 10), Map.of(0, 10L));
        var sql = new Sql("SELECT request_id FROM ", "", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
        try (var call = Context.current().withCancellation()) {
            call.cancel(null);

            call.run(() -> assertThatThrownBy(() -> store.read(sql, BOUNDS, _ -> true))
                    .isInstanceOf(StoreException.class)
                    .hasMessage("question was given up"));
        }
    }

    @Test
    @Tag("F11")
    void aBatchThatIsGivenTwiceIsStoredOnce() throws Exception {
        store.append(KafkaSettings.TOPIC, rows(0, 0, 10), Map.of(0, 10L));
        store.append(KafkaSettings.TOPIC, rows(0, 5, 15), Map.of(0, 15L));
        store.append(KafkaSettings.TOPIC, rows(0, 0, 10), Map.of(0, 10L));
        store.append(KafkaSettings.TOPIC, rows(1, 0, 3), Map.of(1, 3L));

        assertThat(ids()).hasSize(18).doesNotHaveDuplicates();
        assertThat(store.next(KafkaSettings.TOPIC)).containsExactly(Map.entry(0, 15L), Map.entry(1, 3L));
    }

    @Test
    @Tag("F11")
    void whatWasStoredIsThereAfterItWasOpenedAgain() throws Exception {
        store.append(KafkaSettings.TOPIC, rows(0, 0, 10), Map.of(0, 12L));
        store.close();
        store = open();

        assertThat(store.next(KafkaSettings.TOPIC)).containsExactly(Map.entry(0, 12L));
        store.append(KafkaSettings.TOPIC, rows(0, 10, 14), Map.of(0, 14L));
        assertThat(ids()).hasSize(12);
    }

    @Test
    @Tag("F11")
    void aRowThatCameUnderAnotherOffsetIsKnownByItsOrigin() throws Exception {
        store.append(KafkaSettings.TOPIC, List.of(sent(0, 0, 1), sent(0, 1, 2), sent(0, 2, 3)), Map.of(0, 3L));
        store.close();
        store = open();

        store.append(KafkaSettings.TOPIC, List.of(sent(0, 3, 2), sent(0, 4, 3), sent(0, 5, 4)), Map.of(0, 6L));

        assertThat(ids()).containsExactlyInAnyOrder("s1", "s2", "s3", "s4");
        assertThat(store.next(KafkaSettings.TOPIC)).containsEntry(0, 6L);
    }

    @Test
    @Tag("F11")
    void rowsOfTwoTopicsWithTheSameOffsetsAreKeptApart() throws Exception {
        store.append("one", List.of(sent(0, 0, 1), sent(0, 1, 2)), Map.of(0, 2L));
        store.append("two", List.of(sent(0, 0, 1), sent(0, 1, 2), sent(0, 2, 3)), Map.of(0, 3L));
        store.append("two", rows(1, 0, 1), Map.of(1, 1L));
        store.append("one", rows(1, 0, 2), Map.of(1, 2L));
        store.close();
        store = open();
        store.append("one", List.of(sent(0, 0, 1), sent(0, 1, 2), sent(0, 2, 3)), Map.of(0, 3L));

        assertThat(store.next("one")).containsExactly(Map.entry(0, 3L), Map.entry(1, 2L));
        assertThat(store.next("two")).containsExactly(Map.entry(0, 3L), Map.entry(1, 1L));
        assertThat(store.next("three")).isEmpty();
        assertThat(ids()).containsExactlyInAnyOrder("s1", "s2", "s3", "s1", "s2", "s3", "1-0", "1-0", "1-1");
    }

    @Test
    @Tag("H91")
    void whichTopicANameIsIsKept() throws Exception {
        var one = new TopicIdentity("cluster 'a\\", "id-1");
        store.identify("one", one);
        store.close();
        store = open();
        store.identify("two", new TopicIdentity("b", "id-2"));

        assertThat(store.topics())
                .containsExactly(Map.entry("one", one), Map.entry("two", new TopicIdentity("b", "id-2")));
    }

    @Test
    void moreRowsThanMayBeReadIsAnError() throws Exception {
        store.append(KafkaSettings.TOPIC, rows(0, 0, 10), Map.of(0, 10L));
        var sql = new Sql("SELECT request_id FROM ", "", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);

        assertThatThrownBy(() -> store.read(sql, new LogStore.ReadBounds(9, 30), _ -> true))
                .isInstanceOf(BoundExceededException.class)
                .hasMessageContaining("more than 9 rows");
    }

    private static KafkaRow sent(int partition, long offset, long sequence) {
        var origin = Origin.newBuilder().setSpool(-7).setSequence(sequence);
        return new KafkaRow(
                partition,
                offset,
                Rows.row(Rows.START, "s" + sequence).setOrigin(origin).build());
    }

    private static List<KafkaRow> rows(int partition, int from, int to) {
        var rows = new ArrayList<KafkaRow>();
        for (var i = from; i < to; i++) {
            rows.add(new KafkaRow(
                    partition, i, Rows.row(Rows.START, partition + "-" + i).build()));
        }
        return rows;
    }

    private List<String> ids() throws Exception {
        var ids = new ArrayList<String>();
        var sql = new Sql("SELECT request_id FROM ", "", List.of(), Long.MIN_VALUE, Long.MAX_VALUE);
        store.read(sql, BOUNDS, values -> ids.add((String) values.getFirst()));
        return ids;
    }
}
