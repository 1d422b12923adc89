package io.sallyport.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class MainTest {

    private final FakeTerminal screen = new FakeTerminal();

    @Test
    void anUnknownCommandIsOneLineWithTheNearestOne() {
        assertThat(Main.commandLine(screen.terminal(), new Greet()).execute("greeet"))
                .isEqualTo(2);

        assertThat(screen.err())
                .isEqualTo("error: unknown command \"greeet\" (did you mean \"greet\"?). See: sallyport --help\n");
    }

    @Test
    void anUnknownOptionIsOneLineWithTheNearestOne() {
        assertThat(Main.commandLine(screen.terminal(), new Greet()).execute("greet", "--nmae", "x"))
                .isEqualTo(2);

        assertThat(screen.err())
                .isEqualTo(
                        "error: unknown option \"--nmae\" (did you mean \"--name\"?). See: sallyport greet --help\n");
    }

    @Test
    void aFailureIsOneLineAndItsExitCode() {
        assertThat(Main.commandLine(screen.terminal(), new Greet()).execute("greet", "--name", "nobody"))
                .isEqualTo(1);

        assertThat(screen.err()).isEqualTo("error: nobody is away\n");
    }

    @Test
    void helpIsPrintedByEveryCommand() {
        assertThat(Main.commandLine(screen.terminal(), new Greet()).execute("greet", "--help"))
                .isEqualTo(0);

        assertThat(screen.out()).startsWith("Usage: sallyport greet");
    }

    @Test
    void versionIsPrinted() {
        assertThat(screen.run("--version")).isEqualTo(0);

        assertThat(screen.out()).startsWith("sallyport 0.");
    }

    @Command(name = "greet", description = "Says hello.")
    private static final class Greet implements Callable<Integer> {

        @Option(names = "--name")
        private String name = "";

        @Override
        public Integer call() throws CommandFailedException {
            if (name.equals("nobody")) {
                throw CommandFailedException.no("nobody is away");
            }
            return ExitCode.OK;
        }
    }
}
