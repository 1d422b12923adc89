package io.sallyport.standalone;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sallyport.cli.Terminal;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// Every `sallyport …` of the pages is a command that there is, with options that it has. Those that stand alone in a
/// block are parsed as a whole.
class DocumentedCommandsTest {

    private static final Path DOCS = Path.of("../docs");
    private static final Pattern INLINE = Pattern.compile("`(?:\\./)?sallyport ([^`]+)`");
    // What the launcher does by itself.
    private static final Set<String> LAUNCHER =
            Set.of("build", "test", "golden", "format", "bench", "images", "envoy", "chdb");

    private static CommandLine line() {
        var terminal = Terminal.ofProcess();
        return io.sallyport.cli.Main.commandLine(
                terminal, new UpCommand(terminal), new ServiceCommand(terminal), new BootstrapCommand(terminal));
    }

    private static List<Path> pages() throws IOException {
        var pages = new ArrayList<Path>();
        try (var files = Files.list(DOCS)) {
            files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        pages.add(Path.of("../README.md"));
        return pages;
    }

    // Up to a comment, a pipe, or where the output goes.
    private static List<String> words(String command) {
        var words = new ArrayList<String>();
        var word = Pattern.compile("'[^']*'|\"[^\"]*\"|\\S+").matcher(command);
        while (word.find()) {
            var text = word.group();
            if (text.equals("|") || text.equals(">") || text.startsWith("#") || text.equals("<")) {
                break;
            }
            words.add(text.replaceAll("^['\"]|['\";]+$", ""));
            if (text.endsWith(";")) {
                break;
            }
        }
        return words;
    }

    // A lone % makes the library print a warning above the help.
    @Test
    void helpIsPrintedAsItIsWritten() {
        var commands = new ArrayDeque<>(List.of(line()));
        var tried = 0;
        while (!commands.isEmpty()) {
            var command = commands.pop();
            commands.addAll(command.getSubcommands().values());
            var spec = command.getCommandSpec();
            var texts = new ArrayList<String>();
            // As written: the library gives out what it has formatted.
            for (var argument : spec.args()) {
                if (argument.userObject() instanceof AnnotatedElement element) {
                    Optional.ofNullable(element.getAnnotation(CommandLine.Option.class))
                            .ifPresent(option -> texts.addAll(List.of(option.description())));
                    Optional.ofNullable(element.getAnnotation(CommandLine.Parameters.class))
                            .ifPresent(parameters -> texts.addAll(List.of(parameters.description())));
                }
            }
            for (var text : texts) {
                tried++;
                assertThatCode(() -> String.format(text))
                        .as("%s: %s", spec.qualifiedName(), text)
                        .doesNotThrowAnyException();
            }
        }
        assertThat(tried).isGreaterThan(100);
    }

    @Test
    void commandsOfBlocksParse() throws IOException {
        var wrong = new TreeSet<String>();
        var tried = 0;
        for (var page : pages()) {
            var isShell = false;
            for (var text : Files.readAllLines(page)) {
                if (text.startsWith("```")) {
                    isShell = text.equals("```sh");
                } else if (isShell && text.startsWith("./sallyport ")) {
                    var words = words(text.substring("./sallyport ".length()));
                    if (!LAUNCHER.contains(words.getFirst())) {
                        tried++;
                        try {
                            line().parseArgs(words.toArray(String[]::new));
                        } catch (CommandLine.ParameterException e) {
                            wrong.add(page.getFileName() + ": " + text + ": " + e.getMessage());
                        }
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(tried).isGreaterThan(10);
    }

    @Test
    void commandsInSentencesAreThereWithTheirOptions() throws IOException {
        var wrong = new TreeSet<String>();
        var tried = 0;
        for (var page : pages()) {
            var inline = INLINE.matcher(Files.readString(page));
            while (inline.find()) {
                tried++;
                objection(words(inline.group(1).replace("\n", " ")))
                        .ifPresent(reason -> wrong.add(page.getFileName() + ": " + inline.group() + ": " + reason));
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(tried).isGreaterThan(20);
    }

    private static Optional<String> objection(List<String> words) {
        if (LAUNCHER.contains(words.getFirst()) || words.getFirst().startsWith("…")) {
            return Optional.empty();
        }
        var command = line();
        for (var word : words) {
            // `egress check|list|coverage` names several, and `[-n NAMESPACE]` what may be there.
            var plain = word.replaceAll("[\\[\\]…,]", "");
            if (plain.startsWith("-")) {
                var option = plain.replaceAll("[=|].*", "");
                if (!option.matches("-+")
                        && !command.getCommandSpec().optionsMap().containsKey(option)) {
                    return Optional.of(option + " is no option of " + command.getCommandName());
                }
            } else if (!command.getSubcommands().isEmpty()) {
                for (var name : plain.split("\\|", -1)) {
                    if (!command.getSubcommands().containsKey(name)) {
                        return Optional.of(name + " is no command");
                    }
                }
                command = requireNonNull(command.getSubcommands().get(plain.split("\\|", -1)[0]));
            }
        }
        return Optional.empty();
    }
}
