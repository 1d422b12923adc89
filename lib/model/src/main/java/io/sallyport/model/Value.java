package io.sallyport.model;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSortedMap;
import java.math.BigDecimal;

/// Free JSON: what `google.protobuf.Struct` and `Value` hold, as in EnvoyFilter patches and Wasm settings. Numbers are
/// kept as they were written, so that 64-bit identifiers survive.
public sealed interface Value {

    /// `null`.
    record Nothing() implements Value {}

    /// `true` or `false`.
    record Bool(boolean value) implements Value {}

    /// Any number; `1.0` and `1` are equal.
    record Num(BigDecimal value) implements Value {
        public Num {
            value = value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
        }
    }

    /// A string.
    record Text(String value) implements Value {}

    /// A list.
    record Sequence(ImmutableList<Value> items) implements Value {}

    /// An object; its keys are sorted, because JSON gives their order no meaning.
    record Struct(ImmutableSortedMap<String, Value> fields) implements Value {}
}
