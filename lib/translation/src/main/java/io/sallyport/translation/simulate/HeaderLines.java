package io.sallyport.translation.simulate;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// Header lines in order, names in lower case, as Envoy keeps them. `:method`, `:scheme`, `:authority` and `:path` are
/// among them. Immutable.
public record HeaderLines(List<Line> lines) {

    public static final HeaderLines NONE = new HeaderLines(List.of());

    public HeaderLines {
        lines = ImmutableList.copyOf(lines);
    }

    /// One line.
    public record Line(String name, String value) {
        public Line {
            name = name.toLowerCase(Locale.ROOT);
        }
    }

    /// All values of a name joined by commas, as conditions see them; empty when there is none.
    public Optional<String> find(String name) {
        var values = lines.stream()
                .filter(line -> line.name().equalsIgnoreCase(name))
                .map(Line::value)
                .toList();
        return values.isEmpty() ? Optional.empty() : Optional.of(String.join(",", values));
    }

    /// The first value of a name, as formats see it.
    Optional<String> first(String name) {
        return lines.stream()
                .filter(line -> line.name().equalsIgnoreCase(name))
                .map(Line::value)
                .findFirst();
    }

    HeaderLines without(String name) {
        return new HeaderLines(lines.stream()
                .filter(line -> !line.name().equalsIgnoreCase(name))
                .collect(Collectors.toList()));
    }

    /// With one more line at the end.
    public HeaderLines plus(String name, String value) {
        return new HeaderLines(ImmutableList.<Line>builder()
                .addAll(lines)
                .add(new Line(name, value))
                .build());
    }

    HeaderLines with(String name, String value) {
        return without(name).plus(name, value);
    }
}
