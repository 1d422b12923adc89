package io.sallyport.cli.proxy;

import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// Shows what one proxy runs, one kind of resource at a time.
@Command(
        name = "proxy-config",
        aliases = "pc",
        description = "Show what a proxy runs: its listeners, routes, clusters or endpoints.",
        synopsisSubcommandLabel = "TYPE")
public final class ProxyConfigCommand {

    private ProxyConfigCommand() {}

    /// The command with its four subcommands.
    public static CommandLine commandLine(Terminal terminal, Dialer dialer) {
        return new CommandLine(new ProxyConfigCommand())
                .addSubcommand(new ListenerCommand(terminal, dialer))
                .addSubcommand(new RouteCommand(terminal, dialer))
                .addSubcommand(new ClusterCommand(terminal, dialer))
                .addSubcommand(new EndpointCommand(terminal, dialer));
    }
}
