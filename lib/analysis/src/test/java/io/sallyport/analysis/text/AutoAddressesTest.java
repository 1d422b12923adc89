package io.sallyport.analysis.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("E1")
class AutoAddressesTest {

    @Test
    void anAddressIsInTheNameAndSoTheSameInEveryProcess() {
        assertThat(AutoAddresses.propose("shop/users.test", Set.of())).isEqualTo("240.240.50.162");
    }

    @Test
    void whatIsTakenIsPassedOver() {
        var first = AutoAddresses.propose("shop/users.test", Set.of());

        assertThat(AutoAddresses.propose("shop/users.test", Set.of(first))).isNotEqualTo(first);
    }

    @Test
    void everyServiceOfManyGetsOneOfItsOwn() {
        var taken = new HashSet<String>();
        for (int i = 0; i < 20_000; i++) {
            var address = AutoAddresses.propose("shop/s" + i + ".test", taken);
            assertThat(taken.add(address)).isTrue();
            assertThat(Addresses.isAddress(address)).isTrue();
        }
    }
}
