package io.sallyport.cli;

import com.google.common.collect.ImmutableSet;
import io.sallyport.cli.check.CheckCommand;
import io.sallyport.cli.config.ApplyCommand;
import io.sallyport.cli.config.DeleteCommand;
import io.sallyport.cli.config.GetCommand;
import io.sallyport.cli.config.HistoryCommand;
import io.sallyport.cli.egress.EgressCommand;
import io.sallyport.cli.inject.InjectCommand;
import io.sallyport.cli.log.LogsCommand;
import io.sallyport.cli.proxy.ProxyConfigCommand;
import io.sallyport.cli.proxy.ProxyStatusCommand;
import io.sallyport.cli.secret.SecretsCommand;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.NetworkDialer;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The wiring of the command line. The program that has servers too (`standalone`) adds its commands:
///
/// ```java
/// System.exit(Main.commandLine(Terminal.ofProcess(), new UpCommand()).execute(args));
/// ```
public final class Main {

    private static final ImmutableSet<Class<?>> NUMBERS =
            ImmutableSet.of(int.class, long.class, Integer.class, Long.class);

    private Main() {}

    static void main(String[] args) {
        System.exit(commandLine(Terminal.ofProcess()).execute(args));
    }

    /// All commands that need no server code, and `more`: objects with picocli's `@Command`. A command ends
    /// with an exit code, or throws [CommandFailedException] with the one line that the user should see.
    public static CommandLine commandLine(Terminal terminal, Object... more) {
        return commandLine(terminal, new NetworkDialer(), more);
    }

    /// The same with another way to reach servers.
    public static CommandLine commandLine(Terminal terminal, Dialer dialer, Object... more) {
        var line = new CommandLine(new SallyportCommand())
                .addSubcommand(new CheckCommand(terminal))
                .addSubcommand(new ApplyCommand(terminal, dialer))
                .addSubcommand(new DeleteCommand(terminal, dialer))
                .addSubcommand(new GetCommand(terminal, dialer))
                .addSubcommand(new HistoryCommand(terminal, dialer))
                .addSubcommand(new ProxyStatusCommand(terminal, dialer))
                .addSubcommand(new SecretsCommand(terminal, dialer))
                .addSubcommand(new InjectCommand(terminal))
                .addSubcommand(new LogsCommand(terminal, dialer))
                .addSubcommand(EgressCommand.commandLine(terminal, dialer))
                .addSubcommand(ProxyConfigCommand.commandLine(terminal, dialer));
        for (var command : more) {
            line.addSubcommand(command);
        }
        line.getCommandSpec().mixinStandardHelpOptions(true).version("sallyport " + version());
        giveHelp(line);
        // From here on for the commands as well: picocli hands settings down to those that exist.
        line.setOut(terminal.out());
        line.setErr(terminal.err());
        line.setUsageHelpAutoWidth(false);
        line.setUsageHelpWidth(100);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setAbbreviatedOptionsAllowed(false);
        line.setExpandAtFiles(false);
        line.setExecutionStrategy(new CommandLine.RunLast());
        line.setParameterExceptionHandler((wrong, _) -> explain(terminal, wrong));
        line.setExecutionExceptionHandler((failure, _, _) -> report(terminal, failure));
        return line;
    }

    private static void giveHelp(CommandLine parent) {
        for (var command : Set.copyOf(parent.getSubcommands().values())) {
            command.getCommandSpec().mixinStandardHelpOptions(true);
            giveHelp(command);
        }
    }

    /// The version of this build: `0.1.0`.
    public static String version() {
        var version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "0.1.0" : version;
    }

    private static int explain(Terminal terminal, ParameterException wrong) {
        var command = wrong.getCommandLine().getCommandSpec().qualifiedName();
        terminal.complain("error: " + message(wrong) + ". See: " + command + " --help");
        return ExitCode.UNABLE;
    }

    private static String message(ParameterException wrong) {
        if (wrong instanceof UnmatchedArgumentException unmatched) {
            var word = unmatched.getUnmatched().getFirst();
            var line = unmatched.getCommandLine();
            if (unmatched.isUnknownOption()) {
                var options = line.getCommandSpec().optionsMap().keySet();
                return "unknown option \"" + word + "\"" + Suggestion.of(word, options);
            }
            if (!line.getSubcommands().isEmpty()) {
                return "unknown command \"" + word + "\""
                        + Suggestion.of(word, line.getSubcommands().keySet());
            }
            return "unexpected \"" + word + "\"";
        }
        if (wrong.getValue() != null
                && wrong.getArgSpec() instanceof OptionSpec option
                && NUMBERS.contains(option.type())) {
            return option.longestName() + " \"" + wrong.getValue() + "\" (expected: a whole number)";
        }
        var text = String.valueOf(wrong.getMessage());
        if (wrong instanceof MissingParameterException) {
            return text.substring(0, 1).toLowerCase(java.util.Locale.ROOT) + text.substring(1);
        }
        return text.lines().findFirst().orElse("wrong usage");
    }

    private static int report(Terminal terminal, Exception failure) {
        var cause = failure instanceof ExecutionException && failure.getCause() instanceof Exception inner
                ? inner
                : failure;
        if (cause instanceof CommandFailedException failed) {
            terminal.complain("error: " + failed.getMessage());
            return failed.exitCode();
        }
        terminal.complain("error: this is a bug of Sallyport, please report it with these lines:");
        cause.printStackTrace(terminal.err());
        return ExitCode.UNABLE;
    }
}
