package io.sallyport.standalone.names;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.standalone.names.NameMessage.Meaning;
import io.sallyport.standalone.names.NameMessage.Question;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class NameMessageTest {

    @Test
    void aQuestionIsKnownByItsNameInAnyCase() {
        assertThat(Spoken.question("A.tESt").question()).contains(new Question("a.test.", Spoken.A, 1));
    }

    @Test
    void cookiesStayBehindAndTheRestOfTheQuestionDoesNot() {
        var question = Spoken.question("a.test");

        var without = question.withoutOptions().orElseThrow();

        assertThat(without.bytes()).hasSize(question.bytes().length - 12);
        assertThat(without.question()).isEqualTo(question.question());
        assertThat(without.withoutOptions().orElseThrow().bytes()).isEqualTo(without.bytes());
    }

    @Test
    void whatAnAnswerMeansIsReadFromItsRecords() {
        assertThat(Spoken.addresses("a.test", "192.0.2.1").meaning()).isEqualTo(Meaning.HAS_IT);
        assertThat(Spoken.missing("a.test").meaning()).isEqualTo(Meaning.DENIES);
        assertThat(Spoken.nothingOfThatType("a.test").meaning()).isEqualTo(Meaning.DENIES);
        assertThat(Spoken.failure("a.test").meaning()).isEqualTo(Meaning.UNKNOWN);
        var failure = Spoken.question("a.test").failure();
        assertThat(failure.isAnswer()).isTrue();
        assertThat(failure.meaning()).isEqualTo(Meaning.UNKNOWN);
        assertThat(failure.question()).isEqualTo(Spoken.question("a.test").question());
    }

    @Test
    @Tag("M7")
    void bytesThatMakeNoSenseAreNoAnswerAndNoQuestion() {
        var random = new Random(7);
        var whole = Spoken.addresses("a.test", "192.0.2.1", "192.0.2.2").bytes();
        for (int n = 0; n < 20_000; n++) {
            var bytes = Arrays.copyOf(whole, random.nextInt(whole.length + 4));
            for (int flips = random.nextInt(8); flips > 0 && bytes.length > 0; flips--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            var message = new NameMessage(bytes);
            message.question();
            message.withoutOptions();
            if (message.isAnswer() && message.meaning() == Meaning.HAS_IT) {
                assertThat(message.question()).isPresent();
            }
        }
    }
}
