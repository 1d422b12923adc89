package io.sallyport.testkit.stack;

import io.sallyport.cli.Main;
import io.sallyport.cli.Terminal;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/// The command line as a user has it, beside a running Sallyport. Commands find the server by its data directory.
public final class Shell {

    private final Path data;
    private final List<String> more;

    /// `more` are options that every command gets.
    public Shell(Path data, String... more) {
        this.data = data;
        this.more = List.of(more);
    }

    /// What a command printed and returned.
    public record Answer(int exitCode, String out, String err) {}

    /// Runs `sallyport WORD...`.
    public Answer run(String... words) {
        var line = new ArrayList<>(List.of(words));
        if (!line.getFirst().equals("check")) {
            line.addAll(List.of("--data", data.toString()));
            line.addAll(more);
        }
        var out = new StringWriter();
        var err = new StringWriter();
        var terminal = new Terminal(
                InputStream.nullInputStream(),
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                () -> false,
                InstantSource.system());
        var exitCode = Main.commandLine(terminal).execute(line.toArray(String[]::new));
        return new Answer(exitCode, out.toString(), err.toString());
    }
}
