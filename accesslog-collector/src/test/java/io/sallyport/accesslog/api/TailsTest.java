package io.sallyport.accesslog.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.testing.Rows;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TailsTest {

    private static final int MANY = 50_000;

    private final Tails tails = new Tails();

    private static List<KafkaRow> rows(int count) {
        var row = Rows.row(Rows.START, "a").build();
        return IntStream.range(0, count).mapToObj(i -> new KafkaRow(0, i, row)).toList();
    }

    @Test
    @Tag("H87")
    void whoReadsTooSlowlyMissesRowsAndIsToldHowMany() throws Exception {
        try (var slow = tails.follow(_ -> true).orElseThrow();
                var picky = tails.follow(_ -> false).orElseThrow()) {
            tails.stored(rows(MANY));

            var batch = slow.next(1);
            assertThat(batch.rows()).hasSizeLessThan(MANY).isNotEmpty();
            assertThat(batch.rows().size() + batch.skipped()).isEqualTo(MANY);
            assertThat(picky.next(1)).isEqualTo(new Tails.Batch(List.of(), 0));
            assertThat(slow.next(1).skipped()).isZero();
        }
    }

    @Test
    void aSourceIsToldWhenSomebodyFollows() throws Exception {
        var told = new AtomicInteger();
        try (var _ = tails.follow(_ -> true).orElseThrow()) {
            tails.readFrom(told::incrementAndGet);
            assertThat(told).hasValue(1);
            assertThat(tails.isFollowed()).isTrue();
            tails.begin();
            assertThat(told).hasValue(2);
        }
        assertThat(tails.isFollowed()).isFalse();
    }

    @Test
    @Tag("H87")
    void oneMoreFollowerThanThereIsRoomForIsTurnedAwayUntilOneLeaves() {
        var open = new ArrayList<Tails.Tail>();
        for (var tail = tails.follow(_ -> true); tail.isPresent(); tail = tails.follow(_ -> true)) {
            open.add(tail.get());
            assertThat(open).hasSizeLessThanOrEqualTo(100);
        }

        open.getFirst().close();

        assertThat(tails.follow(_ -> true)).isPresent();
    }
}
