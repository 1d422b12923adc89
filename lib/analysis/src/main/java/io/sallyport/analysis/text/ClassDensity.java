package io.sallyport.analysis.text;

/// How many ranges of bytes the densest character class of an expression may have. re2j counts a class as one
/// step, Envoy counts each of its ranges: `[acegikmoqsuwy]{1000}` is 1,002 steps to one and 13,004 to the
/// other (measured).
final class ClassDensity {

    // What Envoy makes of a class with a name: 7 ranges of \p{L}, the most that was measured.
    private static final int NAMED = 8;

    private final String regex;
    private int at;

    private ClassDensity(String regex) {
        this.regex = regex;
    }

    /// An upper bound, from the text alone. Only for an expression that compiles.
    static int of(String regex) {
        return new ClassDensity(regex).densest();
    }

    private int densest() {
        int densest = NAMED;
        while (at < regex.length()) {
            char c = regex.charAt(at++);
            if (c == '\\') {
                at++;
            } else if (c == '[') {
                densest = Math.max(densest, ranges());
            }
        }
        return densest;
    }

    // One for each member, and one more for what is left out. A "]" right in front is a member.
    private int ranges() {
        int count = 1;
        if (at < regex.length() && regex.charAt(at) == '^') {
            at++;
        }
        for (boolean first = true; at < regex.length() && (first || regex.charAt(at) != ']'); first = false) {
            count += member();
        }
        at++;
        return count;
    }

    private int member() {
        char c = regex.charAt(at++);
        if (c == '[' && at < regex.length() && regex.charAt(at) == ':') {
            at = Math.max(at, regex.indexOf(":]", at)) + 2;
            return NAMED;
        }
        if (c != '\\' || at >= regex.length()) {
            return 1;
        }
        char escaped = regex.charAt(at++);
        if (escaped == 'x') {
            at += 2;
            return 1;
        }
        return Character.isLetter(escaped) ? NAMED : 1;
    }
}
