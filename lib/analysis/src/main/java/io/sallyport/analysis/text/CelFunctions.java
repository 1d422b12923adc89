package io.sallyport.analysis.text;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import java.util.List;
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

    private static final ImmutableMap<String, CelKind> RESULTS = ImmutableMap.<String, CelKind>builder()
            .put("size", CelKind.INT)
            .put("int", CelKind.INT)
            .put("uint", CelKind.UINT)
            .put("double", CelKind.DOUBLE)
            .put("bool", CelKind.BOOL)
            .put("bytes", CelKind.BYTES)
            .put("type", CelKind.TYPE)
            .put("timestamp", CelKind.TIMESTAMP)
            .put("duration", CelKind.DURATION)
            .put("matches", CelKind.BOOL)
            .put("contains", CelKind.BOOL)
            .put("startsWith", CelKind.BOOL)
            .put("endsWith", CelKind.BOOL)
            .put("re.extract", CelKind.STRING)
            .put("re.capture", CelKind.STRING)
            .buildOrThrow();

    private static final ImmutableSet<String> OF_STRINGS =
            ImmutableSet.of("matches", "contains", "startsWith", "endsWith", "re.extract", "re.capture", "re.captureN");
    private static final ImmutableSet<CelKind> STRINGS = Sets.immutableEnumSet(CelKind.STRING);
    private static final ImmutableSet<CelKind> TIMES = Sets.immutableEnumSet(CelKind.TIMESTAMP);
    private static final ImmutableSet<CelKind> CLOCKS = Sets.immutableEnumSet(CelKind.TIMESTAMP, CelKind.DURATION);
    private static final ImmutableSet<String> OF_CLOCKS =
            ImmutableSet.of("getHours", "getMinutes", "getSeconds", "getMilliseconds");
    private static final ImmutableSet<CelKind> SIZED =
            Sets.immutableEnumSet(CelKind.STRING, CelKind.BYTES, CelKind.LIST, CelKind.MAP, CelKind.TEXTS);

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

    /// What a call gives.
    static CelKind result(String name) {
        return CALENDAR.contains(name) ? CelKind.INT : RESULTS.getOrDefault(name, CelKind.ANY);
    }

    /// Why a call that Envoy builds fails whenever it is worked out: an operand that the function does not take.
    static Optional<String> mistake(String name, List<CelKind> operands) {
        if (OF_STRINGS.contains(name)) {
            return refused(operands, STRINGS, "a string");
        }
        // A time zone is a string.
        var first = operands.subList(0, Math.min(1, operands.size()));
        if (CALENDAR.contains(name)) {
            return refused(first, OF_CLOCKS.contains(name) ? CLOCKS : TIMES, "a timestamp");
        }
        return name.equals("size") ? refused(first, SIZED, "a string, list or map") : Optional.empty();
    }

    private static Optional<String> refused(List<CelKind> operands, ImmutableSet<CelKind> taken, String expected) {
        return operands.stream()
                .filter(operand -> !operand.canBe(taken))
                .findFirst()
                .map(operand ->
                        "takes no %s (expected: %s)".formatted(operand.shown().replaceFirst("^an? ", ""), expected));
    }
}
