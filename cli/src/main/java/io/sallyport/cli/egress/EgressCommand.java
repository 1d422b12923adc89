package io.sallyport.cli.egress;

import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Dialer;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The parent of the questions about what leaves. Like every parent, it only tells what there is.
@Command(
        name = "egress",
        description = "Show what may leave, through which door, and why.",
        synopsisSubcommandLabel = "QUESTION")
public final class EgressCommand {

    private EgressCommand() {}

    /// The command with its seven subcommands.
    public static CommandLine commandLine(Terminal terminal, Dialer dialer) {
        return new CommandLine(new EgressCommand())
                .addSubcommand(new EgressCheckCommand(terminal, dialer))
                .addSubcommand(new EgressListCommand(terminal, dialer))
                .addSubcommand(new EgressCoverageCommand(terminal, dialer))
                .addSubcommand(new EgressAuditCommand(terminal, dialer))
                .addSubcommand(new EgressSuggestCommand(terminal, dialer))
                .addSubcommand(new EgressExpandCommand(terminal, dialer))
                .addSubcommand(new EgressLockdownCommand(terminal, dialer));
    }
}
