package io.sallyport.model;

import com.google.re2j.Pattern;
import java.util.ArrayDeque;

/// How often a regular expression in RE2's syntax repeats one thing: six times for `(a{2}b){3}`. RE2 itself, Go and
/// Envoy refuse more than 1,000; re2j does not count those inside one another, and `((a{1000}){1000}){1000}` costs it
/// all memory. So this is asked before re2j is. Source: `repeatIsValid` of Go's `regexp/syntax`.
public final class Repetitions {

    /// What every engine takes.
    public static final int MOST = 1_000;

    // What stands in other braces is text.
    private static final Pattern COUNT = Pattern.compile("([0-9]{1,9})(,([0-9]{0,9}))?");

    private final String regex;
    private int at;

    // Of each group that is open, the innermost first.
    private final ArrayDeque<Long> open = new ArrayDeque<>();

    // Of what was read last, which the next count repeats; and of the group so far.
    private long last = 1;
    private long most = 1;

    private Repetitions(String regex) {
        this.regex = regex;
    }

    /// Whether a repetition, with those that it is inside of, is of more than [#MOST].
    public static boolean areTooMany(String regex) {
        return new Repetitions(regex).most() > MOST;
    }

    private long most() {
        while (at < regex.length() && most <= MOST) {
            read(regex.charAt(at++));
        }
        return most;
    }

    private void read(char c) {
        switch (c) {
            case '\\' -> {
                escape();
                last = 1;
            }
            case '[' -> {
                skipClass();
                last = 1;
            }
            case '(' -> {
                open.push(most);
                most = 1;
                last = 1;
            }
            case ')' -> {
                last = most;
                most = Math.max(most, open.isEmpty() ? 1 : open.pop());
            }
            case '{' -> count();
            case '*', '+', '?' -> {}
            default -> last = 1;
        }
    }

    private void count() {
        var end = regex.indexOf('}', at);
        var count = COUNT.matcher(end < 0 ? "" : regex.substring(at, end));
        if (!count.matches()) {
            last = 1;
            return;
        }
        at = end + 1;
        var upper = count.group(3);
        var times = Long.parseLong(upper == null || upper.isEmpty() ? count.group(1) : upper);
        last *= Math.max(1, times);
        most = Math.max(most, last);
    }

    // The braces of \p{Greek} and \x{10FFFF} count nothing.
    private void escape() {
        if (at >= regex.length()) {
            return;
        }
        var escaped = regex.charAt(at++);
        if (escaped == 'Q') {
            var end = regex.indexOf("\\E", at);
            at = end < 0 ? regex.length() : end + 2;
        } else if ((escaped == 'p' || escaped == 'P' || escaped == 'x') && regex.startsWith("{", at)) {
            var end = regex.indexOf('}', at);
            at = end < 0 ? regex.length() : end + 1;
        }
    }

    // A "]" right in front is a member, and so is that of [:alpha:].
    private void skipClass() {
        if (regex.startsWith("^", at)) {
            at++;
        }
        if (regex.startsWith("]", at)) {
            at++;
        }
        while (at < regex.length()) {
            var c = regex.charAt(at++);
            if (c == '\\') {
                at++;
            } else if (c == '[' && regex.startsWith(":", at)) {
                var end = regex.indexOf(":]", at);
                at = end < 0 ? at : end + 2;
            } else if (c == ']') {
                return;
            }
        }
    }
}
