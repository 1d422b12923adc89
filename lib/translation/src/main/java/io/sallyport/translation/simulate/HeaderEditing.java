package io.sallyport.translation.simulate;

import com.google.common.collect.ImmutableList;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.sallyport.translation.validation.SubstitutionFormat;
import java.util.List;

/// Changes of headers by the levels that make them, the most specific first: weighted cluster, route, virtual host,
/// table. Each level takes off its headers and then sets its own, so the least specific level has the last word.
public record HeaderEditing(List<Level> levels) {

    public static final HeaderEditing NONE = new HeaderEditing(List.of());

    public HeaderEditing {
        levels = ImmutableList.copyOf(levels);
    }

    record Level(List<HeaderValueOption> values, List<String> removed) {}

    HeaderEditing plus(List<HeaderValueOption> values, List<String> removed) {
        return new HeaderEditing(ImmutableList.<Level>builder()
                .addAll(levels)
                .add(new Level(values, removed))
                .build());
    }

    /// As [#plus], for values that are no formats.
    HeaderEditing plusLiterals(HeaderLines lines) {
        var values = lines.lines().stream()
                .map(line -> HeaderValueOption.newBuilder()
                        .setHeader(HeaderValue.newBuilder()
                                .setKey(line.name())
                                .setValue(SubstitutionFormat.literal(line.value())))
                        .setAppendAction(HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)
                        .build())
                .toList();
        return plus(values, List.of());
    }

    /// What becomes of `headers`, where formats are filled in from the request.
    HeaderLines apply(HeaderLines headers, Format format) {
        var edited = headers;
        for (var level : levels) {
            for (var name : level.removed()) {
                edited = edited.without(name);
            }
            for (var option : level.values()) {
                edited = apply(edited, option, format);
            }
        }
        return edited;
    }

    private static HeaderLines apply(HeaderLines headers, HeaderValueOption option, Format format) {
        var name = option.getHeader().getKey();
        var value = format.expand(option.getHeader().getValue());
        if (value.isEmpty() && !option.getKeepEmptyValue()) {
            return headers;
        }
        return switch (option.getAppendAction()) {
            case APPEND_IF_EXISTS_OR_ADD, UNRECOGNIZED -> headers.plus(name, value);
            case ADD_IF_ABSENT -> headers.find(name).isPresent() ? headers : headers.plus(name, value);
            case OVERWRITE_IF_EXISTS_OR_ADD -> headers.with(name, value);
            case OVERWRITE_IF_EXISTS -> headers.find(name).isPresent() ? headers.with(name, value) : headers;
        };
    }
}
