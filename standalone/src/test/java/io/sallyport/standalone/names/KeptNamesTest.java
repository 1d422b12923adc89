package io.sallyport.standalone.names;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.standalone.names.NameMessage.Meaning;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("F27")
class KeptNamesTest {

    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final KeptNames kept = new KeptNames(100);
    private Instant now = START;

    @Test
    void aDeniedNameKeepsItsAddressesForAQuarterOfAnHourAndNoLonger() {
        assertThat(said(Spoken.addresses("a.test", "192.0.2.1"))).isEmpty();

        assertThat(said(Spoken.missing("a.test"))).isPresent();
        pass(Duration.ofMinutes(14));
        assertThat(said(Spoken.nothingOfThatType("a.test"))).isPresent();
        pass(Duration.ofMinutes(2));

        assertThat(said(Spoken.missing("a.test"))).isEmpty();
        assertThat(kept.size()).isZero();
    }

    @Test
    void aNameThatFlapsIsNeverGivenUp() {
        for (int n = 0; n < 100; n++) {
            assertThat(said(Spoken.addresses("a.test", "192.0.2.1"))).isEmpty();
            pass(Duration.ofMinutes(5));
            assertThat(said(Spoken.missing("a.test"))).isPresent();
            pass(Duration.ofMinutes(5));
            assertThat(said(Spoken.missing("a.test"))).isPresent();
            pass(Duration.ofMinutes(5));
        }
    }

    @Test
    void addressesOutlastADayOfSilenceAndOneDenialAfterIt() {
        said(Spoken.addresses("a.test", "192.0.2.1"));
        pass(Duration.ofHours(23));
        assertThat(unheard()).isPresent();
        assertThat(said(Spoken.failure("a.test"))).isPresent();
        assertThat(said(Spoken.missing("a.test"))).isPresent();
        pass(Duration.ofHours(2));
        assertThat(unheard()).isEmpty();
    }

    @Test
    void anAnswerThatStandsInLivesForSecondsAndIsOtherwiseTheSame() {
        var good = Spoken.addresses("a.test", "192.0.2.1", "192.0.2.2");
        said(good);

        var instead = said(Spoken.missing("a.test")).orElseThrow();

        assertThat(instead.meaning()).isEqualTo(Meaning.HAS_IT);
        assertThat(instead).isNotEqualTo(good);
        assertThat(instead.bytes()).isEqualTo(good.living(5).bytes());
    }

    @Test
    void whatWasNeverKnownIsDeniedAtOnce() {
        assertThat(said(Spoken.missing("a.test"))).isEmpty();
        assertThat(unheard()).isEmpty();
    }

    @Test
    void theNamesThatWereAskedForLongestAgoMakeRoom() {
        for (int n = 0; n < 1_000; n++) {
            said(Spoken.addresses("n" + n + ".test", "192.0.2.1"));
        }
        assertThat(kept.size()).isEqualTo(100);
        assertThat(said(Spoken.missing("n899.test"))).isEmpty();
        assertThat(said(Spoken.missing("n900.test"))).isPresent();
    }

    private Optional<NameMessage> said(NameMessage answer) {
        return kept.instead(answer.question().orElseThrow(), Optional.of(answer), now);
    }

    private Optional<NameMessage> unheard() {
        return kept.instead(Spoken.question("a.test").question().orElseThrow(), Optional.empty(), now);
    }

    private void pass(Duration time) {
        now = now.plus(time);
    }
}
