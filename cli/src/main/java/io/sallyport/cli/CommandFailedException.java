package io.sallyport.cli;

/// Ends a command with one message for the user, who can do something about it: the message says what.
public class CommandFailedException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    public CommandFailedException(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /// What was asked for could not be done or tried: exit code 2.
    public static CommandFailedException unable(String message) {
        return new CommandFailedException(ExitCode.UNABLE, message);
    }

    /// The answer is no: exit code 1.
    public static CommandFailedException no(String message) {
        return new CommandFailedException(ExitCode.NO, message);
    }

    public int exitCode() {
        return exitCode;
    }
}
