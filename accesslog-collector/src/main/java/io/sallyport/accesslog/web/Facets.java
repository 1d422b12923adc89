package io.sallyport.accesslog.web;

import com.google.common.collect.ImmutableMap;
import com.google.common.util.concurrent.ListenableFuture;
import io.grpc.StatusRuntimeException;
import io.sallyport.proto.accesslog.v1.Scope;
import io.sallyport.proto.accesslog.v1.TopRequest;
import io.sallyport.proto.accesslog.v1.TopResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// The most frequent values beside the rows; a click on one narrows everything to it, another click takes that back.
///
/// @param groups one for each attribute
record Facets(List<Group> groups) {

    private static final int VALUES = 6;

    private static final ImmutableMap<String, String> TITLES = ImmutableMap.<String, String>builder()
            .put("response.code", "Status")
            .put("request.host", "Host")
            .put("config.object", "Decided by")
            .put("config.rule", "Rule")
            .put("response.flags", "Flags")
            .put("request.method", "Method")
            .put("config.revision", "Revision")
            .put("proxy.name", "Proxy")
            .buildOrThrow();

    /// An attribute with its values.
    record Group(String title, String attribute, List<Value> values) {}

    /// A value, and where a click leads.
    ///
    /// @param id of the link, the same before and after the click, so that the keyboard stays where it is
    /// @param link empty: nothing to click
    record Value(String id, String text, String count, String share, String link, boolean isOn) {}

    static Facets ask(Asker asker, PageState state, Scope scope) throws StatusRuntimeException {
        var asked = new LinkedHashMap<String, ListenableFuture<TopResponse>>();
        for (var attribute : TITLES.keySet()) {
            var question = TopRequest.newBuilder()
                    .setScope(scope)
                    .setAttribute(attribute)
                    .setLimit(VALUES)
                    .setApproximate(true)
                    .build();
            asked.put(attribute, asker.ask().top(question));
        }
        var groups = new ArrayList<Group>();
        for (var one : asked.entrySet()) {
            var attribute = one.getKey();
            var values = new ArrayList<Value>();
            for (var value : Asker.answer(one.getValue()).getValuesList()) {
                values.add(value(state, attribute, value, values.size()));
            }
            if (!values.isEmpty()) {
                groups.add(new Group(String.valueOf(TITLES.get(attribute)), attribute, values));
            }
        }
        return new Facets(groups);
    }

    private static Value value(PageState state, String attribute, TopResponse.Value value, int place) {
        var condition = condition(attribute, value.getValue());
        var isOn = condition.map(one -> Narrowing.has(state.filter(), one)).orElse(false);
        var filter = condition.map(
                one -> isOn ? Narrowing.without(state.filter(), one) : Narrowing.with(state.filter(), one));
        return new Value(
                "facet-" + attribute.replace('.', '-') + "-" + place,
                value.getValue().isEmpty() ? "none" : value.getValue(),
                Shown.count(value.getCount()),
                Shown.share(value.getShare()),
                filter.map(one -> state.withFilter(one).link()).orElse(""),
                isOn);
    }

    /// What rows of a value have in common; absent where the language has no words for it.
    static Optional<String> condition(String attribute, String value) {
        return switch (attribute) {
            case "response.code", "config.revision" -> Optional.of(attribute + " == " + value);
            case "response.flags" ->
                value.isEmpty()
                        ? Optional.empty()
                        : Optional.of(Arrays.stream(value.split(",", -1))
                                .map(flag -> Narrowing.literal(flag) + " in response.flags")
                                .collect(Collectors.joining(" && ")));
            default -> Optional.of(attribute + " == " + Narrowing.literal(value));
        };
    }
}
