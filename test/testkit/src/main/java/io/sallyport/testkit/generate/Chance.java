package io.sallyport.testkit.generate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/// Choices by chance, in the words that a generator of documents needs.
final class Chance {

    private final RandomGenerator random;

    Chance(RandomGenerator random) {
        this.random = random;
    }

    int between(int least, int most) {
        return random.nextInt(least, most + 1);
    }

    boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    @SafeVarargs
    final <T> T oneOf(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    <T> T oneOf(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /// Some of the words, at least one, in their order.
    List<String> someOf(String... words) {
        var some = new ArrayList<String>();
        for (var word : words) {
            if (oneIn(2)) {
                some.add(word);
            }
        }
        return some.isEmpty() ? List.of(oneOf(words)) : some;
    }

    <T> List<T> list(int least, int most, Supplier<T> element) {
        var list = new ArrayList<T>();
        for (var n = between(least, most); n > 0; n--) {
            list.add(element.get());
        }
        return list;
    }

    /// Begins an object: members are added in order, or left out by chance.
    Members object() {
        return new Members();
    }

    /// An object under construction.
    final class Members {

        private final Map<String, Object> members = new LinkedHashMap<>();

        Members with(String name, Object value) {
            members.put(name, value);
            return this;
        }

        /// Adds the member once in `n` times.
        Members maybe(int n, String name, Supplier<?> value) {
            if (oneIn(n)) {
                members.put(name, value.get());
            }
            return this;
        }

        Map<String, Object> done() {
            return members;
        }
    }
}
