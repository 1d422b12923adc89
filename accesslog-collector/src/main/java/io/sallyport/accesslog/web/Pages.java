package io.sallyport.accesslog.web;

import com.google.common.collect.ImmutableMap;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.sallyport.accesslog.storage.Column;
import io.sallyport.accesslog.web.PageModel.Form;
import io.sallyport.accesslog.web.PageModel.Hidden;
import io.sallyport.accesslog.web.PageModel.Nothing;
import io.sallyport.accesslog.web.PageModel.Notice;
import io.sallyport.accesslog.web.PageModel.RowsPart;
import io.sallyport.accesslog.web.PageModel.Tab;
import io.sallyport.accesslog.web.PageState.MistakeException;
import io.sallyport.accesslog.web.PageState.View;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/// Makes the model of a page from its state and the answers of the service. A mistake of the person is shown beside its
/// field, what the service cannot do now as a notice; both leave the rest of the page usable.
final class Pages {

    private static final Pattern PLACE =
            Pattern.compile("filter, line (\\d{1,4}), column (\\d{1,6}): (.*)", Pattern.DOTALL);
    private static final String LAST_SPAN = PageState.SPANS.getLast();

    private final ImmutableMap<String, String> assets;
    private final Supplier<String> command;

    Pages(ImmutableMap<String, String> assets, Supplier<String> command) {
        this.assets = assets;
        this.command = command;
    }

    /// A page and the status of its answer.
    record Made(int status, PageModel model) {}

    /// What the views found.
    private record Parts(
            Optional<Overview> overview,
            Optional<RowsPart> rows,
            Optional<LatencyView> latency,
            Optional<CompletenessView> completeness,
            Optional<CompareView> compare) {

        static final Parts NONE =
                new Parts(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /// @param isPart the view alone, without what is above it
    Made page(Asker asker, PageState state, Instant now, boolean isPart) {
        try {
            return new Made(200, model(state, form(state, "", ""), Optional.empty(), parts(asker, state, now, isPart)));
        } catch (MistakeException e) {
            return new Made(
                    400, model(state, form(state, "", String.valueOf(e.getMessage())), Optional.empty(), Parts.NONE));
        } catch (StatusRuntimeException e) {
            return refused(state, e.getStatus());
        }
    }

    private Made refused(PageState state, Status status) {
        var text = String.valueOf(status.getDescription());
        if (status.getCode() == Status.Code.UNAUTHENTICATED) {
            throw status.asRuntimeException();
        }
        if (status.getCode() == Status.Code.INVALID_ARGUMENT && text.startsWith("filter")) {
            return new Made(400, model(state, form(state, text, ""), Optional.empty(), Parts.NONE));
        }
        var isPassing = status.getCode() == Status.Code.UNAVAILABLE;
        var code = status.getCode() == Status.Code.INVALID_ARGUMENT ? 400 : 200;
        return new Made(code, model(state, form(state, "", ""), Optional.of(new Notice(text, isPassing)), Parts.NONE));
    }

    private Parts parts(Asker asker, PageState state, Instant now, boolean isPart) throws MistakeException {
        var scope = state.scope(now);
        var overview = isPart ? Optional.<Overview>empty() : Optional.of(Overview.ask(asker, state, scope, now));
        return switch (state.view()) {
            case ROWS ->
                new Parts(
                        overview,
                        Optional.of(rows(state, RowTable.ask(asker, state, scope))),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            case LATENCY ->
                new Parts(
                        overview,
                        Optional.empty(),
                        Optional.of(LatencyView.ask(asker, state, scope)),
                        Optional.empty(),
                        Optional.empty());
            case COMPLETENESS ->
                new Parts(
                        overview,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(CompletenessView.ask(asker, scope, now)),
                        Optional.empty());
            case COMPARE ->
                new Parts(
                        overview,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(CompareView.ask(asker, state, scope)));
        };
    }

    private RowsPart rows(PageState state, RowTable table) {
        return new RowsPart(
                table,
                state.isLive() ? state.link("tail") : "",
                state.isOpen(),
                state.isLive(),
                state.withTail(!state.isLive()).link(),
                table.hasRows() ? Optional.empty() : Optional.of(nothing(state)));
    }

    private Nothing nothing(PageState state) {
        var ways = new ArrayList<Tab>();
        if (!state.filter().isEmpty()) {
            ways.add(new Tab("Without the filter", state.withFilter("").link(), false, ""));
        }
        if (!state.span().equals(LAST_SPAN)) {
            ways.add(new Tab("The last 7 days", state.withSpan(LAST_SPAN).link(), false, ""));
        }
        if (!state.filter().isEmpty()) {
            return new Nothing("No request of this time matches the filter.", "", ways);
        }
        return state.isOpen()
                ? new Nothing(
                        "No request has been logged in this time. Make one, and it appears here:", command.get(), ways)
                : new Nothing("No request has been logged in this time.", "", ways);
    }

    private PageModel model(PageState state, Form form, Optional<Notice> notice, Parts parts) {
        return new PageModel(
                (state.filter().isEmpty() ? "Traffic" : state.filter()) + " · Sallyport",
                assets,
                form,
                Arrays.stream(View.values())
                        .map(view ->
                                new Tab(view.title(), state.withView(view).link(), view == state.view(), view.key()))
                        .toList(),
                notice,
                parts.overview(),
                parts.overview().isPresent() ? state.link("facets") : "",
                parts.rows(),
                parts.latency(),
                parts.completeness(),
                parts.compare(),
                hidden(state),
                Column.ALL.stream().map(Column::attribute).toList(),
                LogPage.PATH);
    }

    private static List<Hidden> hidden(PageState state) {
        return state.parameters().entrySet().stream()
                .filter(each -> List.of("filter", "since", "from", "to").contains(each.getKey()))
                .map(each -> new Hidden(each.getKey(), each.getValue()))
                .toList();
    }

    private static Form form(PageState state, String filterMistake, String rangeMistake) {
        var place = PLACE.matcher(filterMistake);
        var isPlaced = place.matches();
        var column = isPlaced && place.group(1).equals("1") ? Integer.parseInt(place.group(2)) : 0;
        return new Form(
                state.filter(),
                isPlaced ? "Column " + place.group(2) + ": " + place.group(3) : filterMistake,
                column,
                column > 0 ? " ".repeat(Math.min(column, 4_001) - 1) + "^" : "",
                spans(state),
                state.from(),
                state.to(),
                !state.from().isEmpty() || !state.to().isEmpty(),
                state.withSpan("").link(),
                rangeMistake,
                state.view() == View.ROWS ? "" : state.view().word(),
                state.isPaused(),
                state.link());
    }

    private static List<Choice> spans(PageState state) {
        var spans = new ArrayList<>(Choice.of(PageState.SPANS, state.span()));
        if (!state.span().isEmpty() && !PageState.SPANS.contains(state.span())) {
            spans.addFirst(new Choice(state.span(), state.span(), true));
        }
        return spans;
    }
}
