package io.sallyport.standalone.envoy;

import com.google.common.collect.ImmutableMap;

/// What a process was killed by, in the words of `kill -l`: `signal 9 (SIGKILL)`.
final class Signals {

    /// A process that signal 9 killed has the exit code 137, to Java as to a shell.
    static final int CODES = 128;

    static final int KILL = 9;

    // Those with one number on every Linux that Envoy is built for.
    private static final ImmutableMap<Integer, String> NAMES = ImmutableMap.<Integer, String>builder()
            .put(1, "SIGHUP")
            .put(2, "SIGINT")
            .put(3, "SIGQUIT")
            .put(4, "SIGILL")
            .put(6, "SIGABRT")
            .put(7, "SIGBUS")
            .put(8, "SIGFPE")
            .put(KILL, "SIGKILL")
            .put(11, "SIGSEGV")
            .put(13, "SIGPIPE")
            .put(15, "SIGTERM")
            .put(24, "SIGXCPU")
            .put(25, "SIGXFSZ")
            .put(31, "SIGSYS")
            .buildOrThrow();

    private Signals() {}

    static String written(int signal) {
        var name = NAMES.get(signal);
        return "signal " + signal + (name == null ? "" : " (" + name + ")");
    }
}
