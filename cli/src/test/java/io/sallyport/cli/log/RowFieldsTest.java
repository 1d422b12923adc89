package io.sallyport.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import org.junit.jupiter.api.Test;

class RowFieldsTest {

    @Test
    void oneRequestIsToldByTheNamesOfFilters() {
        var row = AccessLogEntry.newBuilder()
                .setStartTime(Timestamps.fromMillis(1_767_225_600_120L))
                .setHost("shop.test")
                .setPath("/a")
                .putRequestHeaders("x-b", "2")
                .putRequestHeaders("x-a", "1")
                .setResponseCode(404)
                .setResponseFlagsList("NR")
                .setDurationMicros(118)
                .setWeight(1)
                .build();

        assertThat(RowFields.lines(row))
                .containsExactlyInAnyOrder(
                        "request.time             2026-01-01T00:00:00.120Z",
                        "request.host             shop.test",
                        "request.path             /a",
                        "request.headers[\"x-a\"]   1",
                        "request.headers[\"x-b\"]   2",
                        "response.code            404",
                        "response.flags           NR",
                        "request.duration         0.118 ms",
                        "row.weight               1")
                .startsWith("request.time             2026-01-01T00:00:00.120Z")
                .containsSubsequence("request.headers[\"x-a\"]   1", "request.headers[\"x-b\"]   2");
    }
}
