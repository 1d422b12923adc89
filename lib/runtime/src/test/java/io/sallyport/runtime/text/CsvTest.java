package io.sallyport.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class CsvTest {

    @Test
    @Tag("V20")
    void aCellSaysNothingButItsValue() {
        assertThat(Csv.cell("shop.test")).isEqualTo("shop.test");
        assertThat(Csv.cell("a,b")).isEqualTo("\"a,b\"");
        assertThat(Csv.cell("a\"b\nc")).isEqualTo("\"a\"\"b\nc\"");
        assertThat(Csv.cell("=cmd()")).isEqualTo("'=cmd()");
        assertThat(Csv.cell("-1+1")).isEqualTo("'-1+1");
        assertThat(Csv.cell("-")).isEqualTo("'-");
    }

    @Test
    void aNumberIsNoFormula() {
        assertThat(Csv.cell("-12")).isEqualTo("-12");
        assertThat(Csv.cell("-0.25")).isEqualTo("-0.25");
        assertThat(Csv.cell("-1.0E-4")).isEqualTo("-1.0E-4");
    }
}
