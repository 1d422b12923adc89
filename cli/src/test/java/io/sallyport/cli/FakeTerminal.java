package io.sallyport.cli;

import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;

/// A terminal in memory: what a command prints can be read back. Its clock stands still and nobody is watching.
public final class FakeTerminal {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Terminal terminal;

    public FakeTerminal() {
        this("");
    }

    public FakeTerminal(String input) {
        terminal = new Terminal(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                () -> false,
                InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z")));
    }

    public Terminal terminal() {
        return terminal;
    }

    /// Runs one command line against this terminal and returns its exit code.
    public int run(String... words) {
        return Main.commandLine(terminal).execute(words);
    }

    public String out() {
        return out.toString();
    }

    public String err() {
        return err.toString();
    }
}
