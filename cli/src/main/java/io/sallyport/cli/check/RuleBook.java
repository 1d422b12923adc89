package io.sallyport.cli.check;

import io.sallyport.analysis.Rules;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.Suggestion;
import io.sallyport.model.RuleCode;
import io.sallyport.model.Severity;
import io.sallyport.model.read.ReadRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What each code means: the reader's and the analyzer's.
final class RuleBook {

    private record Entry(RuleCode code, String about, String example, String repair) {}

    // Codes of those who hold the objects: the watched directory, the API, the analyzer itself.
    private static final List<Entry> OTHERS = List.of(
            new Entry(
                    new RuleCode("SP1991", Severity.ERROR, "File cannot be read"),
                    "The file is there and cannot be opened, or is no regular file. Its objects stay as they were.",
                    "chmod 000 edge.yaml\n",
                    "chmod 644 edge.yaml\n"),
            new Entry(
                    new RuleCode("SP1992", Severity.ERROR, "Object cannot be handled"),
                    "Reading or judging it failed inside Sallyport, which is a bug of Sallyport; the log has the cause. All other objects are served.",
                    "an object that no rule foresaw\n",
                    "a report of the bug, with the object\n"),
            new Entry(
                    new RuleCode("SP3902", Severity.ERROR, "Object belongs to another source"),
                    "An object lives where it was first accepted: in the watched directory, or behind the API. The later one is left out until the first is deleted.",
                    "sallyport apply -f edge.yaml, while the watched directory has the same Gateway\n",
                    "edit the file in the watched directory, or delete it there first\n"),
            new Entry(
                    new RuleCode("SP9001", Severity.WARNING, "A rule failed"),
                    "The object was judged without that rule. This is a bug of Sallyport; the message says which rule and how.",
                    "an object that the rule did not foresee\n",
                    "a report of the bug, with the object\n"));

    private RuleBook() {}

    /// Every code that a finding may have.
    static List<RuleCode> codes() {
        return entries().stream().map(Entry::code).toList();
    }

    /// The claim of a rule in a few words; empty for a code that this program does not know.
    static String title(String code) {
        return entries().stream()
                .filter(entry -> entry.code().id().equals(code))
                .map(entry -> entry.code().title())
                .findFirst()
                .orElse("");
    }

    /// A page about one code.
    static String explain(String wanted) throws CommandFailedException {
        var code = wanted.toUpperCase(Locale.ROOT);
        for (var entry : entries()) {
            if (entry.code().id().equals(code)) {
                return page(entry);
            }
        }
        throw CommandFailedException.unable("unknown code \"" + wanted + "\""
                + Suggestion.of(
                        code, entries().stream().map(entry -> entry.code().id()).toList()));
    }

    private static List<Entry> entries() {
        var entries = new ArrayList<Entry>();
        for (var rule : ReadRule.values()) {
            entries.add(new Entry(rule.code(), "", rule.example(), rule.repair()));
        }
        for (var rule : Rules.all()) {
            var page = rule.page();
            entries.add(new Entry(rule.code(), page.about(), page.example(), page.repair()));
        }
        entries.add(new Entry(
                Judgement.TWO_PLACES,
                "The first document counts, by file name and line; the second one is left out.",
                "a.yaml: Gateway shop/edge\nb.yaml: Gateway shop/edge\n",
                "a.yaml: Gateway shop/edge\n"));
        entries.addAll(OTHERS);
        return entries;
    }

    private static String page(Entry entry) {
        var page = new StringBuilder(entry.code().id())
                .append(' ')
                .append(entry.code().severity().text())
                .append(": ")
                .append(entry.code().title())
                .append('\n');
        if (!entry.about().isEmpty()) {
            page.append('\n').append(entry.about().strip()).append('\n');
        }
        page.append("\nReported:\n").append(entry.example().indent(4));
        page.append("\nBetter:\n").append(entry.repair().indent(4));
        return page.toString();
    }
}
