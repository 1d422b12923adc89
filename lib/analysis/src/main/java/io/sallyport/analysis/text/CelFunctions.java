package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.Optional;

/// The calls that Envoy 1.40 can build into a log filter. Its CEL has no loops, no messages, no optional fields and no
/// conversion to text; an expression with any of them, or with a function that it does not know, makes it refuse the
/// whole listener. Found by showing each to `envoy --mode validate`.
final class CelFunctions {

    private static final ImmutableSet<String> LOOPS =
            ImmutableSet.of("all", "exists", "exists_one", "existsOne", "filter", "map");

    // How many operands each takes, the one before the dot included.
    private static final ImmutableMap<String, Integer> KNOWN = ImmutableMap.<String, Integer>builder()
            .put("size", 1)
            .put("int", 1)
            .put("uint", 1)
            .put("double", 1)
            .put("bool", 1)
            .put("bytes", 1)
            .put("type", 1)
            .put("dyn", 1)
            .put("timestamp", 1)
            .put("duration", 1)
            .put("matches", 2)
            .put("contains", 2)
            .put("startsWith", 2)
            .put("endsWith", 2)
            .put("re.extract", 3)
            .put("re.capture", 2)
            .put("re.captureN", 2)
            .buildOrThrow();

    // Of a time; with a time zone or without.
    private static final ImmutableSet<String> CALENDAR = ImmutableSet.of(
            "getFullYear",
            "getMonth",
            "getDate",
            "getDayOfMonth",
            "getDayOfWeek",
            "getDayOfYear",
            "getHours",
            "getMinutes",
            "getSeconds",
            "getMilliseconds");

    private CelFunctions() {}

    /// A call as it stands in an expression. `pattern` is the text of the last argument where it is a plain string.
    record Call(String name, int operands, Optional<String> pattern) {}

    /// Why Envoy cannot build the call.
    static Optional<String> problem(Call call) {
        var name = call.name();
        if (LOOPS.contains(name) && call.operands() > 2) {
            return Optional.of("%s(...) is a loop (expected: none; Envoy has them switched off)".formatted(name));
        }
        if (CALENDAR.contains(name) && (call.operands() == 1 || call.operands() == 2)) {
            return Optional.empty();
        }
        var operands = KNOWN.get(name);
        if (operands == null || operands != call.operands()) {
            return Optional.of(
                    "%s(...) is no function of Envoy's filters (expected: one of size, matches, contains, startsWith, endsWith, int, ...)"
                            .formatted(name));
        }
        return name.equals("matches") ? call.pattern().flatMap(Regexes::problem) : Optional.empty();
    }
}
