package io.sallyport.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.Moments;
import io.sallyport.cli.server.FakeServer;
import io.sallyport.proto.accesslog.v1.CompareRequest;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import io.sallyport.proto.accesslog.v1.Coverage;
import io.sallyport.proto.accesslog.v1.DistinctRequest;
import io.sallyport.proto.accesslog.v1.DistinctResponse;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.HistogramResponse;
import io.sallyport.proto.accesslog.v1.TopResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What cannot count is refused before anybody is asked: an option passed over in silence is a wrong answer.
class LogsCommandTest {

    @ParameterizedTest
    @CsvSource({
        "--tail --top code, --tail and --top (expected: one question at a time)",
        "--top code --by revision, --top and --by (expected: one question at a time)",
        "--p99 route --histogram --rules, --p99 and --histogram and --rules (expected: one question at a time)",
        "--top code -o parquet --out x, '-o parquet with --top (expected: -o table, json, csv)'",
        "--tail -o parquet --out x, '-o parquet with --tail (expected: -o table, json, jsonl)'",
        "--request x -o csv, '-o csv with --request (expected: -o table, json)'",
        "--page -o json, -o json with --page (expected: no -o; it is a link)",
        "--page --since 3w, 'duration \"3w\" (expected: 500ms, 30s, 2m, 1h or 7d)'",
        "--tail --since 1h, '--tail with a time (expected: no --since, --from and --to; it shows what comes'",
        "--histogram --limit 3, --limit with --histogram (expected: no --limit; all is shown)",
        "--compare 41 --top code, --top and --compare (expected: one question at a time)",
        "--compare 41, '--compare \"41\" (expected: two revisions, like 41,42; how long before, like 1d; or another'",
        "--compare 3w, 'duration \"3w\" (expected: 500ms, 30s, 2m, 1h or 7d)'",
        "--compare 2026-11-21T10:00:00Z/x, 'time \"x\" (expected: like 2026-11-21T10:00:00Z)'",
        "--compare 1d -o parquet --out x, '-o parquet with --compare (expected: -o table, json, csv)'",
        "--compare 1d --approximate --by code, --approximate (expected: --top or --p99 with it)",
        "--limit 0, '--limit 0 (expected: 1 to 1,000; -o csv and jsonl have more)'",
        "--limit -1 --top code, '--limit -1 (expected: 1 to 1,000)'",
        "--limit 1001 -o json, '--limit 1001 (expected: 1 to 1,000; -o csv'",
        "--limit 1000001 -o csv, '--limit 1000001 (expected: 1 to 1,000,000)'",
        "--limit 99999999999 -o jsonl, '--limit 99999999999 (expected: 1 to 1,000,000)'",
        "--histogram --limit 0, --limit with --histogram (expected: no --limit; all is shown)",
        "--limit x, '--limit \"x\" (expected: a whole number)'",
        "--since 0s, '--since 0s (expected: some time, like 15m, 1h or 7d)'",
        "--from 2026-11-21T10:00:00Z --to 2026-11-21T09:00:00Z, 2026-11-21T09:00:00Z (expected: --from before --to)",
        "--distinct host --limit 2, --limit with --distinct (expected: no --limit; all is shown)",
        "--out x, --out x (expected: -o parquet with it)",
        "-o parquet --out target/nowhere/x, 'target/nowhere/x cannot be written: there is no folder'",
        "-o parquet --out target, target cannot be written: it is a folder (expected: a file)",
        "--approximate, --approximate (expected: --top or --p99 with it)",
        "--completeness response.code==1, 'filter \"response.code==1\" with --completeness (expected: no filter;'",
        "--since 1h --from 2026-11-21T10:00:00Z, --since and --from (expected: one of them)"
    })
    void whatDoesNotGoTogetherIsRefused(String options, String expected) {
        try (var server = new FakeServer()) {
            var screen = new FakeTerminal();

            assertThat(server.run(screen, ("logs " + options).split(" ", -1))).isEqualTo(2);

            assertThat(screen.err()).contains(expected);
            assertThat(screen.out()).isEmpty();
        }
    }

    @Test
    void twoRevisionsStandSideBySide() {
        try (var server = new FakeServer()) {
            server.logs()
                    .answer(CompareResponse.newBuilder()
                            .setBefore(side(1_204, 0.001, 2_000))
                            .setAfter(side(980, 0.032, 2_100_000))
                            .addLines(CompareResponse.Line.newBuilder()
                                    .setValue("VirtualService shop/shop")
                                    .setAfter(side(3, 1, 500)))
                            .build());
            var screen = new FakeTerminal();

            assertThat(server.run(screen, "logs", "request.host == \"a\"", "--compare", "r41,42", "--limit", "5"))
                    .isZero();

            var question = (CompareRequest) server.logs().asked();
            assertThat(question.getBefore().getRevision()).isEqualTo(41);
            assertThat(question.getAfter().getRevision()).isEqualTo(42);
            assertThat(question.getAfter().getFilter()).isEqualTo("request.host == \"a\"");
            assertThat(question.getBefore().getTo())
                    .isEqualTo(question.getAfter().getTo());
            assertThat(question.getBy()).isEqualTo("config.object");
            assertThat(question.getLimit()).isEqualTo(5);
            assertThat(screen.err()).startsWith("revision 41 -> revision 42\n");
            assertThat(screen.out().lines().map(line -> line.replaceAll(" {3,}", "|")))
                    .containsExactly(
                            "CONFIG.OBJECT|COUNT|ERRORS|CHANGE|P50|P99",
                            "everything|1,204 -> 980|0.1 % -> 3.2 %|+3.1 points|2.0 ms -> 2.1 s|2.0 ms -> 2.1 s",
                            "VirtualService shop/shop|0 -> 3|- -> 100.0 %|-|- -> 0.5 ms|- -> 0.5 ms");
        }
    }

    @Test
    void rulesOfDifferentObjectsAreSaidToBeOneLine() {
        try (var server = new FakeServer()) {
            for (var question : List.of("--top", "--by")) {
                var all = new FakeTerminal();
                server.run(all, "logs", question, "rule");
                assertThat(all.err()).contains("in different objects are one line here");

                var one = new FakeTerminal();
                server.run(one, "logs", "config.object == \"VirtualService shop/shop\"", question, "rule");
                assertThat(one.err()).doesNotContain("one line here");

                var hosts = new FakeTerminal();
                server.run(hosts, "logs", question, "host");
                assertThat(hosts.err()).doesNotContain("one line here");
            }
            var compared = new FakeTerminal();
            server.run(compared, "logs", "--compare", "1,2", "--by", "rule");
            assertThat(compared.err()).contains("in different objects are one line here");
        }
    }

    @Test
    void twoTimesStandSideBySide() {
        try (var server = new FakeServer()) {
            var screen = new FakeTerminal();
            server.run(screen, "logs", "--since", "1h", "--compare", "1d", "--by", "code");

            var question = (CompareRequest) server.logs().asked();
            assertThat(Timestamps.toString(question.getBefore().getFrom())).isEqualTo("2026-01-01T02:04:05Z");
            assertThat(Timestamps.toString(question.getBefore().getTo())).isEqualTo("2026-01-01T03:04:05Z");
            assertThat(Timestamps.toString(question.getAfter().getFrom())).isEqualTo("2026-01-02T02:04:05Z");
            assertThat(Timestamps.toString(question.getAfter().getTo())).isEqualTo("2026-01-02T03:04:05Z");
            assertThat(question.getBy()).isEqualTo("response.code");
            assertThat(screen.err())
                    .contains("no request of 2026-01-01T02:04:05Z to 2026-01-01T03:04:05Z (expected: a longer time");

            var range = "2025-12-24T10:00:00Z/2025-12-24T12:00:00Z";
            server.run(screen, "logs", "--to", "2026-01-02T00:00:00Z", "--compare", range);

            question = (CompareRequest) server.logs().asked();
            assertThat(Timestamps.toString(question.getBefore().getFrom())).isEqualTo("2025-12-24T10:00:00Z");
            assertThat(Timestamps.toString(question.getBefore().getTo())).isEqualTo("2025-12-24T12:00:00Z");
            assertThat(Timestamps.toString(question.getAfter().getFrom())).isEqualTo("2026-01-01T23:00:00Z");
        }
    }

    @Test
    void programsGetPlainFigures() {
        try (var server = new FakeServer()) {
            server.logs()
                    .answer(CompareResponse.newBuilder()
                            .setBefore(side(1_204, 0.25, 2_000))
                            .setAfter(side(980, 0.5, 2_100_000))
                            .build());
            var screen = new FakeTerminal();
            server.run(screen, "logs", "--compare", "41,42", "-o", "csv", "--by", "flags");

            assertThat(screen.out().lines())
                    .containsExactly(
                            "response.flags,error_rate_change,before_count,before_error_rate,before_p50_micros,"
                                    + "before_p99_micros,after_count,after_error_rate,after_p50_micros,after_p99_micros",
                            "everything,0.25,1204,0.25,2000,2000,980,0.5,2100000,2100000");

            screen = new FakeTerminal();
            server.logs()
                    .answer(TopResponse.newBuilder()
                            .addValues(TopResponse.Value.newBuilder()
                                    .setValue("=1+1, \"x\"")
                                    .setCount(12_345.5)
                                    .setShare(0.5))
                            .build());
            server.run(screen, "logs", "--top", "agent", "-o", "csv");

            assertThat(screen.out().lines())
                    .containsExactly(
                            "request.useragent,count,share,error_rate,p50_micros,p99_micros,first_seen",
                            "\"'=1+1, \"\"x\"\"\",12345.5,0.5,0,0,0,1970-01-01T00:00:00Z");

            screen = new FakeTerminal();
            server.run(screen, "logs", "--compare", "41,42", "-o", "json");
            assertThat(screen.out()).contains("\"errorRate\": 0.25");
        }
    }

    @Test
    void differentValuesAreCounted() {
        try (var server = new FakeServer()) {
            server.logs().answer(DistinctResponse.newBuilder().setCount(1_234).build());
            var screen = new FakeTerminal();
            server.run(screen, "logs", "response.code >= 500", "--distinct", "source");

            var question = (DistinctRequest) server.logs().asked();
            assertThat(question.getAttribute()).isEqualTo("source.address");
            assertThat(question.getScope().getFilter()).isEqualTo("response.code >= 500");
            assertThat(screen.out()).contains("source.address   1,234");
        }
    }

    @Test
    void aHistogramHasEveryClass() {
        try (var server = new FakeServer()) {
            server.logs()
                    .answer(HistogramResponse.newBuilder()
                            .addBars(HistogramResponse.Bar.newBuilder()
                                    .putCounts("1xx", 3)
                                    .putCounts("5xx", 4))
                            .build());
            var screen = new FakeTerminal();
            server.run(screen, "logs", "--histogram", "-o", "csv");

            assertThat(screen.out().lines())
                    .containsExactly("from,1xx,2xx,3xx,4xx,5xx,0xx", "1970-01-01T00:00:00Z,3,0,0,0,4,0");
        }
    }

    private static CompareResponse.Side side(double count, double errors, long micros) {
        return CompareResponse.Side.newBuilder()
                .setCount(count)
                .setErrorRate(errors)
                .setP50(Durations.fromMicros(micros))
                .setP99(Durations.fromMicros(micros))
                .build();
    }

    @Test
    void aWeekIsATime() throws Exception {
        assertThat(Moments.duration("7d")).isEqualTo(Duration.ofDays(7));
    }

    @Test
    void anExportSaysHowCompleteItIs(@TempDir Path folder) {
        try (var server = new FakeServer()) {
            server.logs()
                    .answer(Coverage.newBuilder().setStored(2).setPending(1).build(), "a,b\n1", ",2\n");
            var screen = new FakeTerminal();
            server.run(screen, "logs", "-o", "csv", "--limit", "7");

            assertThat(((ExportRequest) server.logs().asked()).getLimit()).isEqualTo(7);
            assertThat(screen.out()).isEqualTo("a,b\n1,2\n");
            assertThat(screen.err()).isEqualTo("incomplete: 2 of 3 requests stored, 1 on their way\n");

            screen = new FakeTerminal();
            var file = folder.resolve("rows.parquet");
            server.run(screen, "logs", "-o", "parquet", "--out", file.toString());

            assertThat(((ExportRequest) server.logs().asked()).hasLimit()).isFalse();
            assertThat(file).hasContent("a,b\n1,2\n");
            assertThat(screen.err()).isEqualTo("incomplete: 2 of 3 requests stored, 1 on their way\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0.0 ms",
        "118, 0.1 ms",
        "9949, 9.9 ms",
        "9951, 10 ms",
        "38900, 39 ms",
        "999499, 999 ms",
        "999500, 1.0 s",
        "9949000, 9.9 s",
        "9950000, 10 s",
        "119499000, 119 s",
        "119500000, 2 min 0 s",
        "125500000, 2 min 6 s"
    })
    void durationsAreRounded(long micros, String shown) {
        assertThat(Sheet.Cell.took(micros)).isEqualTo(shown);
    }

    @Test
    void itIsSaidWhereNoRowCanBe() {
        assertThat(Coverages.written(Coverage.getDefaultInstance()))
                .isEqualTo("no rows: no proxy has sent this collector any in this time");
        assertThat(Coverages.written(Coverage.newBuilder().setFiltered(1_200).build()))
                .startsWith("no rows: proxies answered 1,200 requests in this time and sent this collector none");
        assertThat(Coverages.written(
                        Coverage.newBuilder().setStored(5).setFiltered(20).build()))
                .isEqualTo("complete: 5 of 5 requests stored; 20 more not logged: Telemetry leaves them out");
        assertThat(Coverages.written(
                        Coverage.newBuilder().setStored(5).setPending(1).build()))
                .isEqualTo("incomplete: 5 of 6 requests stored, 1 on their way");
    }
}
