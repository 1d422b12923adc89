package io.sallyport.cli;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/// The near miss: ` (did you mean "check"?)`, or nothing when no word is near.
public final class Suggestion {

    private Suggestion() {}

    /// A text to append to "unknown …"; empty when nothing is near enough to be meant.
    public static String of(String word, Collection<String> known) {
        var wanted = word.toLowerCase(Locale.ROOT);
        var reach = Math.max(1, wanted.length() / 3);
        return known.stream()
                .filter(candidate -> distance(wanted, candidate.toLowerCase(Locale.ROOT)) <= reach)
                .min(Comparator.<String>comparingInt(candidate -> distance(wanted, candidate.toLowerCase(Locale.ROOT)))
                        .thenComparing(Comparator.naturalOrder()))
                .map(nearest -> " (did you mean \"" + nearest + "\"?)")
                .orElse("");
    }

    // Edits to get from one to the other, two swapped neighbours counting as one: typing slips look like that.
    private static int distance(String from, String to) {
        var rows = new int[from.length() + 1][to.length() + 1];
        for (var i = 0; i <= from.length(); i++) {
            rows[i][0] = i;
        }
        for (var j = 0; j <= to.length(); j++) {
            rows[0][j] = j;
        }
        for (var i = 1; i <= from.length(); i++) {
            for (var j = 1; j <= to.length(); j++) {
                var change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
                var best = Math.min(Math.min(rows[i - 1][j], rows[i][j - 1]) + 1, rows[i - 1][j - 1] + change);
                var isSwap = i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1);
                rows[i][j] = isSwap ? Math.min(best, rows[i - 2][j - 2] + 1) : best;
            }
        }
        return rows[from.length()][to.length()];
    }
}
