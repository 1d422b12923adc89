package io.sallyport.accesslog.api;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.sallyport.accesslog.config.RuleList;
import io.sallyport.accesslog.config.RuleTexts;
import io.sallyport.accesslog.query.Condition;
import io.sallyport.accesslog.query.Dashboards;
import io.sallyport.accesslog.query.Operand;
import io.sallyport.accesslog.query.QueryException;
import io.sallyport.accesslog.query.Questions;
import io.sallyport.accesslog.query.RowTest;
import io.sallyport.accesslog.query.Selection;
import io.sallyport.accesslog.receive.Ledger;
import io.sallyport.accesslog.rollup.Sketch;
import io.sallyport.accesslog.storage.BoundExceededException;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.storage.KafkaRow;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.storage.StoreException;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.Answered;
import io.sallyport.proto.accesslog.v1.CompareRequest;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import io.sallyport.proto.accesslog.v1.CompletenessRequest;
import io.sallyport.proto.accesslog.v1.CompletenessResponse;
import io.sallyport.proto.accesslog.v1.DistinctRequest;
import io.sallyport.proto.accesslog.v1.DistinctResponse;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.ExportResponse;
import io.sallyport.proto.accesslog.v1.GetRequestRequest;
import io.sallyport.proto.accesslog.v1.GetRequestResponse;
import io.sallyport.proto.accesslog.v1.HistogramRequest;
import io.sallyport.proto.accesslog.v1.HistogramResponse;
import io.sallyport.proto.accesslog.v1.ListAttributesRequest;
import io.sallyport.proto.accesslog.v1.ListAttributesResponse;
import io.sallyport.proto.accesslog.v1.ListRulesRequest;
import io.sallyport.proto.accesslog.v1.ListRulesResponse;
import io.sallyport.proto.accesslog.v1.PercentilesRequest;
import io.sallyport.proto.accesslog.v1.PercentilesResponse;
import io.sallyport.proto.accesslog.v1.Scope;
import io.sallyport.proto.accesslog.v1.SearchRequest;
import io.sallyport.proto.accesslog.v1.SearchResponse;
import io.sallyport.proto.accesslog.v1.TailRequest;
import io.sallyport.proto.accesslog.v1.TailResponse;
import io.sallyport.proto.accesslog.v1.TopRequest;
import io.sallyport.proto.accesslog.v1.TopResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `AccessLogService`. Every method is a question of [Questions] with the caller's namespaces around it.
public final class AccessLogApi extends AccessLogServiceGrpc.AccessLogServiceImplBase {

    private static final Logger log = LoggerFactory.getLogger(AccessLogApi.class);
    /// Rows of a page of a search, where the question names no limit.
    public static final int PAGE = 100;

    /// Groups of an answer, where the question names no limit.
    public static final int GROUPS = 20;

    /// Most rows that an export has.
    public static final int MAX_EXPORT = 1_000_000;

    /// Percentiles of an answer, where the question names none.
    public static final ImmutableList<Double> QUANTILES = ImmutableList.of(0.5, 0.95, 0.99);

    /// What percentiles are about, where the question names no attribute.
    public static final String MEASURED = "request.duration";

    /// What is compared, where the question names no attribute.
    public static final String COMPARED = "config.object";

    // Sixty, and one that has only begun.
    private static final int BARS = 61;
    private static final int EXPORT_BYTES = 64 << 10;
    private static final long TAIL_MILLIS = 500;
    private static final int MAX_MESSAGE = 1_000;
    // Bars that a clock face knows.
    private static final long[] STEPS = {
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400
    };

    private final Questions questions;
    private final Dashboards dashboards;
    private final Scopes scopes;
    private final Completeness completeness;
    private final Comparisons comparisons;
    private final RuleCounts rules;
    private final RuleTexts texts;
    private final Tails tails;

    public AccessLogApi(LogStore store, Ledger ledger, Tails tails, RuleList rules, InstantSource clock) {
        this.questions = new Questions(store);
        this.dashboards = new Dashboards(store);
        this.scopes = new Scopes(clock);
        this.completeness = new Completeness(ledger, questions);
        this.comparisons = new Comparisons(questions);
        this.rules = new RuleCounts(rules, questions);
        this.texts = rules.texts();
        this.tails = tails;
    }

    @Override
    public void search(SearchRequest request, StreamObserver<SearchResponse> response) {
        answer(response, () -> {
            var limit = request.hasLimit() ? request.getLimit() : PAGE;
            var selection = scopes.selection(request.getScope());
            Optional<Questions.Cursor> after = Optional.empty();
            if (!request.getCursor().isEmpty()) {
                var page = Scopes.page(request.getScope(), request.getCursor());
                selection = new Selection(selection.condition(), page.from(), page.to(), selection.namespaces());
                after = Optional.of(page.after());
            }
            var rows = questions.search(selection, limit, after);
            var found = SearchResponse.newBuilder().setCoverage(completeness.coverage(selection));
            rows.forEach(row -> found.addRows(ExportText.row(row)));
            if (rows.size() == limit) {
                var place = Questions.Cursor.of(rows.getLast());
                var page = new Scopes.Page(selection.from(), selection.to(), place);
                found.setNextCursor(Scopes.cursor(request.getScope(), page));
            }
            return found.build();
        });
    }

    @Override
    public void histogram(HistogramRequest request, StreamObserver<HistogramResponse> response) {
        answer(response, () -> {
            var selection = scopes.wholeMinutes(request.getScope());
            var step = request.hasStep() && !request.getStep().equals(Duration.getDefaultInstance())
                    ? step(request.getStep())
                    : step(scopes.selection(request.getScope()));
            var found = HistogramResponse.newBuilder()
                    .setStep(Durations.fromMicros(step))
                    .setCoverage(completeness.coverage(selection));
            var summed = dashboards.histogram(selection, step);
            found.setAnswered(answered(summed.isPresent(), 0));
            for (var bar : summed.isPresent() ? summed.get() : questions.histogram(selection, step)) {
                var out = found.addBarsBuilder().setStart(Timestamps.fromMicros(bar.start()));
                bar.classes().forEach((code, count) -> out.putCounts(code + "xx", count));
            }
            return found.build();
        });
    }

    private static long step(Duration asked) throws QueryException {
        if (Durations.isValid(asked) && Durations.compare(asked, Durations.fromMillis(1)) >= 0) {
            return Durations.toMicros(asked);
        }
        throw new QueryException("step " + asked.getSeconds() + " s and " + asked.getNanos()
                + " ns (expected: a millisecond or more, or none)");
    }

    private static long step(Selection selection) {
        var seconds = (selection.to() - selection.from()) / 1_000_000 / BARS;
        for (var step : STEPS) {
            if (step >= seconds) {
                return step * 1_000_000;
            }
        }
        return STEPS[STEPS.length - 1] * 1_000_000;
    }

    @Override
    public void top(TopRequest request, StreamObserver<TopResponse> response) {
        answer(response, () -> {
            var selection = request.getApproximate()
                    ? scopes.wholeMinutes(request.getScope())
                    : scopes.selection(request.getScope());
            var top = top(request, selection);
            var found = TopResponse.newBuilder()
                    .setTotal(top.total())
                    .setCoverage(completeness.coverage(selection))
                    .setAnswered(answered(top.isSummed(), Sketch.RELATIVE_ERROR));
            for (var group : top.groups()) {
                found.addValuesBuilder()
                        .setValue(group.value())
                        .setCount(group.count())
                        .setShare(top.total() == 0 ? 0 : group.count() / top.total())
                        .setErrorRate(group.errorRate())
                        .setP50(micros(group.p50()))
                        .setP99(micros(group.p99()))
                        .setFirstSeen(Timestamps.fromMicros(group.firstSeen()))
                        .setLastSeen(Timestamps.fromMicros(group.lastSeen()));
            }
            return found.build();
        });
    }

    private record Top(double total, List<Questions.Group> groups, boolean isSummed) {}

    private Top top(TopRequest request, Selection selection)
            throws QueryException, StoreException, BoundExceededException {
        var limit = request.hasLimit() ? request.getLimit() : GROUPS;
        if (request.getApproximate()) {
            var summed = dashboards.top(selection, request.getAttribute(), limit);
            if (summed.isPresent()) {
                return new Top(summed.get().total(), summed.get().groups(), true);
            }
        }
        return new Top(
                questions.total(selection).count(), questions.top(selection, request.getAttribute(), limit), false);
    }

    private static Answered answered(boolean isSummed, double error) {
        return Answered.newBuilder()
                .setSource(isSummed ? Answered.Source.ROLLUP : Answered.Source.ROWS)
                .setRelativeError(isSummed ? error : 0)
                .build();
    }

    @Override
    public void percentiles(PercentilesRequest request, StreamObserver<PercentilesResponse> response) {
        answer(response, () -> {
            var selection = request.getApproximate()
                    ? scopes.wholeMinutes(request.getScope())
                    : scopes.selection(request.getScope());
            var quantiles = request.getQuantilesCount() == 0 ? QUANTILES : request.getQuantilesList();
            var attribute = request.getAttribute().isEmpty() ? MEASURED : request.getAttribute();
            var by = request.getBy().isEmpty() ? Optional.<String>empty() : Optional.of(request.getBy());
            var found = PercentilesResponse.newBuilder()
                    .addAllQuantiles(quantiles)
                    .setCoverage(completeness.coverage(selection));
            var limit = request.hasLimit() ? request.getLimit() : GROUPS;
            var summed = request.getApproximate()
                    ? dashboards.percentiles(selection, attribute, quantiles, by, limit)
                    : Optional.<List<Questions.Percentiles>>empty();
            found.setAnswered(answered(summed.isPresent(), Sketch.RELATIVE_ERROR));
            for (var group : summed.isPresent()
                    ? summed.get()
                    : questions.percentiles(selection, attribute, quantiles, by, limit)) {
                found.addGroupsBuilder()
                        .setValue(group.value())
                        .setCount(group.count())
                        .addAllValues(group.values());
            }
            return found.build();
        });
    }

    @Override
    public void distinct(DistinctRequest request, StreamObserver<DistinctResponse> response) {
        answer(response, () -> {
            var selection = scopes.selection(request.getScope());
            return DistinctResponse.newBuilder()
                    .setCount(questions.distinct(selection, request.getAttribute()))
                    .setCoverage(completeness.coverage(selection))
                    .build();
        });
    }

    @Override
    public void getRequest(GetRequestRequest request, StreamObserver<GetRequestResponse> response) {
        answer(response, () -> {
            if (request.hasRow()) {
                return explained(List.of(row(request))).build();
            }
            if (request.getRequestId().isEmpty()
                    || !request.getScope().getFilter().isEmpty()
                    || request.getScope().hasRevision()) {
                throw new QueryException("request id \"" + request.getRequestId()
                        + "\" (expected: an id, as x-request-id carries it, no filter and no revision)");
            }
            var range = scopes.selection(request.getScope());
            var same = new Condition.Compare(
                    new Operand.Attribute(Column.named("request.id")),
                    Condition.Comparison.EQUAL,
                    new Operand.Literal(request.getRequestId()));
            var rows = questions.search(
                    new Selection(same, range.from(), range.to(), range.namespaces()), PAGE, Optional.empty());
            if (rows.isEmpty()) {
                throw Status.NOT_FOUND
                        .withDescription(shortened("no row has request id \"" + request.getRequestId() + "\" between "
                                + Timestamps.toString(Timestamps.fromMicros(range.from())) + " and "
                                + Timestamps.toString(Timestamps.fromMicros(range.to()))))
                        .asRuntimeException();
            }
            return explained(rows).setCoverage(completeness.coverage(range)).build();
        });
    }

    private KafkaRow row(GetRequestRequest request) throws QueryException, StoreException, BoundExceededException {
        var id = request.getRow();
        if (!request.getRequestId().isEmpty() || request.hasScope()) {
            throw new QueryException("row with " + (request.hasScope() ? "a scope" : "a request id")
                    + " (expected: the row alone; it says itself where it is)");
        }
        if (!id.hasTime()) {
            throw new QueryException("row without a time (expected: the startTime of its entry)");
        }
        var time = Scopes.micros(id.getTime());
        var place = new Questions.Cursor(time, id.getPartition(), id.getOffset(), id.getTopic());
        return questions
                .row(place, Tenancy.current())
                .orElseThrow(() -> Status.NOT_FOUND
                        .withDescription("no row " + id.getPartition() + "/" + id.getOffset() + " at "
                                + Timestamps.toString(id.getTime()))
                        .asRuntimeException());
    }

    private GetRequestResponse.Builder explained(List<KafkaRow> rows) {
        var found = GetRequestResponse.newBuilder();
        for (var row : rows) {
            var explained =
                    found.addRowsBuilder().setRow(ExportText.row(row)).addAllExplanations(Flags.explain(row.entry()));
            texts.of(row.entry()).ifPresent(explained::setRule);
        }
        return found;
    }

    @Override
    public void compare(CompareRequest request, StreamObserver<CompareResponse> response) {
        answer(response, () -> {
            var before = side("before", request.getBefore());
            var after = side("after", request.getAfter());
            var by = request.getBy().isEmpty() ? COMPARED : request.getBy();
            return comparisons
                    .compare(before, after, by, request.hasLimit() ? request.getLimit() : GROUPS)
                    .setBeforeCoverage(completeness.coverage(before))
                    .setAfterCoverage(completeness.coverage(after))
                    .build();
        });
    }

    private Selection side(String name, Scope scope) throws QueryException {
        try {
            return scopes.selection(scope);
        } catch (QueryException e) {
            throw (QueryException) new QueryException(name + ": " + e.getMessage()).initCause(e);
        }
    }

    @Override
    public void completeness(CompletenessRequest request, StreamObserver<CompletenessResponse> response) {
        answer(response, () -> {
            var scope = Scope.newBuilder();
            if (request.hasFrom()) {
                scope.setFrom(request.getFrom());
            }
            if (request.hasTo()) {
                scope.setTo(request.getTo());
            }
            var range = scopes.selection(scope.build());
            return completeness.lines(range.from(), range.to());
        });
    }

    @Override
    public void listRules(ListRulesRequest request, StreamObserver<ListRulesResponse> response) {
        answer(response, () -> {
            var selection = scopes.selection(request.getScope());
            return rules.count(selection)
                    .setCoverage(completeness.coverage(selection))
                    .build();
        });
    }

    @Override
    public void listAttributes(ListAttributesRequest request, StreamObserver<ListAttributesResponse> response) {
        answer(response, () -> {
            var found = ListAttributesResponse.newBuilder();
            Column.ALL.forEach(column -> found.addAttributesBuilder()
                    .setName(column.attribute())
                    .setType(column.type().shown()));
            return found.build();
        });
    }

    @Override
    public void export(ExportRequest request, StreamObserver<ExportResponse> response) {
        var call = (ServerCallStreamObserver<ExportResponse>) response;
        try {
            var limit = request.hasLimit() ? request.getLimit() : MAX_EXPORT;
            if (limit < 1 || limit > MAX_EXPORT) {
                throw new QueryException("limit " + limit + " (expected: 1 to " + MAX_EXPORT + ", or none)");
            }
            // Whoever names a limit wants so many rows; whoever names none wants all.
            var extent = new Questions.Extent(limit, request.hasLimit());
            var selection = scopes.selection(request.getScope());
            var coverage = completeness.coverage(selection);
            switch (request.getFormat()) {
                case CSV -> lines(call, selection, extent, ExportText.heading(), ExportText::csv);
                case JSON_LINES, FORMAT_UNSPECIFIED -> lines(call, selection, extent, "", ExportText::json);
                case PARQUET -> questions.parquet(selection, extent, file -> send(call, file));
                case UNRECOGNIZED ->
                    throw new QueryException(
                            "format " + request.getFormatValue() + " (expected: JSON_LINES, CSV or PARQUET)");
            }
            call.onNext(ExportResponse.newBuilder().setCoverage(coverage).build());
            call.onCompleted();
        } catch (QueryException | StoreException | BoundExceededException e) {
            response.onError(status(e));
        } catch (IOException e) {
            log.atWarn().setCause(e).log("An export cannot be read");
            response.onError(Status.UNAVAILABLE
                    .withDescription("access logs: the export cannot be read")
                    .asRuntimeException());
        }
    }

    private void lines(
            ServerCallStreamObserver<ExportResponse> call,
            Selection selection,
            Questions.Extent extent,
            String heading,
            Function<KafkaRow, String> form)
            throws QueryException, StoreException, BoundExceededException {
        var piece = new StringBuilder(heading);
        questions.export(selection, extent, row -> {
            piece.append(form.apply(row));
            if (piece.length() >= EXPORT_BYTES) {
                send(call, ByteString.copyFrom(piece.toString(), StandardCharsets.UTF_8));
                piece.setLength(0);
            }
            return !call.isCancelled();
        });
        send(call, ByteString.copyFrom(piece.toString(), StandardCharsets.UTF_8));
    }

    private static void send(ServerCallStreamObserver<ExportResponse> call, Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            for (var piece = in.readNBytes(EXPORT_BYTES);
                    piece.length > 0 && !call.isCancelled();
                    piece = in.readNBytes(EXPORT_BYTES)) {
                send(call, ByteString.copyFrom(piece));
            }
        }
    }

    // Slower than the caller reads is as fast as it gets: a piece waits until the one before is on its way.
    private static void send(ServerCallStreamObserver<ExportResponse> call, ByteString piece) {
        // Whoever is interrupted would not wait, but turn round and round.
        while (!call.isReady() && !call.isCancelled() && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(1_000_000);
        }
        if (!piece.isEmpty() && !call.isCancelled()) {
            call.onNext(ExportResponse.newBuilder().setData(piece).build());
        }
    }

    @Override
    public void tail(TailRequest request, StreamObserver<TailResponse> response) {
        var call = (ServerCallStreamObserver<TailResponse>) response;
        try {
            var test = new RowTest(scopes.reader().read(request.getFilter()));
            var allowed = Tenancy.current();
            var tail = tails.follow(
                    row -> allowed.map(names -> names.contains(row.entry().getNamespace()))
                                    .orElse(true)
                            && test.test(row.entry()));
            if (tail.isEmpty()) {
                throw new BoundExceededException("too many callers follow at once (expected: at most 100)");
            }
            try (var open = tail.get()) {
                tails.begin();
                follow(open, call);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (QueryException | BoundExceededException e) {
            response.onError(status(e));
        }
    }

    private static void follow(Tails.Tail tail, ServerCallStreamObserver<TailResponse> call)
            throws InterruptedException {
        // Says that rows are being followed from now on.
        call.onNext(TailResponse.getDefaultInstance());
        while (!call.isCancelled() && !Context.current().isCancelled()) {
            if (!call.isReady()) {
                LockSupport.parkNanos(10_000_000);
                if (Thread.interrupted()) {
                    throw new InterruptedException("the service stops");
                }
                continue;
            }
            var batch = tail.next(TAIL_MILLIS);
            if (!batch.rows().isEmpty() || batch.skipped() > 0) {
                var message = TailResponse.newBuilder().setSkipped(batch.skipped());
                for (KafkaRow row : batch.rows()) {
                    message.addRows(ExportText.row(row));
                }
                call.onNext(message.build());
            }
        }
    }

    private static Duration micros(double micros) {
        return Durations.fromMicros(Math.round(micros));
    }

    /// One question.
    @FunctionalInterface
    private interface Question<T> {
        T answer() throws QueryException, StoreException, BoundExceededException;
    }

    private static <T> void answer(StreamObserver<T> response, Question<T> question) {
        T answer;
        try {
            answer = question.answer();
        } catch (QueryException | StoreException | BoundExceededException e) {
            response.onError(status(e));
            return;
        } catch (StatusRuntimeException e) {
            response.onError(e);
            return;
        }
        response.onNext(answer);
        response.onCompleted();
    }

    // Callers refuse answers whose headers are long, so that a long value in quotes would hide what is wrong with it.
    private static String shortened(String message) {
        return message.length() <= MAX_MESSAGE
                ? message
                : message.substring(0, MAX_MESSAGE / 2) + " … " + message.substring(message.length() - MAX_MESSAGE / 2);
    }

    private static StatusRuntimeException status(Exception e) {
        if (e instanceof QueryException) {
            return Status.INVALID_ARGUMENT
                    .withDescription(shortened(String.valueOf(e.getMessage())))
                    .asRuntimeException();
        }
        if (e instanceof BoundExceededException) {
            return Status.RESOURCE_EXHAUSTED.withDescription(e.getMessage()).asRuntimeException();
        }
        if (Context.current().isCancelled()) {
            return Status.CANCELLED
                    .withDescription("nobody waits for the answer")
                    .asRuntimeException();
        }
        log.atWarn().setCause(e).log("Question cannot be answered");
        return Status.UNAVAILABLE
                .withDescription("access logs: " + e.getMessage())
                .asRuntimeException();
    }
}
