package io.sallyport.testkit.net;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Header fields by lower-case name; several values of one name keep their order.
public record Headers(Map<String, List<String>> values) {

    public Headers {
        var copy = new TreeMap<String, List<String>>();
        values.forEach((name, list) -> copy.put(name.toLowerCase(Locale.ROOT), List.copyOf(list)));
        values = copy;
    }

    public static Headers of(Iterable<Map.Entry<String, String>> fields) {
        var all = new TreeMap<String, List<String>>();
        for (var field : fields) {
            all.merge(field.getKey().toLowerCase(Locale.ROOT), List.of(field.getValue()), Headers::joined);
        }
        return new Headers(all);
    }

    private static List<String> joined(List<String> first, List<String> second) {
        return java.util.stream.Stream.concat(first.stream(), second.stream()).toList();
    }

    /// The values of a field joined with `,`, as receivers read them.
    public Optional<String> first(String name) {
        return Optional.ofNullable(values.get(name.toLowerCase(Locale.ROOT))).map(list -> String.join(",", list));
    }
}
