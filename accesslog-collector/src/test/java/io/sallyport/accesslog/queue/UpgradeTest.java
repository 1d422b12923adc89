package io.sallyport.accesslog.queue;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.receive.LedgerFolder;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an earlier build left on disk and in Kafka (`kept-v1`, written by commit 791dd33 and never to be rewritten) is
/// read, and what this one writes has the form that the earlier one reads.
@Tag("F23")
class UpgradeTest {

    private static final Path EARLIER = Path.of("src/test/resources/io/sallyport/accesslog/kept-v1");
    private static final String SEGMENT = "spool/0000000000000001.spool";
    private static final String HOUR = "ledger/494530.ledger";
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-06-01T10:30:00Z"));

    @TempDir
    Path folder;

    @BeforeEach
    void copy() throws IOException {
        Files.createDirectory(folder.resolve("spool"));
        Files.createDirectory(folder.resolve("ledger"));
        for (var name : new String[] {SEGMENT, "spool/mark", HOUR}) {
            Files.copy(EARLIER.resolve(name), folder.resolve(name));
        }
    }

    @Test
    void rowsThatWaitInTheSpoolOfAnEarlierBuildAreSent() throws Exception {
        var rows = new ArrayList<AccessLogEntry>();
        try (var spool = Spool.open(folder.resolve("spool"), 4 << 20, new Random(1))) {
            assertThat(spool.pending()).isEqualTo(3);
            try (var cursor = spool.from(1)) {
                for (var row = cursor.next(1); row != null; row = cursor.next(1)) {
                    rows.add(AccessLogEntry.parseFrom(row.row()));
                }
            }
            // Written again, they are the same bytes: the earlier build would read them, too.
            assertThat(spool.offer("istio-system/edge-1", rows)).isEqualTo(3);
        }

        assertThat(rows).extracting(AccessLogEntry::getRequestId).containsExactly("r0", "r1", "r2");
        var before = Files.readAllBytes(EARLIER.resolve(SEGMENT));
        assertThat(Files.readAllBytes(folder.resolve(SEGMENT)))
                .hasSize(2 * before.length)
                .startsWith(before)
                .endsWith(before);
    }

    @Test
    void aRowOfAnEarlierBuildMeansTheSame() throws Exception {
        var bytes = Files.readAllBytes(EARLIER.resolve("row.bin"));

        var row = AccessLogEntry.parseFrom(bytes);

        assertThat(row.getHost()).isEqualTo("shop.test");
        assertThat(row.getResponseCode()).isEqualTo(200);
        assertThat(row.getDurationMicros()).isEqualTo(1_234);
        assertThat(row.getRouteObject()).isEqualTo("VirtualService shop/cart");
        assertThat(row.getRequestHeadersMap()).containsEntry("x-team", "red");
        assertThat(row.getUnknownFields().asMap()).isEmpty();
        assertThat(row.toByteArray()).isEqualTo(bytes);
    }

    @Test
    void aRowOfANewerBuildKeepsWhatThisOneDoesNotKnow() throws Exception {
        var tomorrow = UnknownFieldSet.Field.newBuilder()
                .addLengthDelimited(ByteString.copyFromUtf8("a field of tomorrow"))
                .build();
        var newer = AccessLogEntry.parseFrom(Files.readAllBytes(EARLIER.resolve("row.bin"))).toBuilder()
                .setUnknownFields(
                        UnknownFieldSet.newBuilder().addField(9_999, tomorrow).build())
                .build()
                .toByteArray();

        var read = AccessLogEntry.parseFrom(newer);

        assertThat(read.getRequestId()).isEqualTo("r0");
        assertThat(read.toBuilder().build().toByteArray()).isEqualTo(newer);
    }

    @Test
    void whatAnEarlierBuildCountedCountsOn() throws Exception {
        var ledger = new Ledger();
        try (var _ = LedgerFolder.open(folder.resolve("ledger"), ledger, Duration.ofDays(7), CLOCK)) {
            assertThat(ledger.lines(0, Long.MAX_VALUE)).singleElement().satisfies(line -> {
                assertThat(line.proxy().name()).isEqualTo("edge-1");
                assertThat(line.received()).isEqualTo(4);
                assertThat(line.lost()).containsEntry("spool_full", 1L);
            });
        }

        assertThat(Files.readAllBytes(folder.resolve(HOUR)))
                .as("left as the earlier build knows it")
                .isEqualTo(Files.readAllBytes(EARLIER.resolve(HOUR)));
    }
}
