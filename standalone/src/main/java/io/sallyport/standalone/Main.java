package io.sallyport.standalone;

import io.sallyport.cli.Terminal;

/// The program that `./sallyport` runs: the command line, with the commands that run services.
public final class Main {

    private Main() {}

    static void main(String[] args) {
        var terminal = Terminal.ofProcess();
        System.exit(io.sallyport.cli.Main.commandLine(
                        terminal,
                        new UpCommand(terminal),
                        new ServiceCommand(terminal),
                        new BootstrapCommand(terminal),
                        new TrainCommand(terminal))
                .execute(args));
    }
}
