package io.sallyport.cli;

/// What the commands return to the shell.
public final class ExitCode {

    /// Done, or nothing wrong.
    public static final int OK = 0;

    /// The answer is no: there are errors in the configuration, it was refused, or what was asked for is not there.
    public static final int NO = 1;

    /// The question could not be asked: wrong usage, a file that cannot be read, a server that is away.
    public static final int UNABLE = 2;

    private ExitCode() {}
}
