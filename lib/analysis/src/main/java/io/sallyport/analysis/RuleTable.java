package io.sallyport.analysis;

import io.sallyport.model.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Rules by the kind that they look at, in the order of the list that the table is made from.
final class RuleTable {

    private final Map<Kind, List<ObjectRule<?>>> aboutOne = new EnumMap<>(Kind.class);
    private final Map<Kind, List<WorldRule<?>>> amongAll = new EnumMap<>(Kind.class);

    RuleTable(List<Rule<?>> rules) {
        for (var rule : rules) {
            for (var kind : rule.kinds()) {
                switch (rule) {
                    case ObjectRule<?> one ->
                        aboutOne.computeIfAbsent(kind, _ -> new ArrayList<>()).add(one);
                    case WorldRule<?> many ->
                        amongAll.computeIfAbsent(kind, _ -> new ArrayList<>()).add(many);
                }
            }
        }
    }

    /// Those that look at one object by itself.
    List<ObjectRule<?>> aboutOne(Kind kind) {
        return aboutOne.getOrDefault(kind, List.of());
    }

    /// Those that look at an object among all others.
    List<WorldRule<?>> amongAll(Kind kind) {
        return amongAll.getOrDefault(kind, List.of());
    }
}
