package io.sallyport.accesslog.receive;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Timestamps;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextLineTest {

    private static final String EGRESS =
            "[2021-09-10T16:47:30.115Z] \"GET / HTTP/2\" 200 - via_upstream - \"-\" 0 14892 141 123 \"192.168.77.145\""
                    + " \"curl/7.64.0\" \"a829b98e-001a-41af-9e0e-1bea4f163111\" \"www.google.com\" \"142.250.191.196:80\""
                    + " outbound|80||www.google.com 192.168.29.202:39050 192.168.29.202:8080 192.168.77.145:52826 - -";

    @Test
    @Tag("S55")
    void allFieldsOfALineHaveTheirTypes() {
        var row = LogLines.row(EGRESS).build();

        assertThat(Timestamps.toString(row.getStartTime())).isEqualTo("2021-09-10T16:47:30.115Z");
        assertThat(row.toBuilder().clearStartTime().build())
                .isEqualTo(AccessLogEntry.newBuilder()
                        .setKind("http")
                        .setSource("text")
                        .setWeight(1)
                        .setMethod("GET")
                        .setPath("/")
                        .setProtocol("HTTP/2")
                        .setResponseCode(200)
                        .setResponseDetails("via_upstream")
                        .setResponseBytes(14_892)
                        .setDurationMicros(141_000)
                        .setUpstreamMicros(123_000)
                        .setForwardedFor("192.168.77.145")
                        .setUserAgent("curl/7.64.0")
                        .setRequestId("a829b98e-001a-41af-9e0e-1bea4f163111")
                        .setHost("www.google.com")
                        .setUpstreamAddress("142.250.191.196:80")
                        .setCluster("outbound|80||www.google.com")
                        .setUpstreamLocalAddress("192.168.29.202:39050")
                        .setDestinationAddress("192.168.29.202:8080")
                        .setSourceAddress("192.168.77.145:52826")
                        .build());
    }

    @Test
    @Tag("S55")
    void theFieldsThatAreEmptyThereHaveTypesToo() {
        var line = "[2021-09-10T16:47:30.115Z] \"POST /a HTTP/1.1\" 503 UF,URX upstream_reset closed_by_peer"
                + " \"TLS error: 1:bad\" 17 0 9 - \"-\" \"-\" \"-\" \"a.test\" \"-\" - - 10.0.0.1:8443 10.0.0.2:5000"
                + " shop.test shop-route";

        var row = LogLines.row(line).build();

        assertThat(row.getResponseFlagsList()).isEqualTo("UF,URX");
        assertThat(row.getTerminationDetails()).isEqualTo("closed_by_peer");
        assertThat(row.getUpstreamFailure()).isEqualTo("TLS error: 1:bad");
        assertThat(row.getRequestBytes()).isEqualTo(17);
        assertThat(row.getServerName()).isEqualTo("shop.test");
        assertThat(row.getRouteName()).isEqualTo("shop-route");
    }

    @Test
    @Tag("S18")
    void aRefusedHandshakeIsARowOfATcpConnection() {
        var line = "[2026-09-10T16:47:30.115Z] \"- - -\" 0 NR filter_chain_not_found - \"-\" 0 0 0 - \"-\" \"-\" \"-\""
                + " \"-\" \"-\" - - 127.0.0.1:8443 127.0.0.1:5000 localhost -";

        var row = LogLines.row(line).build();

        assertThat(row.getKind()).isEqualTo("tcp");
        assertThat(row.getResponseFlagsList()).isEqualTo("NR");
        assertThat(row.getServerName()).isEqualTo("localhost");
    }

    @Test
    @Tag("S55")
    void theJsonFormatGivesTheSameRow() {
        var json = """
                {"start_time":"2021-09-10T16:47:30.115Z","method":"GET","path":"/","protocol":"HTTP/2","response_code":200,\
                "response_flags":"-","response_code_details":"via_upstream","connection_termination_details":null,\
                "upstream_transport_failure_reason":null,"bytes_received":0,"bytes_sent":14892,"duration":141,\
                "upstream_service_time":"123","x_forwarded_for":"192.168.77.145","user_agent":"curl/7.64.0",\
                "request_id":"a829b98e-001a-41af-9e0e-1bea4f163111","authority":"www.google.com",\
                "upstream_host":"142.250.191.196:80","upstream_cluster":"outbound|80||www.google.com",\
                "upstream_local_address":"192.168.29.202:39050","downstream_local_address":"192.168.29.202:8080",\
                "downstream_remote_address":"192.168.77.145:52826","requested_server_name":null,"route_name":null}""";

        var row = LogLines.row(json).setSource("text").build();

        assertThat(row).isEqualTo(LogLines.row(EGRESS).build());
    }

    @ParameterizedTest
    @Tag("H93")
    @ValueSource(
            strings = {
                "",
                "sds resource:hipstershop-cert new connection",
                "[2021-09-10T16:47:30.115Z] \"GET / HTTP/2\" 200 -",
                "[yesterday] \"GET / HTTP/2\" 200 - via_upstream - \"-\" 0 1 1 1 \"-\" \"-\" \"-\" \"-\" \"-\" - - - - - -",
                "{\"method\":\"GET\"}",
                "{\"start_time\":\"2021-09-10T16:47:30.115Z\"",
                "\u0000\u0001\uffff"
            })
    void aLineThatCannotBeReadIsKept(String line) {
        var row = LogLines.row(line);

        assertThat(row.getKind()).isEqualTo("raw");
        assertThat(row.getRawText()).isEqualTo(line);
    }

    @Test
    @Tag("H94")
    void aLineThatAClientHasForgedIsMarked() {
        var forged = EGRESS.replace("curl/7.64.0", "x\" 200 - \"y\" \"z");

        var row = LogLines.row(forged);

        assertThat(row.getMarksList()).isEqualTo("ambiguous");
        assertThat(row.getRawText()).isEqualTo(forged);
        assertThat(row.getResponseCode()).isEqualTo(200);
        assertThat(row.getHost()).isEqualTo("www.google.com");
        assertThat(row.getRequestId()).isEqualTo("a829b98e-001a-41af-9e0e-1bea4f163111");
    }

    @Test
    @Tag("H94")
    void aJsonLineWithAKeyTwiceIsNotBelieved() {
        var forged = "{\"start_time\":\"2021-09-10T16:47:30.115Z\",\"response_code\":500,\"user_agent\":\"x\","
                + "\"response_code\": 200}";

        assertThat(LogLines.row(forged).getKind()).isEqualTo("raw");
    }
}
