package io.sallyport.translation.validation;

import java.util.List;
import java.util.function.Consumer;

/// What is expected of one value. Reports a reason for each expectation that it does not meet.
interface ValueCheck {

    /// Nothing is expected.
    ValueCheck NONE = (_, _) -> {};

    void check(Object value, Consumer<String> report);

    /// All of them, in order.
    static ValueCheck all(List<ValueCheck> checks) {
        if (checks.isEmpty()) {
            return NONE;
        }
        if (checks.size() == 1) {
            return checks.getFirst();
        }
        var copy = List.copyOf(checks);
        return (value, report) -> copy.forEach(check -> check.check(value, report));
    }
}
