package io.sallyport.accesslog.web;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.accesslog.v1.AccessLogEntry;
import io.sallyport.proto.accesslog.v1.GetRequestRequest;
import io.sallyport.proto.accesslog.v1.Row;
import io.sallyport.proto.accesslog.v1.RowId;
import io.sallyport.proto.accesslog.v1.Scope;
import io.sallyport.proto.accesslog.v1.SearchRequest;
import io.sallyport.proto.accesslog.v1.SearchResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Rows, newest first; at most one is open and tells all it has.
///
/// @param older where the next page is; empty: there is none
/// @param isGone the row that the address opens does not exist any more, or is somebody else's
record RowTable(List<Line> lines, String older, boolean isGone, boolean hasRows) {

    private static final int PAGE = 100;

    /// One row in short.
    ///
    /// @param link opens or closes it
    record Line(
            String name,
            String link,
            boolean isOpen,
            String time,
            String fullTime,
            String code,
            String codeClass,
            String method,
            String target,
            String duration,
            String flags,
            String rule,
            String revision,
            String proxy,
            Optional<RowDetail> detail) {}

    static RowTable ask(Asker asker, PageState state, Scope scope) throws StatusRuntimeException {
        var search = asker.ask()
                .search(SearchRequest.newBuilder()
                        .setScope(scope)
                        .setLimit(PAGE)
                        .setCursor(state.cursor())
                        .build());
        var detail = state.openRow().flatMap(row -> detail(asker, state, row));
        return of(state, Asker.answer(search), detail);
    }

    private static RowTable of(PageState state, SearchResponse found, Optional<RowDetail> detail) {
        var lines = new ArrayList<Line>();
        // A row that is on another page, or older than the range by now, still opens: on top.
        detail.filter(open -> found.getRowsList().stream().noneMatch(row -> isOpen(state, row)))
                .ifPresent(open -> lines.add(line(state, open.row(), detail)));
        for (var row : found.getRowsList()) {
            lines.add(line(state, row, isOpen(state, row) ? detail : Optional.empty()));
        }
        return new RowTable(
                lines,
                found.getNextCursor().isEmpty()
                        ? ""
                        : state.withCursor(found.getNextCursor()).link(),
                !state.row().isEmpty() && detail.isEmpty(),
                !lines.isEmpty());
    }

    private static Optional<RowDetail> detail(Asker asker, PageState state, RowId row) {
        try {
            var question = GetRequestRequest.newBuilder().setRow(row).build();
            return Optional.of(RowDetail.of(
                    state, Asker.answer(asker.ask().getRequest(question)).getRows(0)));
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static RowId.Builder id(Row row) {
        return RowId.newBuilder()
                .setTime(row.getEntry().getStartTime())
                .setPartition(row.getPartition())
                .setOffset(row.getOffset())
                .setTopic(row.getTopic());
    }

    // An address without a topic opens the row of whichever.
    private static boolean isOpen(PageState state, Row row) {
        return state.openRow()
                .filter(open -> open.getTopic().isEmpty()
                        ? open.equals(id(row).clearTopic().build())
                        : open.equals(id(row).build()))
                .isPresent();
    }

    static Line line(PageState state, Row row, Optional<RowDetail> detail) {
        var entry = row.getEntry();
        // Lines that come live have no topic, and are not to be shown twice.
        var name = PageState.rowName(id(row).clearTopic().build());
        var code = entry.getResponseCode();
        return new Line(
                name,
                state.withRow(detail.isPresent() ? "" : PageState.rowName(id(row).build()))
                        .link(),
                detail.isPresent(),
                Shown.clock(entry.getStartTime()),
                Shown.full(entry.getStartTime()),
                code == 0 ? "–" : String.valueOf(code),
                "c" + code / 100,
                entry.getMethod().isEmpty() ? entry.getKind() : entry.getMethod(),
                target(entry),
                Shown.seconds(entry.getDurationMicros() / 1_000_000.0),
                entry.getResponseFlagsList(),
                (entry.getRouteObject() + " " + entry.getRule()).strip(),
                entry.getRevision() == 0 ? "" : "r" + entry.getRevision(),
                entry.getProxy(),
                detail);
    }

    private static String target(AccessLogEntry entry) {
        if (entry.getKind().equals("raw")) {
            return entry.getRawText();
        }
        if (!entry.getHost().isEmpty() || !entry.getPath().isEmpty()) {
            return entry.getHost() + entry.getPath();
        }
        return entry.getServerName().isEmpty() ? entry.getDestinationAddress() : entry.getServerName();
    }
}
