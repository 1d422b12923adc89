package io.sallyport.accesslog.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.query.Condition;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.DuckSettings;
import io.sallyport.accesslog.storage.DuckStore;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.testing.Rows;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonsTest {

    private static final int GROUPS = 1_000;

    @TempDir
    private Path folder = Path.of("");

    /// Beside a thousand values with two rows each, one with a single row is not among those with most.
    @Test
    void aGroupThatIsSmallOnOneSideIsCountedThere() throws Exception {
        var later = Rows.START.plusSeconds(60);
        var rows = new ArrayList<KafkaRow>();
        for (var code = -GROUPS; code < 0; code++) {
            add(rows, Rows.START, code);
            add(rows, Rows.START, code);
        }
        add(rows, Rows.START, 7);
        for (var i = 0; i < 5; i++) {
            add(rows, later, 7);
        }
        try (var store = DuckStore.open(DuckSettings.local(folder), () -> Rows.START, KafkaSettings.TOPIC)) {
            store.append(KafkaSettings.TOPIC, rows, Map.of(0, (long) rows.size()));
            for (var by : List.of("response.code", "request.host")) {
                var answer = new Comparisons(new Questions(store))
                        .compare(minute(Rows.START), minute(later), by, GROUPS)
                        .build();

                var small = answer.getLinesList().stream()
                        .filter(line -> line.getAfter().getCount() > 0)
                        .toList();
                assertThat(small).singleElement().satisfies(line -> {
                    assertThat(line.getValue()).isEqualTo(by.equals("response.code") ? "7" : "host-7");
                    assertThat(line.getBefore().getCount()).isEqualTo(1);
                    assertThat(line.getAfter().getCount()).isEqualTo(5);
                });
            }
        }
    }

    private static void add(List<KafkaRow> rows, Instant time, int code) {
        var row = Rows.row(time, "id-" + rows.size()).setResponseCode(code).setHost("host-" + code);
        rows.add(new KafkaRow(0, rows.size(), row.build()));
    }

    private static Selection minute(Instant start) {
        var from = Timestamps.toMicros(Timestamps.fromMillis(start.toEpochMilli()));
        return new Selection(new Condition.All(List.of()), from, from + 60_000_000, Optional.empty());
    }
}
