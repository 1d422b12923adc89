package io.sallyport.model.read;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Compares words for "did you mean", and quotes what a user wrote so that no message becomes unreadable by it.
public final class Words {

    private static final int LONGEST_QUOTE = 80;

    private Words() {}

    /// The nearest of the known words, if it is near enough to be meant: `hsots` is near `hosts`. Case and separators
    /// do not count.
    public static Optional<String> nearest(String word, Collection<String> known) {
        if (word.length() > LONGEST_QUOTE) {
            return Optional.empty();
        }
        var plain = plain(word);
        record Candidate(String word, int distance) {}
        var candidates = new ArrayList<Candidate>();
        for (var each : known) {
            var other = plain(each);
            var limit = Math.max(1, Math.min(plain.length(), other.length()) / 3);
            var distance = distance(plain, other, limit);
            if (distance <= limit) {
                candidates.add(new Candidate(each, distance));
            }
        }
        return candidates.stream()
                .min(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::word))
                .map(Candidate::word);
    }

    /// A text in quotes, cut when long, with control characters spelled out.
    public static String quote(String text) {
        var quoted = new StringBuilder("\"");
        for (var i = 0; i < text.length(); i++) {
            if (i == LONGEST_QUOTE) {
                return quoted.append("…\"").toString();
            }
            var c = text.charAt(i);
            if (Character.isISOControl(c) || c == 0x2028 || c == 0x2029 || Character.getType(c) == Character.FORMAT) {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }

    /// ` (did you mean "x"?)`, or what is expected.
    static String hint(String word, Collection<String> known) {
        return nearest(word, known)
                .map(near -> " (did you mean \"%s\"?)".formatted(near))
                .orElseGet(() -> " (expected: %s)".formatted(String.join(", ", List.copyOf(known))));
    }

    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "");
    }

    /// Edits between two words, where a swap of neighbours is one; more than `limit` counts as `limit + 1`.
    static int distance(String a, String b, int limit) {
        if (Math.abs(a.length() - b.length()) > limit) {
            return limit + 1;
        }
        var before = new int[b.length() + 1];
        var last = new int[b.length() + 1];
        var row = new int[b.length() + 1];
        for (var j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (var i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (var j = 1; j <= b.length(); j++) {
                var cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(Math.min(row[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], before[j - 2] + 1);
                }
            }
            var spare = before;
            before = last;
            last = row;
            row = spare;
        }
        return last[b.length()];
    }
}
