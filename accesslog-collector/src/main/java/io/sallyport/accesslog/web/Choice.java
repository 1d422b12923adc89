package io.sallyport.accesslog.web;

import java.util.ArrayList;
import java.util.List;

/// One line of a list to choose from.
record Choice(String value, String text, boolean isChosen) {

    /// By what rows can be put side by side.
    private static final List<Choice> GROUPS = List.of(
            new Choice("config.object", "object that decided", false),
            new Choice("xds.route_name", "route name", false),
            new Choice("config.rule", "rule's place in any object", false),
            new Choice("request.host", "host", false),
            new Choice("request.path", "path", false),
            new Choice("xds.cluster_name", "destination", false),
            new Choice("response.code", "status", false),
            new Choice("config.revision", "revision", false),
            new Choice("proxy.name", "proxy", false));

    static List<Choice> of(List<String> values, String chosen) {
        return values.stream()
                .map(value -> new Choice(value, value, value.equals(chosen)))
                .toList();
    }

    /// The attributes to group by; one that the address names and the list does not have is added.
    static List<Choice> groups(String chosen) {
        var isKnown = GROUPS.stream().anyMatch(group -> group.value().equals(chosen));
        var choices = new ArrayList<Choice>();
        if (!isKnown) {
            choices.add(new Choice(chosen, chosen, true));
        }
        GROUPS.forEach(group -> choices.add(
                new Choice(group.value(), group.text(), group.value().equals(chosen))));
        return choices;
    }

    static String group(PageState state) {
        return state.by().isEmpty() ? "config.object" : state.by();
    }
}
