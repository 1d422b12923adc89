package io.sallyport.analysis.text;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.sallyport.model.Repetitions;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Regular expressions in RE2's syntax, compiled by the same grammar that Envoy uses. Source of the bound:
/// Istio refuses above 1,024 bytes. `java.util.regex` is never used on text of users.
public final class Regexes {

    private static final int LONGEST = 1024;
    private static final int LARGEST_PROGRAM = 2048;
    // What the bootstrap of every gateway sets.
    private static final int ENVOYS_LARGEST_PROGRAM = 32_768;

    private Regexes() {}

    /// What is wrong with the expression itself.
    public static Optional<String> problem(String regex) {
        int length = regex.getBytes(StandardCharsets.UTF_8).length;
        if (length > LONGEST) {
            return Optional.of("regex of %d bytes (expected: at most 1024)".formatted(length));
        }
        if (Repetitions.areTooMany(regex)) {
            return Optional.of("regex \"%s\" (expected: RE2 syntax; repetitions inside one another make at most %,d)"
                    .formatted(regex, Repetitions.MOST));
        }
        try {
            Pattern.compile(regex);
            return Optional.empty();
        } catch (PatternSyntaxException e) {
            return Optional.of("regex \"%s\" (expected: RE2 syntax; %s)".formatted(regex, reason(e)));
        }
    }

    /// Whether the compiled program is larger than what every Envoy of ours takes. Only for expressions without a
    /// [#problem].
    public static boolean isTooLarge(String regex) {
        int size = Pattern.compile(regex).programSize();
        return size > LARGEST_PROGRAM || (long) size * ClassDensity.of(regex) > ENVOYS_LARGEST_PROGRAM;
    }

    /// What is wrong with the replacement of an expression without a [#problem]: `\0` is all that matched, `\1` its
    /// first group, `\\` a backslash. RE2 replaces nothing at all when it cannot read it.
    public static Optional<String> substitutionProblem(String regex, String replacement) {
        int groups = Pattern.compile(regex).groupCount();
        for (int i = replacement.indexOf('\\'); i >= 0; i = replacement.indexOf('\\', i + 2)) {
            char next = i + 1 < replacement.length() ? replacement.charAt(i + 1) : ' ';
            boolean known = next == '\\' || (next >= '0' && next <= '9' && next - '0' <= groups);
            if (!known) {
                return Optional.of("rewrite \"%s\" (expected: a \"\\\" only before 0 to %d, or before another one)"
                        .formatted(replacement, Math.min(groups, 9)));
            }
        }
        return Optional.empty();
    }

    private static String reason(PatternSyntaxException e) {
        var pattern = e.getPattern();
        return pattern == null || pattern.isEmpty() ? e.getDescription() : e.getDescription() + ": " + pattern;
    }
}
