package io.sallyport.runtime;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/// Collects why a process cannot do its work yet; `/readyz` and `up` read it.
/// A part that is ready gives an empty reason: `readiness.require("xds-service", publisher::missing)`.
public final class Readiness {

    private record Condition(String part, Supplier<Optional<String>> missing) {}

    private final List<Condition> conditions = new CopyOnWriteArrayList<>();

    /// Adds a part. `missing` is called on each question and must answer at once, from published state.
    public void require(String part, Supplier<Optional<String>> missing) {
        conditions.add(new Condition(part, missing));
    }

    /// What is missing, one line each, such as `xds-service: no revision yet`; empty when the process is ready.
    public List<String> missing() {
        return conditions.stream()
                .flatMap(
                        condition -> condition.missing().get().stream().map(reason -> condition.part() + ": " + reason))
                .toList();
    }
}
