package io.sallyport.accesslog.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NarrowingTest {

    private static final String HOST = "request.host == \"a.test\"";
    private static final String METHOD = "request.method == \"GET\"";

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "``; ",
                "response.code >= 500; response.code >= 500 &&",
                "response.code >= 500 // errors; response.code >= 500 &&",
                "// all; ",
                "request.path == \"//a\"; request.path == \"//a\" &&",
                "request.path == '//a' // b; request.path == '//a' &&",
                "request.path == r'\\' // b; request.path == r'\\' &&",
                "request.path == \"\"\"a\"//b\"\"\"; request.path == \"\"\"a\"//b\"\"\" &&",
                "request.path == \"\\\"//\"; request.path == \"\\\"//\" &&",
                "request.path == \"a?b||c\"; request.path == \"a?b||c\" &&",
                "a || b; (a || b) &&",
                "a || b // c; (a || b) &&",
                "(a || b) && c; (a || b) && c &&",
                "(a) || (b); ((a) || (b)) &&",
                "a ? b : c; (a ? b : c) &&",
                "request.path == \"open; request.path == \"open &&",
            })
    void aConditionHoldsForAllOfTheFilter(String filter, String before) {
        assertThat(Narrowing.with(filter, HOST)).isEqualTo(((before == null ? "" : before + " ") + HOST));
    }

    @Test
    void eachOfSeveralConditionsCanBeTakenBack() {
        var both = Narrowing.with(Narrowing.with("a || b", HOST), METHOD);

        assertThat(both).isEqualTo("(a || b) && " + HOST + " && " + METHOD);
        assertThat(Narrowing.has(both, HOST)).isTrue();
        assertThat(Narrowing.without(both, HOST)).isEqualTo("(a || b) && " + METHOD);
        assertThat(Narrowing.without(both, METHOD)).isEqualTo("(a || b) && " + HOST);
    }

    @Test
    void commentsMayBeMany() {
        assertThat(Narrowing.with("// x\n".repeat(50_000) + "a", HOST)).isEqualTo("a && " + HOST);
    }

    @Test
    void aConditionInACommentIsNone() {
        assertThat(Narrowing.has("a // x && " + HOST, HOST)).isFalse();
        assertThat(Narrowing.without("a && " + HOST + " // x", HOST)).isEqualTo("a");
    }
}
