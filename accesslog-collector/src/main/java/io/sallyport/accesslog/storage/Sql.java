package io.sallyport.accesslog.storage;

import java.util.List;

/// A statement about rows: what stands before the name of the table and what behind it, and the parameters.
/// The text never holds anything that a caller wrote.
///
/// @param from microseconds since 1970, inclusive: lets a store leave out files; the text has the condition itself
/// @param to exclusive
public record Sql(String before, String after, List<Object> parameters, long from, long to) {

    public Sql {
        parameters = List.copyOf(parameters);
    }

    /// The whole text for a table.
    public String over(String table) {
        return before + table + after;
    }
}
