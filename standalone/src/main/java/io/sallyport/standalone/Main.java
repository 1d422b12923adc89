package io.sallyport.standalone;

import io.sallyport.cli.Terminal;

/// The program that `./sallyport` runs: the command line, with the commands that run services.
public final class Main {

    private Main() {}

    static void main(String[] args) {
        System.exit(io.sallyport.cli.Main.commandLine(Terminal.ofProcess()).execute(args));
    }
}
