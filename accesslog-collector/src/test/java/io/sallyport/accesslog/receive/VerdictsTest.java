package io.sallyport.accesslog.receive;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerdictsTest {

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            # route,      cluster,                    method,  code, details,                          counted as
            block_all,    -,                          GET,     502,  direct_response,                  BLOCKED_HOST
            -,            BlackHoleCluster,           -,       0,    -,                                BLACK_HOLE
            -,            -,                          GET,     403,  rbac_access_denied_matched_policy[none], NOT_AUTHORIZED
            -,            -,                          CONNECT, 403,  direct_response,                  TUNNEL
            -,            outbound|443||a.test,       CONNECT, 200,  via_upstream,                     -
            allow_any,    PassthroughCluster,         GET,     200,  via_upstream,                     PASSED_THROUGH
            http[0],      outbound|80||cart.shop,     GET,     500,  via_upstream,                     -
            """)
    void aRowIsCountedByWhatItSaysOfTheWayOut(
            String route, String cluster, String method, int code, String details, String counted) {
        var row = AccessLogEntry.newBuilder()
                .setRouteName(text(route))
                .setCluster(text(cluster))
                .setMethod(text(method))
                .setResponseCode(code)
                .setResponseDetails(text(details));

        assertThat(Verdicts.kind(row).map(Enum::name).orElse(null)).isEqualTo(counted);
    }

    private static String text(String cell) {
        return cell == null ? "" : cell;
    }
}
