package io.sallyport.cli.check;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Main;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.finding.FindingJson;
import io.sallyport.cli.finding.FindingPrinter;
import io.sallyport.cli.finding.FindingSarif;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.cli.input.Documents;
import io.sallyport.model.Severity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Says what is wrong with configuration before anybody runs it: the same judgement as the server's, without a server.
@Command(name = "check", description = "Say what is wrong with files, without a server. Exit 1 if there are errors.")
public final class CheckCommand implements Callable<Integer> {

    /// Forms of an answer.
    enum Form {
        text,
        json,
        sarif
    }

    private final Terminal terminal;

    @Parameters(arity = "0..*", paramLabel = "PATH", description = "Files, directories, - for standard input.")
    private List<String> paths = List.of();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json|sarif",
            description = "How to answer. Default: text.")
    private Form form = Form.text;

    @Option(
            names = "--fix",
            description = "Print the certain repairs as a diff, for patch -p0, instead of the findings.")
    private boolean fix;

    @Option(names = "--explain", paramLabel = "CODE", description = "Explain a code: SP2101.")
    private @Nullable String code;

    public CheckCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandFailedException {
        if (code != null) {
            return explain(code);
        }
        if (paths.isEmpty()) {
            throw CommandFailedException.unable("nothing to check (expected: check PATH...)");
        }
        var started = terminal.clock().instant();
        var documents = Documents.read(paths, terminal.in());
        var findings = new Judgement(documents, started).findings();
        if (fix) {
            repair(documents, findings);
            return ReportedFinding.hasErrors(findings) ? ExitCode.NO : ExitCode.OK;
        }
        switch (form) {
            case text -> print(documents, findings, started);
            case json -> terminal.printJson(FindingJson.of(findings, documents.size()));
            case sarif -> terminal.printJson(FindingSarif.of(findings, Main.version(), RuleBook::title));
        }
        return ReportedFinding.hasErrors(findings) ? ExitCode.NO : ExitCode.OK;
    }

    // The diff alone goes to standard output, so that it can be piped into patch; what it is goes beside it.
    private void repair(Documents documents, List<ReportedFinding> findings) {
        var changes = new Repairs(documents.sources()).of(findings);
        changes.forEach(change -> terminal.printText(change.diff()));
        var mended = changes.stream().mapToInt(Repairs.Change::mended).sum();
        terminal.complain(counted(mended, "certain repair") + " for " + counted(findings.size(), "finding")
                + (mended == 0 ? "" : "; to apply: sallyport check --fix PATH... | patch -p0"));
    }

    private void print(Documents documents, List<ReportedFinding> findings, Instant started) {
        new FindingPrinter(terminal, documents.sources()).print(findings);
        var passed = Moments.written(Duration.between(started, terminal.clock().instant()));
        var more = findings.isEmpty()
                ? ""
                : ". More about a code: sallyport check --explain "
                        + findings.getFirst().code();
        terminal.print(counts(findings) + " in " + counted(documents.size(), "resource") + " (" + passed + ")" + more);
    }

    private static String counts(List<ReportedFinding> findings) {
        var counts = new StringJoiner(", ");
        counts.setEmptyValue("no errors");
        for (var severity : Severity.values()) {
            var count = findings.stream()
                    .filter(finding -> finding.severity() == severity)
                    .count();
            if (count > 0) {
                counts.add(counted(count, severity == Severity.INFO ? "note" : severity.text()));
            }
        }
        return counts.toString();
    }

    private static String counted(long count, String word) {
        return count + " " + word + (count == 1 ? "" : "s");
    }

    private int explain(String wanted) throws CommandFailedException {
        terminal.printText(RuleBook.explain(wanted));
        return ExitCode.OK;
    }
}
