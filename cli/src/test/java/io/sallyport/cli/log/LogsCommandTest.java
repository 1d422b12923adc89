package io.sallyport.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.cli.FakeTerminal;
import io.sallyport.cli.Moments;
import io.sallyport.cli.server.FakeServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What cannot count is refused before anybody is asked: an option passed over in silence is a wrong answer.
class LogsCommandTest {

    @ParameterizedTest
    @CsvSource({
        "--tail --top code, --tail and --top (expected: one question at a time)",
        "--top code --by revision, --top and --by (expected: one question at a time)",
        "--p99 route --histogram --rules, --p99 and --histogram and --rules (expected: one question at a time)",
        "--top code -o csv, '-o csv with --top (expected: -o table or json; rows alone are written in other forms)'",
        "--tail -o parquet --out x, '-o parquet with --tail (expected: -o table or json;'",
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
    void aWeekIsATime() throws Exception {
        assertThat(Moments.duration("7d")).isEqualTo(Duration.ofDays(7));
    }
}
