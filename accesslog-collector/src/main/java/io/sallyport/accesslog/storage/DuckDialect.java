package io.sallyport.accesslog.storage;

import java.util.List;
import java.util.stream.IntStream;

/// DuckDB's words.
final class DuckDialect implements Dialect {

    @Override
    public String parameter(int index, Object value) {
        return "?";
    }

    @Override
    public String contains(String text, String part) {
        return Dialect.call("contains", text, part);
    }

    @Override
    public String startsWith(String text, String part) {
        return Dialect.call("starts_with", text, part);
    }

    @Override
    public String endsWith(String text, String part) {
        return Dialect.call("ends_with", text, part);
    }

    @Override
    public String matches(String text, String pattern) {
        return Dialect.call("regexp_matches", text, pattern, "'s'");
    }

    @Override
    public String lower(String text) {
        return Dialect.call("lower", text);
    }

    @Override
    public String length(String text) {
        return Dialect.call("length", text);
    }

    @Override
    public String hasWord(String words, String word) {
        return Dialect.call("list_contains", Dialect.call("string_split", words, "','"), word);
    }

    @Override
    public String valueOf(String map, String key) {
        return Dialect.call("map_extract_value", map, key);
    }

    @Override
    public String hasKey(String map, String key) {
        return Dialect.call("map_contains", map, key);
    }

    @Override
    public String divided(String value, String divisor) {
        return "(" + value + " // " + divisor + ")";
    }

    @Override
    public String quantile(String value, double quantile) {
        return Dialect.call("quantile_cont", value, String.valueOf(quantile));
    }

    // Equal aggregates of a statement are counted once.
    @Override
    public List<String> quantiles(String value, List<Double> quantiles) {
        var all = Dialect.call("quantile_cont", value, quantiles.toString());
        return IntStream.rangeClosed(1, quantiles.size())
                .mapToObj(place -> all + "[" + place + "]")
                .toList();
    }

    @Override
    public String sumIf(String value, String condition) {
        return "coalesce(sum(" + value + ") FILTER (WHERE " + condition + "), 0)";
    }

    @Override
    public String distinct(String value) {
        return "count(DISTINCT " + value + ")";
    }

    @Override
    public String asText(String value) {
        return "CAST(" + value + " AS VARCHAR)";
    }
}
