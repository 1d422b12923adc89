package io.sallyport.accesslog.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.util.Timestamps;
import io.sallyport.accesslog.receive.PrivacyRules.Action;
import io.sallyport.accesslog.receive.PrivacyRules.Rule;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is left out and what is taken out before anything is written.
class RowRulesTest {

    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final Proxy EDGE = new Proxy("istio-system", "edge");
    private static final String KEY = "0123456789abcdef";

    private final List<AccessLogEntry> rows = new ArrayList<>();
    private final Ledger ledger = new Ledger();

    private Intake intake(RowRules rules) {
        return new Intake(
                (_, offered) -> {
                    rows.addAll(offered);
                    return offered.size();
                },
                ledger,
                () -> NOW,
                ConfigurationStamp.NONE,
                rules);
    }

    private static AccessLogEntry.Builder row(int number) {
        return AccessLogEntry.newBuilder()
                .setKind("http")
                .setStartTime(Timestamps.fromMillis(NOW.toEpochMilli()))
                .setRequestId(new UUID(number * 0x9E3779B97F4A7C15L, number).toString())
                .setWeight(1)
                .setResponseCode(200)
                .setDurationMicros(1_000);
    }

    @Test
    void errorsAndSlowRequestsStayAndTheWeightsMakeUpForTheRest() {
        var intake = intake(new RowRules(new SamplingRules(0.1, Duration.ofSeconds(1)), PrivacyRules.NONE));
        var offered = new ArrayList<AccessLogEntry.Builder>();
        for (var i = 0; i < 20_000; i++) {
            var row = row(i);
            switch (i % 100) {
                case 0 -> row.setResponseCode(503).setResponseFlagsList("UF");
                case 1 -> row.setDurationMicros(2_000_000);
                case 2 -> row.setKind("tcp").setResponseCode(0);
                default -> {}
            }
            offered.add(row);
        }
        intake.take(EDGE, offered);

        assertThat(rows).filteredOn(row -> row.getResponseCode() == 503).hasSize(200);
        assertThat(rows).filteredOn(row -> row.getDurationMicros() >= 1_000_000).hasSize(200);
        assertThat(rows).filteredOn(row -> row.getKind().equals("tcp")).hasSize(200);
        assertThat(rows).hasSizeBetween(600 + 1_700, 600 + 2_200);
        assertThat(rows.stream().mapToDouble(AccessLogEntry::getWeight).sum())
                .isCloseTo(20_000, Percentage.withPercentage(6));
        var line = ledger.lines(0, Long.MAX_VALUE).getFirst();
        assertThat(line.received()).isEqualTo(20_000);
        assertThat(line.lost()).containsEntry(SamplingRules.SAMPLED, 20_000L - rows.size());
    }

    @Test
    void twoProxiesOnTheWayOfARequestDecideAlike() {
        var rules = new SamplingRules(0.5, Duration.ofSeconds(1));
        for (var i = 0; i < 1_000; i++) {
            assertThat(rules.keeps(row(i)))
                    .isEqualTo(rules.keeps(row(i).setProxy("other").setDurationMicros(7)));
        }
    }

    @Test
    @Tag("V22")
    void fieldsAreDroppedHashedAndMaskedBeforeTheSpool() {
        var privacy = PrivacyRules.of(
                List.of(
                        new Rule("source.address", Action.MASK),
                        new Rule("source.direct_address", Action.MASK),
                        new Rule("request.useragent", Action.DROP),
                        new Rule("request.headers.X-User", Action.HASH),
                        new Rule("request.headers.x-trail", Action.DROP),
                        new Rule("tags.tenant", Action.MASK)),
                KEY);
        var row = row(1).setSourceAddress("10.1.2.3:4000")
                .setDirectAddress("[2001:db8:1:2::3]:4000")
                .setUserAgent("curl")
                .putRequestHeaders("x-user", "jason")
                .putRequestHeaders("x-trail", "a")
                .putRequestHeaders("x-team", "red")
                .putRequestHeaders("Cookie", "secret")
                .putTags("tenant", "acme")
                .setPath("/a?token=secret");
        intake(new RowRules(SamplingRules.ALL, privacy))
                .take(EDGE, List.of(row, row(2).putRequestHeaders("x-user", "jason")));

        var kept = rows.getFirst();
        assertThat(kept.getSourceAddress()).isEqualTo("10.1.2.0");
        assertThat(kept.getDirectAddress()).isEqualTo("2001:db8:1::");
        assertThat(kept.getUserAgent()).isEmpty();
        assertThat(kept.getRequestHeadersMap()).containsOnlyKeys("x-user", "x-team");
        assertThat(kept.getRequestHeadersOrThrow("x-user"))
                .hasSize(32)
                .isEqualTo(rows.getLast().getRequestHeadersOrThrow("x-user"));
        assertThat(kept.getTagsMap()).containsEntry("tenant", "ac***");
        assertThat(rows.toString()).doesNotContain("jason", "secret", "10.1.2.3", "acme");
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3:4000, 10.1.2.0",
        "[2001:db8:1:2::3]:4000, 2001:db8:1::",
        "fe80::1, fe80::",
        "[::1]:9, ::",
        "2001:db8::7, 2001:db8::",
        "::ffff:10.1.2.3, 10.1.2.0",
        "'fe80::1, 10.1.2.3', 'fe80::,10.1.2.0'",
        "urn:user:alice, ur***",
        "10.1.2.3.4, 10***",
        "1:2:alice, 1:***",
        "x, x***",
    })
    @Tag("V22")
    void aMaskLeavesNothingThatTellsOneFromAnother(String value, String kept) {
        var privacy = PrivacyRules.of(List.of(new Rule("tags.who", Action.MASK)), "");

        intake(new RowRules(SamplingRules.ALL, privacy)).take(EDGE, List.of(row(1).putTags("who", value)));

        assertThat(rows.getFirst().getTagsOrThrow("who")).isEqualTo(kept);
    }

    @Test
    @Tag("V22")
    void theAddressOfAClientIsPrivateUnderItsOtherNamesToo() {
        var row = row(1).setSourceAddress("10.1.2.3:4000")
                .setDirectAddress("10.1.2.3:4000")
                .setForwardedFor("10.1.2.3,10.9.9.9");
        var rules = List.of(new Rule("source.address", Action.MASK), new Rule("request.forwarded_for", Action.DROP));

        intake(new RowRules(SamplingRules.ALL, PrivacyRules.of(rules.subList(0, 1), "")))
                .take(EDGE, List.of(row.clone()));
        intake(new RowRules(SamplingRules.ALL, PrivacyRules.of(rules, ""))).take(EDGE, List.of(row));

        assertThat(rows).extracting(AccessLogEntry::getDirectAddress).containsOnly("10.1.2.0");
        assertThat(rows).extracting(AccessLogEntry::getForwardedFor).containsExactly("10.1.2.0,10.9.9.0", "");
    }

    @Test
    void theHashOfAnAddressIsThatOfTheClientNotOfTheConnection() {
        var privacy = PrivacyRules.of(List.of(new Rule("source.address", Action.HASH)), KEY);

        intake(new RowRules(SamplingRules.ALL, privacy))
                .take(
                        EDGE,
                        List.of(
                                row(1).setSourceAddress("10.1.2.3:4000"),
                                row(2).setSourceAddress("10.1.2.3:4001"),
                                row(3).setSourceAddress("10.1.2.4:4001")));

        assertThat(rows).extracting(AccessLogEntry::getSourceAddress).hasSize(3);
        assertThat(rows.get(0).getSourceAddress()).isEqualTo(rows.get(1).getSourceAddress());
        assertThat(rows.get(1).getSourceAddress()).isNotEqualTo(rows.get(2).getSourceAddress());
    }

    @Test
    @Tag("V22")
    void aLineThatCannotBeReadIsNotAWayAround() {
        var privacy = PrivacyRules.of(List.of(new Rule("source.address", Action.MASK)), "");
        intake(new RowRules(SamplingRules.ALL, privacy))
                .take(EDGE, List.of(LogLines.row("from 10.1.2.3 and nonsense")));

        assertThat(rows.getFirst().getKind()).isEqualTo("raw");
        assertThat(rows.getFirst().getRawText()).isEmpty();
    }

    @Test
    void rulesThatCannotHoldAreRefused() {
        assertThatThrownBy(() -> PrivacyRules.of(List.of(new Rule("response.code", Action.DROP)), ""))
                .hasMessageContaining("\"response.code\" (expected: an attribute with a text");
        assertThatThrownBy(() -> PrivacyRules.of(List.of(new Rule("request.host", Action.HASH)), "short"))
                .hasMessageContaining("expected: at least 16");
        assertThatThrownBy(() -> new SamplingRules(0, Duration.ZERO)).hasMessageContaining("above 0");
    }
}
