package io.sallyport.cli.finding;

import io.sallyport.cli.Terminal;
import io.sallyport.cli.Terminal.Colour;
import io.sallyport.model.Severity;
import java.util.Collection;
import java.util.Optional;

/// Prints findings for people: what and where, the line of the file, a caret under the offending word.
///
/// ```
/// error SP1001 Gateway shop/edge spec.servers[0], gateway.yaml:9:5
///    9 |     hotsts: ["*"]
///      |     ^^^^^^ unknown field "hotsts" (did you mean "hosts"?)
/// ```
public final class FindingPrinter {

    // Longer lines are cut around the offending word.
    private static final int WIDTH = 160;

    // Lines of secrets stay in their files.
    private static final String SECRET = "Secret";

    private final Terminal terminal;
    private final SourceText sources;

    public FindingPrinter(Terminal terminal, SourceText sources) {
        this.terminal = terminal;
        this.sources = sources;
    }

    public void print(Collection<ReportedFinding> findings) {
        findings.forEach(this::print);
    }

    private void print(ReportedFinding finding) {
        var place = finding.place();
        terminal.print(colour(finding.severity()), finding.severity().text(), " " + finding.code() + where(place));
        var source = sourceLine(place);
        if (source.isPresent()) {
            printSource(finding, source.get());
        } else {
            finding.message().lines().forEach(line -> terminal.print("     | " + line));
        }
        for (var related : finding.related()) {
            terminal.print("     | see" + where(related));
        }
    }

    private void printSource(ReportedFinding finding, String source) {
        var place = finding.place();
        var line = place.line() == null ? 0 : place.line();
        var column = place.column() == null ? 1 : Math.min(place.column(), source.length() + 1);
        var excerpt = Excerpt.of(source, column, WIDTH);
        terminal.print("%4d | %s".formatted(line, excerpt.text()));
        var messages = finding.message().lines().toList();
        var pad = " ".repeat(excerpt.before());
        for (var i = 0; i < messages.size(); i++) {
            var mark = (i == 0 ? "^" : " ").repeat(excerpt.length());
            terminal.print("     | " + pad + mark + " " + messages.get(i));
        }
    }

    private Optional<String> sourceLine(Place place) {
        var file = place.file();
        var line = place.line();
        if (SECRET.equals(place.kind())) {
            return Optional.empty();
        }
        return file == null || line == null ? Optional.empty() : sources.line(file, line);
    }

    /// ` Gateway shop/edge spec.servers[0], gateway.yaml:9:5`, as far as it is known; starts with a space or is empty.
    public static String where(Place place) {
        var object = place.object();
        var path = place.path() == null ? "" : place.path();
        var subject = object.isEmpty() ? path : path.isEmpty() ? object : object + " " + path;
        var position = place.position();
        if (subject.isEmpty()) {
            return position.isEmpty() ? "" : " " + position;
        }
        return position.isEmpty() ? " " + subject : " " + subject + ", " + position;
    }

    private static Colour colour(Severity severity) {
        return switch (severity) {
            case ERROR -> Colour.RED;
            case WARNING -> Colour.YELLOW;
            case INFO -> Colour.BLUE;
        };
    }
}
