package io.sallyport.accesslog.storage;

import java.util.List;

/// The few words in which the SQL of the engines differs. Every argument is a text that we made: a column, an
/// expression or a parameter.
public interface Dialect {

    /// The place of a parameter, counted from 0.
    String parameter(int index, Object value);

    String contains(String text, String part);

    String startsWith(String text, String part);

    String endsWith(String text, String part);

    /// RE2, anywhere in the text.
    String matches(String text, String pattern);

    String lower(String text);

    /// In characters.
    String length(String text);

    /// Whether a text of words joined by commas has one.
    String hasWord(String words, String word);

    /// The value of a key, null without it.
    String valueOf(String map, String key);

    String hasKey(String map, String key);

    /// Divided, rounded down.
    String divided(String value, String divisor);

    /// The exact quantile, interpolated.
    String quantile(String value, double quantile);

    /// Several of one value, each an expression: an engine that finds all of them in one go does.
    default List<String> quantiles(String value, List<Double> quantiles) {
        return quantiles.stream().map(each -> quantile(value, each)).toList();
    }

    String sumIf(String value, String condition);

    /// How many different values, exactly.
    String distinct(String value);

    String asText(String value);

    /// A call of a function: all engines write it the same way.
    static String call(String function, String... arguments) {
        return function + "(" + String.join(", ", arguments) + ")";
    }
}
