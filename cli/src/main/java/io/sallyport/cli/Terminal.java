package io.sallyport.cli;

import java.io.Console;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Where a command reads and prints. Everything that is printed passes [#escaped(String)], so that text from
/// a file or a server cannot move the cursor, rename the window or reverse the reading direction.
public final class Terminal {

    private final InputStream in;
    private final PrintWriter out;
    private final PrintWriter err;
    private final BooleanSupplier interactive;
    private final InstantSource clock;

    public Terminal(
            InputStream in, PrintWriter out, PrintWriter err, BooleanSupplier interactive, InstantSource clock) {
        this.in = in;
        this.out = out;
        this.err = err;
        this.interactive = interactive;
        this.clock = clock;
    }

    /// The terminal of this process, in UTF-8 whatever the locale says.
    public static Terminal ofProcess() {
        return new Terminal(
                System.in,
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                Terminal::isPersonReading,
                InstantSource.system());
    }

    // Asking for the console loads classes that most calls never need, so it is asked late.
    private static boolean isPersonReading() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }

    public InputStream in() {
        return in;
    }

    public InstantSource clock() {
        return clock;
    }

    /// Whether a person is reading: times are relative then, and severities coloured unless `NO_COLOR` is set.
    public boolean isInteractive() {
        return interactive.getAsBoolean();
    }

    public boolean isColoured() {
        return isInteractive() && System.getenv("NO_COLOR") == null;
    }

    /// Prints one line of the answer.
    public void print(String line) {
        out.println(escaped(line));
    }

    /// Prints one line whose first word is coloured on a terminal: red for `error`, yellow for `warning`.
    public void print(Colour colour, String word, String rest) {
        out.println(isColoured() ? colour.around(escaped(word)) + escaped(rest) : escaped(word + rest));
    }

    /// Prints text of several lines, which keep their ends and tabs.
    public void printText(String text) {
        var lines = text.lines().map(Terminal::escaped).toList();
        lines.forEach(out::println);
    }

    /// Prints a JSON text. Control characters can only be inside its strings, where JSON has its own way to say them.
    public void printJson(String json) {
        var safe = new StringBuilder(json.length());
        json.codePoints().forEach(c -> {
            if (isUnsafe(c) && c != '\n') {
                safe.append("\\u%04x".formatted(c));
            } else {
                safe.appendCodePoint(c);
            }
        });
        out.println(safe);
    }

    /// Prints one line beside the answer: why there is none.
    public void complain(String line) {
        err.println(escaped(line));
    }

    public PrintWriter out() {
        return out;
    }

    public PrintWriter err() {
        return err;
    }

    /// `\x1b` for an escape byte, and likewise for every character that a terminal obeys instead of showing.
    public static String escaped(String text) {
        if (text.codePoints().noneMatch(Terminal::isUnsafe)) {
            return text;
        }
        var safe = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            if (!isUnsafe(c)) {
                safe.appendCodePoint(c);
            } else if (c < 0x100) {
                safe.append("\\x%02x".formatted(c));
            } else {
                safe.append("\\u%04x".formatted(c));
            }
        });
        return safe.toString();
    }

    private static boolean isUnsafe(int c) {
        var isControl = (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0);
        var isDirection = c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
        return isControl || isDirection || c == 0x2028 || c == 0x2029;
    }

    /// The few colours in use. Never the only carrier of meaning.
    public enum Colour {
        RED("31"),
        YELLOW("33"),
        BLUE("34"),
        GREEN("32");

        private final String code;

        Colour(String code) {
            this.code = code;
        }

        String around(String text) {
            return "\033[" + code + "m" + text + "\033[0m";
        }
    }
}
