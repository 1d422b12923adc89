package io.sallyport.cli.log;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.server.Connection;
import io.sallyport.cli.server.Dialer;
import io.sallyport.cli.server.Json;
import io.sallyport.cli.server.ServerOptions;
import io.sallyport.proto.accesslog.v1.CompletenessRequest;
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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Asks what happened: `logs 'response.code >= 500' --since 15m --top route`.
@Command(name = "logs", description = "Search, count and follow the requests that proxies have answered.")
public final class LogsCommand implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration EXPORT_PATIENCE = Duration.ofMinutes(10);

    /// Forms of an answer.
    enum Form {
        TABLE,
        JSON,
        CSV,
        PARQUET
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

    @Option(names = "--since", paramLabel = "TIME", description = "15m, 1h, 7d. Default: 1h.")
    private @Nullable String since;

    @Option(names = "--from", paramLabel = "TIME", description = "RFC 3339, instead of --since.")
    private @Nullable String from;

    @Option(names = "--to", paramLabel = "TIME", description = "RFC 3339. Default: now.")
    private @Nullable String to;

    @Option(names = "--limit", paramLabel = "N", defaultValue = "0", description = "Rows, or groups.")
    private int limit;

    @Option(names = "--tail", description = "Follow what is being stored.")
    private boolean tail;

    @Option(names = "--top", paramLabel = "ATTRIBUTE", description = "The most frequent values: route, request.host.")
    private @Nullable String top;

    @Option(names = "--by", paramLabel = "ATTRIBUTE", description = "The same as --top: revision, code.")
    private @Nullable String by;

    @Option(names = "--p99", paramLabel = "ATTRIBUTE", description = "Percentiles of the duration by an attribute.")
    private @Nullable String percentiles;

    @Option(
            names = "--approximate",
            description =
                    "With --top and --p99, without a filter: from sums by the minute. Counts are exact, percentiles"
                            + " within 1 %. Quick, however long the time.")
    private boolean approximate;

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
            paramLabel = "table|json|csv|parquet",
            description = "How to answer. csv and, with --tail, json are lines; parquet needs --out. Default: table.")
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
            terminal.print(new PageLink(server.directory(), filter, since()).get());
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
            } else if (top != null || by != null) {
                top(connection, Attributes.of(top != null ? top : String.valueOf(by)));
            } else if (form == Form.CSV) {
                export(connection);
            } else if (form == Form.PARQUET) {
                parquet(connection);
            } else {
                search(connection);
            }
        }
        return ExitCode.OK;
    }

    private String since() {
        return since == null ? "1h" : since;
    }

    // What would be passed over is said instead: whoever writes an option expects it to count.
    private void check() throws CommandFailedException {
        var questions = questions();
        if (questions.size() > 1) {
            throw CommandFailedException.unable(
                    String.join(" and ", questions) + " (expected: one question at a time)");
        }
        var question = questions.isEmpty() ? "" : questions.getFirst();
        if ((form == Form.CSV || form == Form.PARQUET) && !question.isEmpty()) {
            throw CommandFailedException.unable("-o " + form.name().toLowerCase(Locale.ROOT) + " with " + question
                    + " (expected: -o table or json; rows alone are written in other forms)");
        }
        if (out != null && form != Form.PARQUET) {
            throw CommandFailedException.unable("--out " + out + " (expected: -o parquet with it)");
        }
        if (approximate && top == null && by == null && percentiles == null) {
            throw CommandFailedException.unable("--approximate (expected: --top or --p99 with it)");
        }
        if (!filter.isBlank() && (completeness || attributes || request != null)) {
            throw CommandFailedException.unable(
                    "filter \"" + filter + "\" with " + question + " (expected: no filter; it is about all rows)");
        }
        if (from != null && since != null) {
            throw CommandFailedException.unable("--since and --from (expected: one of them)");
        }
        if (tail && (since != null || from != null || to != null || limit != 0)) {
            terminal.complain("--tail shows what comes from now on: --since, --from, --to and --limit do not count");
        }
    }

    private List<String> questions() {
        var asked = new LinkedHashMap<String, Boolean>();
        asked.put("--tail", tail);
        asked.put("--top", top != null);
        asked.put("--by", by != null);
        asked.put("--p99", percentiles != null);
        asked.put("--histogram", histogram);
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

    private Scope scope() throws CommandFailedException {
        var scope = Scope.newBuilder().setFilter(filter);
        if (to != null) {
            scope.setTo(time(to));
        }
        if (from != null) {
            scope.setFrom(time(from));
        } else {
            var end = to == null
                    ? terminal.clock().instant()
                    : java.time.Instant.ofEpochMilli(Timestamps.toMillis(time(to)));
            var begin = end.minus(Moments.duration(since()));
            var from = approximate || histogram ? begin.truncatedTo(ChronoUnit.MINUTES) : begin;
            scope.setFrom(Timestamps.fromMillis(from.toEpochMilli()));
        }
        return scope.build();
    }

    private static Timestamp time(String text) throws CommandFailedException {
        try {
            return Timestamps.parse(text);
        } catch (ParseException e) {
            throw CommandFailedException.unable("time \"" + text + "\" (expected: like 2026-11-21T10:00:00Z)");
        }
    }

    private void search(Connection connection) throws CommandFailedException {
        var question =
                SearchRequest.newBuilder().setScope(scope()).setLimit(limit).build();
        var answer = connection.logs(PATIENCE, stub -> stub.search(question));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        terminal.complain(Coverages.written(answer.getCoverage()));
        var table = RowTable.heading();
        answer.getRowsList().forEach(row -> RowTable.add(table, row.getEntry(), terminal));
        table.print(terminal);
        if (!answer.getNextCursor().isEmpty()) {
            terminal.complain("there are more (expected: a narrower filter or time, --limit, or -o csv for all)");
        }
    }

    private void top(Connection connection, String attribute) throws CommandFailedException {
        var question = TopRequest.newBuilder()
                .setScope(scope())
                .setAttribute(attribute)
                .setLimit(limit)
                .setApproximate(approximate)
                .build();
        var answer = connection.logs(PATIENCE, stub -> stub.top(question));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        terminal.complain(Coverages.written(answer.getCoverage()));
        Coverages.source(answer.getAnswered()).ifPresent(terminal::complain);
        var table =
                new Table(attribute.toUpperCase(Locale.ROOT), "COUNT", "SHARE", "ERRORS", "P50", "P99", "FIRST SEEN");
        for (var value : answer.getValuesList()) {
            table.row(
                    value.getValue(),
                    count(value.getCount()),
                    percent(value.getShare()),
                    percent(value.getErrorRate()),
                    written(Durations.toMicros(value.getP50())),
                    written(Durations.toMicros(value.getP99())),
                    Moments.written(
                            java.time.Instant.ofEpochSecond(value.getFirstSeen().getSeconds()), terminal));
        }
        table.print(terminal);
    }

    private void percentiles(Connection connection, String attribute) throws CommandFailedException {
        var question = PercentilesRequest.newBuilder()
                .setScope(scope())
                .setBy(attribute)
                .setLimit(limit)
                .setApproximate(approximate)
                .build();
        var answer = connection.logs(PATIENCE, stub -> stub.percentiles(question));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        terminal.complain(Coverages.written(answer.getCoverage()));
        Coverages.source(answer.getAnswered()).ifPresent(terminal::complain);
        var table = new Table(attribute.toUpperCase(Locale.ROOT), "COUNT", "P50", "P95", "P99");
        for (var group : answer.getGroupsList()) {
            table.row(
                    group.getValue(),
                    count(group.getCount()),
                    written((long) (group.getValues(0) * 1e6)),
                    written((long) (group.getValues(1) * 1e6)),
                    written((long) (group.getValues(2) * 1e6)));
        }
        table.print(terminal);
    }

    private void histogram(Connection connection) throws CommandFailedException {
        var question = HistogramRequest.newBuilder().setScope(scope()).build();
        var answer = connection.logs(PATIENCE, stub -> stub.histogram(question));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        terminal.complain(Coverages.written(answer.getCoverage()));
        var table = new Table("FROM", "2XX", "3XX", "4XX", "5XX", "NONE");
        for (var bar : answer.getBarsList()) {
            table.row(
                    Timestamps.toString(bar.getStart()),
                    count(bar.getCountsOrDefault("2xx", 0)),
                    count(bar.getCountsOrDefault("3xx", 0)),
                    count(bar.getCountsOrDefault("4xx", 0)),
                    count(bar.getCountsOrDefault("5xx", 0)),
                    count(bar.getCountsOrDefault("0xx", 0)));
        }
        table.print(terminal);
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
        for (var row : answer.getRowsList()) {
            terminal.printText(row.getRow().getEntry().toString());
            for (var each : row.getExplanationsList()) {
                terminal.print(each.getCode() + ": " + each.getMeaning());
                terminal.print("    likely: " + each.getLikelyCause());
                terminal.print("    look at: " + each.getLookAt());
            }
        }
    }

    private void completeness(Connection connection) throws CommandFailedException {
        var scope = scope();
        var question = CompletenessRequest.newBuilder().setFrom(scope.getFrom()).setTo(scope.getTo());
        if (to == null) {
            question.clearTo();
        }
        var answer = connection.logs(PATIENCE, stub -> stub.completeness(question.build()));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        CompletenessTable.print(answer, terminal);
    }

    private void rules(Connection connection) throws CommandFailedException {
        var question = ListRulesRequest.newBuilder().setScope(scope()).build();
        var answer = connection.logs(PATIENCE, stub -> stub.listRules(question));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        terminal.complain(Coverages.written(answer.getCoverage()));
        var table = new Table("OBJECT", "RULE", "NAME", "COUNT", "LAST SEEN");
        for (var rule : answer.getRulesList()) {
            table.row(
                    rule.getObject(),
                    rule.getRule(),
                    rule.getName(),
                    count(rule.getCount()),
                    !rule.hasLastSeen()
                            ? "never"
                            : Moments.written(
                                            java.time.Instant.ofEpochSecond(
                                                    rule.getLastSeen().getSeconds()),
                                            terminal)
                                    + (rule.getPresent() ? "" : ", gone since"));
        }
        table.print(terminal);
    }

    private void attributes(Connection connection) throws CommandFailedException {
        var answer = connection.logs(PATIENCE, stub -> stub.listAttributes(ListAttributesRequest.getDefaultInstance()));
        if (form == Form.JSON) {
            terminal.printJson(Json.of(answer));
            return;
        }
        var table = new Table("ATTRIBUTE", "TYPE");
        answer.getAttributesList().forEach(each -> table.row(each.getName(), each.getType()));
        table.print(terminal);
    }

    private void export(Connection connection) throws CommandFailedException {
        var question = ExportRequest.newBuilder()
                .setScope(scope())
                .setFormat(ExportRequest.Format.CSV)
                .setLimit(limit)
                .build();
        connection.logs(EXPORT_PATIENCE, stub -> {
            // Pieces end anywhere, so only whole lines are printed.
            var line = new StringBuilder();
            var pieces = stub.export(question);
            while (pieces.hasNext()) {
                line.append(pieces.next().getData().toString(StandardCharsets.UTF_8));
                var end = line.lastIndexOf("\n");
                terminal.printText(line.substring(0, end + 1));
                line.delete(0, end + 1);
            }
            return line;
        });
    }

    private void parquet(Connection connection) throws CommandFailedException {
        if (out == null) {
            throw CommandFailedException.unable("-o parquet without a file (expected: --out FILE)");
        }
        var file = new WholeFile(out);
        var obstacle = file.obstacle();
        if (obstacle.isPresent()) {
            throw CommandFailedException.unable(out + " cannot be written: " + obstacle.get());
        }
        var question = ExportRequest.newBuilder()
                .setScope(scope())
                .setFormat(ExportRequest.Format.PARQUET)
                .setLimit(limit)
                .build();
        var failure = connection.logs(EXPORT_PATIENCE, stub -> {
            var pieces = stub.export(question);
            try {
                file.write(bytes -> {
                    while (pieces.hasNext()) {
                        pieces.next().getData().writeTo(bytes);
                    }
                });
                return "";
            } catch (IOException e) {
                return out + " cannot be written: " + WholeFile.reason(e);
            }
        });
        if (!failure.isEmpty()) {
            throw CommandFailedException.unable(failure);
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

    private static String count(double count) {
        return String.format(Locale.ROOT, "%,d", Math.round(count));
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f %%", share * 100);
    }

    static String written(long micros) {
        return micros < 10_000
                ? String.format(Locale.ROOT, "%.1f ms", micros / 1_000.0)
                : Moments.written(Duration.ofMillis(micros / 1_000));
    }
}
