package io.sallyport.accesslog.web;

import io.grpc.StatusRuntimeException;
import io.sallyport.proto.accesslog.v1.CompareRequest;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import io.sallyport.proto.accesslog.v1.Scope;
import io.sallyport.proto.accesslog.v1.TopRequest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// Two revisions side by side: what was asked of each, how much of it failed, how long it took. What changed most comes
/// first.
///
/// @param both the comparison; absent where the range has fewer than two revisions
record CompareView(List<Choice> before, List<Choice> after, List<Choice> groups, Optional<Both> both) {

    private static final int MAX_REVISIONS = 50;
    private static final int LINES = 20;

    /// @param all everything as one line
    record Both(String before, String after, Line all, List<Line> lines) {}

    /// One group before and after.
    ///
    /// @param verdict `better`, `worse` or `same`, by the share of errors
    record Line(String name, Side before, Side after, String change, String verdict) {}

    record Side(String count, String errors, String p50, String p99) {}

    static CompareView ask(Asker asker, PageState state, Scope scope)
            throws StatusRuntimeException, PageState.MistakeException {
        // Any filter on revisions would leave one side empty.
        var seen = asker.ask()
                .top(TopRequest.newBuilder()
                        .setScope(scope)
                        .setAttribute("config.revision")
                        .setLimit(MAX_REVISIONS)
                        .setApproximate(true)
                        .build());
        var wantedBefore = state.revision("before");
        var wantedAfter = state.revision("after");
        var revisions = Asker.answer(seen).getValuesList().stream()
                .map(value -> Long.parseLong(value.getValue()))
                .filter(revision -> revision > 0)
                .sorted((a, b) -> Long.compare(b, a))
                .toList();
        var after = wantedAfter.orElse(revisions.isEmpty() ? 0 : revisions.getFirst());
        var before = wantedBefore.orElse(revisions.stream()
                .filter(revision -> revision < after)
                .findFirst()
                .orElse(0L));
        var by = Choice.group(state);
        var both = before > 0 && after > 0
                ? Optional.of(compare(asker, scope, by, before, after))
                : Optional.<Both>empty();
        return new CompareView(choices(revisions, before), choices(revisions, after), Choice.groups(by), both);
    }

    private static List<Choice> choices(List<Long> revisions, long chosen) {
        var values = revisions.contains(chosen) || chosen == 0
                ? revisions
                : Stream.concat(Stream.of(chosen), revisions.stream()).toList();
        return values.stream()
                .map(value -> new Choice(String.valueOf(value), "r" + value, value == chosen))
                .toList();
    }

    private static Both compare(Asker asker, Scope scope, String by, long before, long after)
            throws StatusRuntimeException {
        var question = CompareRequest.newBuilder()
                .setBefore(of(scope, before))
                .setAfter(of(scope, after))
                .setBy(by)
                .setLimit(LINES)
                .build();
        var answer = Asker.answer(asker.ask().compare(question));
        return new Both(
                "r" + before,
                "r" + after,
                line("everything", answer.getBefore(), answer.getAfter()),
                answer.getLinesList().stream()
                        .map(line -> line(
                                line.getValue().isEmpty() ? "none" : line.getValue(),
                                line.getBefore(),
                                line.getAfter()))
                        .toList());
    }

    private static Scope of(Scope scope, long revision) {
        return scope.toBuilder().setRevision(revision).build();
    }

    private static Line line(String name, CompareResponse.Side before, CompareResponse.Side after) {
        var change = 100 * (after.getErrorRate() - before.getErrorRate());
        var isComparable = before.getCount() > 0 && after.getCount() > 0;
        var verdict = "same";
        if (isComparable && Math.abs(change) >= 0.05) {
            verdict = change > 0 ? "worse" : "better";
        }
        return new Line(
                name,
                side(before),
                side(after),
                isComparable ? String.format(Locale.ROOT, "%+.1f points", change) : "",
                verdict);
    }

    private static Side side(CompareResponse.Side side) {
        return side.getCount() == 0
                ? new Side("0", "", "", "")
                : new Side(
                        Shown.count(side.getCount()),
                        Shown.share(side.getErrorRate()),
                        Shown.duration(side.getP50()),
                        Shown.duration(side.getP99()));
    }
}
