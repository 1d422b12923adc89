package io.sallyport.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TerminalTest {

    @Test
    @Tag("M25")
    @Tag("H37")
    void textCannotCommandTheTerminal() {
        assertThat(Terminal.escaped("a\033]0;owned\007b\u009b31m\u202Ec"))
                .isEqualTo("a\\x1b]0;owned\\x07b\\x9b31m\\u202ec");
    }

    @Test
    void ordinaryTextIsPrintedAsItIs() {
        assertThat(Terminal.escaped("a\tb é 漢 🙂")).isEqualTo("a\tb é 漢 🙂");
    }

    @Test
    @Tag("M25")
    void jsonStaysJsonWhenItHoldsControlCharacters() {
        var screen = new FakeTerminal();

        screen.terminal().printJson("{\"a\":\"\u009b\"}");

        assertThat(screen.out()).isEqualTo("{\"a\":\"\\u009b\"}\n");
    }
}
