package io.sallyport.standalone;

import io.sallyport.cli.Terminal;
import io.sallyport.runtime.FatalErrors;
import java.util.logging.Level;
import java.util.logging.Logger;

/// The program that `./sallyport` runs: the command line, with the commands that run services.
public final class Main {

    /// Held, since `java.util.logging` forgets the level of a logger that nobody holds. Commands that run no
    /// service set up no other logging, and gRPC would tell their users about its transports.
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private Main() {}

    static void main(String[] args) {
        FatalErrors.endTheProcess();
        GRPC.setLevel(Level.WARNING);
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
