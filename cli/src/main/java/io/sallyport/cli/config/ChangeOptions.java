package io.sallyport.cli.config;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Moments;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options of commands that make a revision.
final class ChangeOptions {

    /// Forms of an answer.
    enum Form {
        text,
        json
    }

    @Option(
            names = "--wait",
            arity = "0..1",
            fallbackValue = "30s",
            paramLabel = "DURATION",
            description = "Return when every affected gateway is live, or say who is not (exit 1). Default: 30s.")
    private @Nullable String wait;

    @Option(names = "--dry-run", description = "Say what would happen. Nothing is stored.")
    private boolean dryRun;

    @Option(
            names = {"-m", "--message"},
            paramLabel = "MSG",
            description = "Why, for the history.")
    private String message = "";

    @Option(
            names = "--expected-revision",
            paramLabel = "N",
            description = "Refuse if the newest revision is another one.")
    private @Nullable Long expectedRevision;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            description = "How to answer. Default: text.")
    private Form form = Form.text;

    Optional<Duration> patience() throws CommandFailedException {
        return wait == null || dryRun ? Optional.empty() : Optional.of(Moments.duration(wait));
    }

    boolean isDryRun() {
        return dryRun;
    }

    String message() {
        return message;
    }

    Optional<Long> expectedRevision() {
        return Optional.ofNullable(expectedRevision);
    }

    boolean isJson() {
        return form == Form.json;
    }
}
