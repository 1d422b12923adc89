package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.accesslog.receive.Ledger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("B9")
class LogCountersTest {

    private static final String REQUESTS = """
            access_logs.grpc_access_log.grpc_entries_flush_failed: 0
            access_logs.grpc_access_log.grpc_entries_flushed: %d
            access_logs.grpc_access_log.logs_dropped: 2
            access_logs.grpc_access_log.logs_written: 30
            listener.127.0.0.1_18480.http.outbound_0.0.0.0_18480.downstream_rq_completed: 40
            listener.admin.http.admin.downstream_rq_completed: 26
            """;

    @Test
    void rowsOfConnectionsHideNoneOfRequests() {
        // Five connections were logged beside the requests, of which eight were filtered out.
        assertThat(LogCounters.counts(REQUESTS.formatted(35))).isEqualTo(new Ledger.Totals(35, 2, 45));
    }

    @Test
    void rowsThatEnvoyStillHoldsAreWritten() {
        assertThat(LogCounters.counts(REQUESTS.formatted(12))).isEqualTo(new Ledger.Totals(30, 2, 40));
    }
}
