package io.sallyport.accesslog.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.testing.Rows;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {

    @TempDir
    Path folder;

    private Spool open(long bytes) throws IOException {
        return Spool.open(folder, bytes, new Random(1));
    }

    private static List<String> read(Spool spool, long from) throws Exception {
        var ids = new ArrayList<String>();
        try (var cursor = spool.from(from)) {
            for (var row = cursor.next(1); row != null; row = cursor.next(1)) {
                ids.add(row.sequence() + ":"
                        + AccessLogEntry.parseFrom(row.row()).getRequestId());
            }
        }
        return ids;
    }

    private static List<AccessLogEntry> rows(int from, int to) {
        var rows = new ArrayList<AccessLogEntry>();
        for (var i = from; i < to; i++) {
            rows.add(Rows.row(Rows.START, "r" + i)
                    .setUserAgent("x".repeat(1_000))
                    .build());
        }
        return rows;
    }

    @Test
    void rowsComeOutAsTheyWentIn() throws Exception {
        try (var spool = open(1 << 20)) {
            spool.offer("a/b", rows(0, 3));
            assertThat(read(spool, 1)).containsExactly("1:r0", "2:r1", "3:r2");

            spool.offer("a/b", rows(3, 4));
            assertThat(read(spool, 4)).containsExactly("4:r3");
        }
    }

    @Test
    void anotherProcessGoesOnWhereOneWasKilled() throws Exception {
        var first = open(4 << 20);
        first.offer("a/b", rows(0, 500));
        first.acknowledged(200);

        // Not closed: it was killed.
        try (var second = open(4 << 20)) {
            second.offer("a/b", rows(500, 501));

            assertThat(second.mark().id()).isEqualTo(first.mark().id());
            assertThat(read(second, 201)).hasSize(301).startsWith("201:r200").endsWith("501:r500");
        }
    }

    @Test
    void aRowThatWasWrittenHalfIsCutOff() throws Exception {
        var first = open(1 << 20);
        first.offer("a/b", rows(0, 3));
        try (var files = Files.list(folder)) {
            var segment = files.filter(file -> file.toString().endsWith(".spool"))
                    .findFirst()
                    .orElseThrow();
            var bytes = Files.readAllBytes(segment);
            Files.write(segment, java.util.Arrays.copyOf(bytes, bytes.length - 5));
        }

        try (var second = open(1 << 20)) {
            second.offer("a/b", rows(7, 8));

            assertThat(read(second, 1)).containsExactly("1:r0", "2:r1", "3:r7");
        }
    }

    @Test
    @Tag("F12")
    void whenItIsFullNewRowsAreRefusedAndOldOnesStay() throws Exception {
        try (var spool = open(1 << 20)) {
            var taken = spool.offer("a/b", rows(0, 2_000));
            assertThat(taken).isBetween(900, 1_100);
            assertThat(spool.offer("a/b", rows(0, 1))).isZero();

            spool.acknowledged(taken / 2);

            assertThat(spool.offer("a/b", rows(5_000, 5_001)))
                    .as("whole segments were freed")
                    .isZero();
            spool.acknowledged(taken);
            assertThat(spool.pending()).isZero();
        }
    }

    @Test
    void acknowledgedSegmentsAreDeleted() throws Exception {
        try (var spool = open(1 << 20)) {
            for (var i = 0; i < 9; i++) {
                spool.offer("a/b", rows(i * 100, i * 100 + 100));
            }
            var full = spool.bytes();

            spool.acknowledged(850);

            assertThat(spool.bytes()).isLessThan(full / 4);
            assertThat(read(spool, 851)).hasSize(50).startsWith("851:r850");
            assertThat(spool.offer("a/b", rows(900, 1_000))).isEqualTo(100);
        }
    }
}
