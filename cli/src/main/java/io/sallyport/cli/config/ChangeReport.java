package io.sallyport.cli.config;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonParser;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.finding.FindingPrinter;
import io.sallyport.cli.finding.ReportedFinding;
import io.sallyport.cli.finding.SourceText;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.RefusedException;
import io.sallyport.cli.server.WireFindings;
import io.sallyport.model.Severity;
import io.sallyport.proto.config.v1.ApplyResponse;
import java.util.List;

/// Tells what became of a change: accepted or refused, and with `--wait` where it is live.
final class ChangeReport {

    private final Terminal terminal;
    private final ChangeOptions options;
    private final SourceText sources;

    ChangeReport(Terminal terminal, ChangeOptions options, SourceText sources) {
        this.terminal = terminal;
        this.options = options;
        this.sources = sources;
    }

    int accepted(Connection connection, ApplyResponse response) throws CommandFailedException {
        return options.isJson() ? acceptedInJson(connection, response) : acceptedInText(connection, response);
    }

    private int acceptedInText(Connection connection, ApplyResponse response) throws CommandFailedException {
        terminal.print(headline(response));
        new FindingPrinter(terminal, sources).print(WireFindings.reported(response.getFindingsList()));
        var patience = options.patience();
        return patience.isEmpty()
                ? ExitCode.OK
                : new LiveWait(terminal, connection).inText(response.getRevision(), patience.get());
    }

    // One document: the response, and under "live" the last word about it.
    private int acceptedInJson(Connection connection, ApplyResponse response) throws CommandFailedException {
        var patience = options.patience();
        if (patience.isEmpty()) {
            terminal.printJson(Json.of(response));
            return ExitCode.OK;
        }
        var last = new LiveWait(terminal, connection).quietly(response.getRevision(), patience.get());
        var whole = JsonParser.parseString(Json.of(response)).getAsJsonObject();
        whole.add("live", JsonParser.parseString(Json.of(last)));
        terminal.printJson(new GsonBuilder()
                .setPrettyPrinting()
                .disableHtmlEscaping()
                .create()
                .toJson(whole));
        return LiveWait.isLive(last) ? ExitCode.OK : ExitCode.NO;
    }

    private static String headline(ApplyResponse response) {
        var changes = response.getChangesList();
        if (Changes.areNone(changes)) {
            return "nothing changed: r" + response.getRevision() + " has it all";
        }
        return response.getDryRun()
                ? "dry run on r" + response.getRevision() + ", nothing is stored: " + Changes.written(changes)
                : "r" + response.getRevision() + " accepted: " + Changes.written(changes);
    }

    int refused(RefusedException refusal) {
        var shown = refusal.findings();
        var total = Math.max(shown.size(), refusal.response().getTotal());
        return refused(shown, total - shown.size(), Json.of(refusal.response()));
    }

    int refused(List<ReportedFinding> findings, String json) {
        return refused(findings, 0, json);
    }

    private int refused(List<ReportedFinding> findings, int unshown, String json) {
        if (options.isJson()) {
            terminal.printJson(json);
            return ExitCode.NO;
        }
        new FindingPrinter(terminal, sources).print(findings);
        if (unshown > 0) {
            terminal.print("and " + unshown + " more: sallyport check lists them all");
        }
        var errors = findings.stream()
                .filter(finding -> finding.severity() == Severity.ERROR)
                .count();
        terminal.complain("error: refused, nothing is stored: " + errors + (errors == 1 ? " error" : " errors")
                + ". More about a code: sallyport check --explain "
                + findings.stream().map(ReportedFinding::code).findFirst().orElse("CODE"));
        return ExitCode.NO;
    }
}
