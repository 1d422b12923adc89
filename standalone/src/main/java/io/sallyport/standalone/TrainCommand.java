package io.sallyport.standalone;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.runtime.Lifecycle;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// What the launcher runs once after a build, so that the JVM's ahead-of-time cache knows what `check` and `up` load.
/// It does the work of both, without Envoy and on chosen ports, and ends.
///
/// `up` starts with some hundreds of files, and again with the data that it has by then: the cache also holds what
/// methods did when they ran, so that a later start knows at once which of them are worth compiling, and how.
@Command(name = "train", hidden = true, description = "Warms up what a start needs, for the ahead-of-time cache.")
final class TrainCommand implements Callable<Integer> {

    private static final int ROUNDS = 3;
    private static final int STARTS = 2;

    private final Terminal terminal;

    @Option(names = "--examples", required = true)
    private Path examples = Path.of("");

    @Option(names = "--data", required = true)
    private Path data = Path.of("");

    TrainCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandFailedException, InterruptedException {
        var quiet = new Terminal(
                terminal.in(),
                new PrintWriter(Writer.nullWriter()),
                new PrintWriter(Writer.nullWriter()),
                () -> false,
                terminal.clock());
        var quickstart = examples.resolve("quickstart");
        for (var round = 0; round < ROUNDS; round++) {
            io.sallyport.cli.Main.commandLine(quiet).execute("check", quickstart.toString());
        }
        try {
            var directory = TrainingFiles.write(quickstart, data.resolve("files"));
            for (var start = 0; start < STARTS; start++) {
                up(directory, quiet);
            }
            return ExitCode.OK;
        } catch (IOException | FolderInUseException e) {
            throw CommandFailedException.unable(String.valueOf(e.getMessage()));
        }
    }

    private void up(Path directory, Terminal quiet) throws IOException, FolderInUseException, InterruptedException {
        var lifecycle = new Lifecycle();
        try (lifecycle) {
            var folder = lifecycle.started("data folder", DataFolder.open(data.resolve("state")));
            var ports = new AllInOne.Ports(0, 0, 0);
            AllInOne.start(
                            lifecycle,
                            directory,
                            folder,
                            ports,
                            Optional.empty(),
                            ServiceSettings.LogChoices.NONE,
                            quiet)
                    .announce(false);
        }
    }
}
