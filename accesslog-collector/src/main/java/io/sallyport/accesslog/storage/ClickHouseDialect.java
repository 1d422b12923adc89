package io.sallyport.accesslog.storage;

/// ClickHouse's words. Parameters have names and types there: `{p0:String}`.
final class ClickHouseDialect implements Dialect {

    @Override
    public String parameter(int index, Object value) {
        var type = switch (value) {
            case String _ -> "String";
            case Long _ -> "Int64";
            case Double _ -> "Float64";
            default -> throw new IllegalStateException(value.getClass() + " (expected: a text, a long or a double)");
        };
        return "{" + name(index) + ":" + type + "}";
    }

    /// Under which a parameter's value is sent.
    static String name(int index) {
        return "p" + index;
    }

    @Override
    public String contains(String text, String part) {
        return "(" + Dialect.call("position", text, part) + " > 0)";
    }

    @Override
    public String startsWith(String text, String part) {
        return Dialect.call("startsWith", text, part);
    }

    @Override
    public String endsWith(String text, String part) {
        return Dialect.call("endsWith", text, part);
    }

    @Override
    public String matches(String text, String pattern) {
        return Dialect.call("match", text, pattern);
    }

    @Override
    public String lower(String text) {
        return Dialect.call("lowerUTF8", text);
    }

    @Override
    public String length(String text) {
        return Dialect.call("lengthUTF8", text);
    }

    @Override
    public String hasWord(String words, String word) {
        // has() of a null would be an answer.
        return Dialect.call(
                "if",
                Dialect.call("isNull", word),
                "NULL",
                Dialect.call("has", Dialect.call("splitByChar", "','", words), word));
    }

    @Override
    public String valueOf(String map, String key) {
        // The map itself answers "" for a key that it does not have.
        return Dialect.call("if", hasKey(map, key), map + "[" + key + "]", "NULL");
    }

    @Override
    public String hasKey(String map, String key) {
        return Dialect.call("mapContains", map, key);
    }

    @Override
    public String divided(String value, String divisor) {
        return Dialect.call("intDiv", value, divisor);
    }

    @Override
    public String quantile(String value, double quantile) {
        // Interpolates as DuckDB's quantile_cont does; quantileExact takes a neighbour.
        return "quantileExactInclusive(" + quantile + ")(" + value + ")";
    }

    @Override
    public String sumIf(String value, String condition) {
        return Dialect.call("sumIf", value, condition);
    }

    @Override
    public String distinct(String value) {
        return Dialect.call("uniqExact", value);
    }

    @Override
    public String asText(String value) {
        return Dialect.call("toString", value);
    }
}
