package io.sallyport.cli.log;

import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.proto.accesslog.v1.CompletenessRequest;
import io.sallyport.proto.accesslog.v1.DistinctRequest;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.GetRequestRequest;
import io.sallyport.proto.accesslog.v1.HistogramRequest;
import io.sallyport.proto.accesslog.v1.ListAttributesRequest;
import io.sallyport.proto.accesslog.v1.ListRulesRequest;
import io.sallyport.proto.accesslog.v1.PercentilesRequest;
import io.sallyport.proto.accesslog.v1.Scope;
import io.sallyport.proto.accesslog.v1.SearchRequest;
import io.sallyport.proto.accesslog.v1.TailRequest;
import io.sallyport.proto.accesslog.v1.TopRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Asks what happened: `logs 'response.code >= 500' --since 15m --top route`.
@Command(name = "logs", description = "Search, count and follow the requests that proxies have answered.")
public final class LogsCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    // Of an answer in one piece, and of an export.
    private static final long MAX_SHOWN = 1_000;
    private static final long MAX_ROWS = 1_000_000;

    /// Forms of an answer.
    enum Form {
        TABLE,
        JSON,
        JSONL,
        CSV,
        PARQUET;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Terminal terminal;
    private final Dialer dialer;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Parameters(
            arity = "0..1",
            paramLabel = "FILTER",
            defaultValue = "",
            description = "CEL: response.code >= 500 && request.host.endsWith(\".example.com\"). Default: all.")
    private String filter = "";

    @Mixin
    private TimeRange range = new TimeRange();

    @Option(names = "--limit", paramLabel = "N", description = "Rows, or groups. Default: 100 rows, 20 groups.")
    private @Nullable Long limit;

    @Option(names = "--tail", description = "Follow what is being stored.")
    private boolean tail;

    @Option(names = "--top", paramLabel = "ATTRIBUTE", description = "The most frequent values: route, request.host.")
    private @Nullable String top;

    @Option(
            names = "--by",
            paramLabel = "ATTRIBUTE",
            description =
                    "The same as --top: revision, code. With --compare: what the lines are. Default there: object.")
    private @Nullable String by;

    @Option(names = "--p99", paramLabel = "ATTRIBUTE", description = "Percentiles of the duration by an attribute.")
    private @Nullable String percentiles;

    @Option(
            names = "--approximate",
            description =
                    "With --top and --p99, without a filter: from sums by the minute. Counts are exact, percentiles"
                            + " within 1 %%. Quick, however long the time.")
    private boolean approximate;

    @Option(names = "--distinct", paramLabel = "ATTRIBUTE", description = "How many different values there are.")
    private @Nullable String distinct;

    @Option(
            names = "--compare",
            paramLabel = "41,42|1d|FROM/TO",
            description =
                    "Two revisions side by side; or the time and the same that long before; or another time and this."
                            + " What changed most comes first.")
    private @Nullable String compare;

    @Option(names = "--histogram", description = "Counts over time by class of the response code.")
    private boolean histogram;

    @Option(names = "--request", paramLabel = "ID", description = "One request, with its flags in words.")
    private @Nullable String request;

    @Option(names = "--completeness", description = "What became of each proxy's requests, by minute.")
    private boolean completeness;

    @Option(names = "--rules", description = "Every rule with the rows it decided, and those that nothing reached.")
    private boolean rules;

    @Option(names = "--attributes", description = "The attributes that a filter may use.")
    private boolean attributes;

    @Option(
            names = "--page",
            description = "Prints a link that opens this question in a browser, signed in. It works once.")
    private boolean page;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "table|json|jsonl|csv|parquet",
            description = "How to answer. jsonl, csv and parquet have all rows, oldest first; parquet needs --out."
                    + " Default: table.")
    private Form form = Form.TABLE;

    @Option(names = "--out", paramLabel = "FILE", description = "With -o parquet: the file to write.")
    private @Nullable Path out;

    public LogsCommand(Terminal terminal, Dialer dialer) {
        this.terminal = terminal;
        this.dialer = dialer;
    }

    @Override
    public Integer call() throws CommandFailedException {
        check();
        if (page) {
            var parameters = range.parameters();
            if (!filter.isEmpty()) {
                parameters.put("filter", filter);
            }
            terminal.print(new PageLink(server.directory(), parameters).get());
            return ExitCode.OK;
        }
        try (var connection = server.connect(dialer)) {
            if (attributes) {
                attributes(connection);
            } else if (tail) {
                follow(connection);
            } else if (request != null) {
                one(connection, request);
            } else if (completeness) {
                completeness(connection);
            } else if (rules) {
                rules(connection);
            } else if (histogram) {
                histogram(connection);
            } else if (percentiles != null) {
                percentiles(connection, Attributes.of(percentiles));
            } else if (distinct != null) {
                distinct(connection, Attributes.of(distinct));
            } else if (compare != null) {
                compare(connection, Comparison.of(compare));
            } else if (top != null || by != null) {
                top(connection, Attributes.of(top != null ? top : String.valueOf(by)));
            } else if (form == Form.CSV || form == Form.JSONL || form == Form.PARQUET) {
                export(connection);
            } else {
                search(connection);
            }
        }
        return ExitCode.OK;
    }

    // What would be passed over is said instead: whoever writes an option expects it to count.
    private void check() throws CommandFailedException {
        var questions = questions();
        if (questions.size() > 1) {
            throw CommandFailedException.unable(
                    String.join(" and ", questions) + " (expected: one question at a time)");
        }
        var question = questions.isEmpty() ? "" : questions.getFirst();
        checkForm(question);
        if (approximate && top == null && percentiles == null && (by == null || compare != null)) {
            throw CommandFailedException.unable("--approximate (expected: --top or --p99 with it)");
        }
        if (!filter.isBlank() && (completeness || attributes || request != null)) {
            throw CommandFailedException.unable(
                    "filter \"" + filter + "\" with " + question + " (expected: no filter; it is about all rows)");
        }
        range.check();
        if (compare != null) {
            Comparison.of(compare);
        }
        var isAboutTime = !attributes && !tail;
        if (!isAboutTime && range.isGiven()) {
            throw CommandFailedException.unable(question + " with a time (expected: no --since, --from and --to; "
                    + (tail ? "it shows what comes from now on)" : "the attributes are always the same)"));
        }
        var isLimited = !(tail
                || attributes
                || histogram
                || completeness
                || rules
                || page
                || request != null
                || distinct != null);
        if (limit != null && !isLimited) {
            throw CommandFailedException.unable("--limit with " + question + " (expected: no --limit; all is shown)");
        }
        checkLimit(question.isEmpty());
    }

    private void checkLimit(boolean isAboutRows) throws CommandFailedException {
        var isExport = isAboutRows && form != Form.TABLE && form != Form.JSON;
        var most = isExport ? MAX_ROWS : MAX_SHOWN;
        if (limit != null && (limit < 1 || limit > most)) {
            throw CommandFailedException.unable("--limit " + limit
                    + String.format(Locale.ROOT, " (expected: 1 to %,d", most)
                    + (isAboutRows && !isExport ? "; -o csv and jsonl have more)" : ")"));
        }
    }

    private void checkForm(String question) throws CommandFailedException {
        var expected = expectedForms(question);
        if (!expected.contains(form)) {
            var words = expected.stream().map(Form::word).collect(Collectors.joining(", "));
            throw CommandFailedException.unable("-o " + form.word() + " with " + question + " (expected: "
                    + (page ? "no -o; it is a link)" : "-o " + words + ")"));
        }
        if (out != null && form != Form.PARQUET) {
            throw CommandFailedException.unable("--out " + out + " (expected: -o parquet with it)");
        }
        if (out == null && form == Form.PARQUET) {
            throw CommandFailedException.unable("-o parquet without a file (expected: --out FILE)");
        }
    }

    private EnumSet<Form> expectedForms(String question) {
        if (question.isEmpty()) {
            return EnumSet.allOf(Form.class);
        }
        if (page) {
            return EnumSet.of(Form.TABLE);
        }
        if (tail) {
            return EnumSet.of(Form.TABLE, Form.JSON, Form.JSONL);
        }
        return request != null ? EnumSet.of(Form.TABLE, Form.JSON) : EnumSet.of(Form.TABLE, Form.JSON, Form.CSV);
    }

    private List<String> questions() {
        var asked = new LinkedHashMap<String, Boolean>();
        asked.put("--tail", tail);
        asked.put("--top", top != null);
        asked.put("--by", by != null && compare == null);
        asked.put("--p99", percentiles != null);
        asked.put("--histogram", histogram);
        asked.put("--distinct", distinct != null);
        asked.put("--compare", compare != null);
        asked.put("--request", request != null);
        asked.put("--completeness", completeness);
        asked.put("--rules", rules);
        asked.put("--attributes", attributes);
        asked.put("--page", page);
        return asked.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .toList();
    }

    private OptionalInt limit() {
        return limit == null ? OptionalInt.empty() : OptionalInt.of(Math.toIntExact(limit));
    }

    private Scope scope() throws CommandFailedException {
        return range.scope(terminal, approximate || histogram).setFilter(filter).build();
    }

    // Prints an answer in the form that was asked for, behind what there is to say about it.
    private void print(MessageOrBuilder answer, Sheet sheet, String... beside) throws CommandFailedException {
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        for (var line : beside) {
            terminal.complain(line);
        }
        if (form == Form.CSV) {
            sheet.printCsv(terminal);
        } else {
            sheet.print(terminal);
        }
    }

    private void search(Connection connection) throws CommandFailedException {
        var question = SearchRequest.newBuilder().setScope(scope());
        limit().ifPresent(question::setLimit);
        var answer = connection.logs(PATIENCE, stub -> stub.search(question.build()));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        terminal.complain(Coverages.written(answer.getCoverage()));
        var table = RowTable.heading();
        answer.getRowsList().forEach(row -> RowTable.add(table, row.getEntry(), terminal));
        table.print(terminal);
        if (!answer.getNextCursor().isEmpty()) {
            terminal.complain(
                    "there are more (expected: a narrower filter or time, --limit, or -o csv or jsonl for all)");
        }
    }

    private void top(Connection connection, String attribute) throws CommandFailedException {
        var question = TopRequest.newBuilder()
                .setScope(scope())
                .setAttribute(attribute)
                .setApproximate(approximate);
        limit().ifPresent(question::setLimit);
        var answer = connection.logs(PATIENCE, stub -> stub.top(question.build()));
        print(
                answer,
                sheets().of(answer, attribute),
                noted(attribute, Coverages.written(answer.getCoverage(), answer.getAnswered())));
    }

    private void percentiles(Connection connection, String attribute) throws CommandFailedException {
        var question = PercentilesRequest.newBuilder()
                .setScope(scope())
                .setBy(attribute)
                .setApproximate(approximate);
        limit().ifPresent(question::setLimit);
        var answer = connection.logs(PATIENCE, stub -> stub.percentiles(question.build()));
        print(
                answer,
                Sheets.of(answer, attribute),
                noted(attribute, Coverages.written(answer.getCoverage(), answer.getAnswered())));
    }

    private void histogram(Connection connection) throws CommandFailedException {
        var question = HistogramRequest.newBuilder().setScope(scope()).build();
        var answer = connection.logs(PATIENCE, stub -> stub.histogram(question));
        print(answer, Sheets.of(answer), Coverages.written(answer.getCoverage()));
    }

    private void distinct(Connection connection, String attribute) throws CommandFailedException {
        var question = DistinctRequest.newBuilder()
                .setScope(scope())
                .setAttribute(attribute)
                .build();
        var answer = connection.logs(PATIENCE, stub -> stub.distinct(question));
        print(answer, Sheets.of(answer, attribute), Coverages.written(answer.getCoverage()));
    }

    private void compare(Connection connection, Comparison comparison) throws CommandFailedException {
        var scope = scope().toBuilder();
        if (!scope.hasTo()) {
            // Both sides have to end somewhere, and at the same length.
            scope.setTo(Timestamps.fromMillis(terminal.clock().instant().toEpochMilli()));
        }
        var attribute = by == null ? Attributes.of("object") : Attributes.of(by);
        var asked = comparison.asked(scope.build()).setBy(attribute);
        limit().ifPresent(asked::setLimit);
        var question = asked.build();
        var answer = connection.logs(PATIENCE, stub -> stub.compare(question));
        print(answer, Sheets.of(answer, attribute), noted(attribute, Comparison.beside(question, answer)));
    }

    // "http[0]" is what the first rule of each object is called.
    private String[] noted(String attribute, String... beside) {
        if (!attribute.equals(Attributes.of("rule")) || filter.contains(Attributes.of("object"))) {
            return beside;
        }
        var noted = Arrays.copyOf(beside, beside.length + 1);
        noted[beside.length] = "rules of the same place in different objects are one line here (for one object:"
                + " config.object == \"VirtualService shop/shop\"; each by itself: --rules)";
        return noted;
    }

    private void one(Connection connection, String id) throws CommandFailedException {
        var question = GetRequestRequest.newBuilder()
                .setRequestId(id)
                .setScope(scope())
                .build();
        var answer = connection.logs(PATIENCE, stub -> stub.getRequest(question));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        terminal.complain(Coverages.written(answer.getCoverage()));
        for (var row : answer.getRowsList()) {
            RowFields.lines(row.getRow().getEntry()).forEach(terminal::print);
            for (var each : row.getExplanationsList()) {
                terminal.print(each.getCode() + ": " + each.getMeaning());
                terminal.print("    likely: " + each.getLikelyCause());
                terminal.print("    look at: " + each.getLookAt());
            }
        }
    }

    private void completeness(Connection connection) throws CommandFailedException {
        var scope = scope();
        var question = CompletenessRequest.newBuilder().setFrom(scope.getFrom());
        if (scope.hasTo()) {
            question.setTo(scope.getTo());
        }
        var answer = connection.logs(PATIENCE, stub -> stub.completeness(question.build()));
        print(answer, Sheets.of(answer));
    }

    private void rules(Connection connection) throws CommandFailedException {
        var question = ListRulesRequest.newBuilder().setScope(scope()).build();
        var answer = connection.logs(PATIENCE, stub -> stub.listRules(question));
        print(answer, sheets().of(answer), Coverages.written(answer.getCoverage()));
    }

    private void attributes(Connection connection) throws CommandFailedException {
        var answer = connection.logs(PATIENCE, stub -> stub.listAttributes(ListAttributesRequest.getDefaultInstance()));
        print(answer, Sheets.of(answer));
    }

    private Sheets sheets() {
        return new Sheets(terminal);
    }

    private void export(Connection connection) throws CommandFailedException {
        var rows = new RowExport(connection, scope(), limit());
        if (form == Form.CSV) {
            rows.print(ExportRequest.Format.CSV, terminal);
        } else if (form == Form.JSONL) {
            rows.print(ExportRequest.Format.JSON_LINES, terminal);
        } else if (out != null) {
            rows.write(out, terminal);
        }
    }

    private void follow(Connection connection) throws CommandFailedException {
        var question = TailRequest.newBuilder().setFilter(filter).build();
        connection.followLogs(stub -> {
            var batches = stub.tail(question);
            var isFirst = true;
            while (batches.hasNext()) {
                var batch = batches.next();
                if (isFirst) {
                    terminal.complain("following; Ctrl-C ends it");
                    isFirst = false;
                }
                for (var row : batch.getRowsList()) {
                    if (form == Form.TABLE) {
                        terminal.print(RowTable.line(row.getEntry()));
                    } else {
                        terminal.printJson(Json.line(row));
                    }
                }
                if (batch.getSkipped() > 0) {
                    terminal.complain(batch.getSkipped() + " rows were left out: more come than can be shown");
                }
            }
            return isFirst;
        });
    }
}
