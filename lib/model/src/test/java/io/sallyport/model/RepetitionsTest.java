package io.sallyport.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What Go's `regexp` and RE2 say of the same expressions.
@Tag("V21")
class RepetitionsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(a{1,100}){1,100}",
                "((a{1000}){1000}){1000}",
                "(x|a{10}){101}",
                "(?:(?P<n>a{10}b)c{2}){101}",
                "a{1001}",
                "a{2,1001}",
                "a{1001,}",
                "[a](b{101}){10}",
                "\\Q(\\E(b{101}){10}",
                "[^]](a{101}){10}",
                "[[:alpha:]](a{101}){10}",
                "\\((a{101}){10}",
                "(\\pN{101}){10}"
            })
    void moreThanAThousandAreTooMany(String regex) {
        assertThat(Repetitions.areTooMany(regex)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a{1000}",
                "(a{10}){100}",
                "a{1000}b{1000}(c{500}){2}",
                "(a{500})(b{500}){2}",
                "(a{100}*)+",
                "\\x{10FFFF}{100}",
                "\\p{Greek}{100}",
                "\\{1001}",
                "[{1001}]",
                "[\\]{1001}]",
                "\\Qa{1001}\\E",
                "x{,1001}",
                "{",
                "(",
                ")",
                "[",
                "\\",
                "a{0}",
                ""
            })
    void aThousandAreNot(String regex) {
        assertThat(Repetitions.areTooMany(regex)).isFalse();
    }
}
