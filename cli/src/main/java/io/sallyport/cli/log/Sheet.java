package io.sallyport.cli.log;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import io.sallyport.cli.Moments;
import io.sallyport.cli.Table;
import io.sallyport.cli.Terminal;
import io.sallyport.runtime.text.Csv;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Figures under headings: `1,204` and `0.1 %` in a table for people, `1204` and `0.001` as CSV for programs.
final class Sheet {

    /// One figure or name.
    ///
    /// @param shown to people
    /// @param exact to programs; `""`: there is none
    record Cell(String shown, String exact) {

        static Cell of(String text) {
            return new Cell(text, text);
        }

        static Cell none() {
            return of("");
        }

        /// Of weighted rows, so not always whole.
        static Cell count(double count) {
            return new Cell(String.format(Locale.ROOT, "%,d", Math.round(count)), plain(count));
        }

        static Cell share(double share) {
            return new Cell(String.format(Locale.ROOT, "%.1f %%", share * 100), plain(share));
        }

        static Cell micros(long micros) {
            return new Cell(took(micros), String.valueOf(micros));
        }

        static Cell time(Timestamp time, Terminal terminal) {
            return new Cell(
                    Moments.written(Instant.ofEpochSecond(time.getSeconds(), time.getNanos()), terminal),
                    Timestamps.toString(time));
        }

        /// `0.3 ms`, `2.1 s`
        static String took(long micros) {
            return micros < 9_950
                    ? String.format(Locale.ROOT, "%.1f ms", micros / 1_000.0)
                    : Moments.written(Duration.of(micros, ChronoUnit.MICROS));
        }

        private static String plain(double number) {
            return number == Math.rint(number) && Math.abs(number) < 1e15
                    ? String.valueOf((long) number)
                    : String.valueOf(number);
        }
    }

    private record Heading(String shown, String exact) {}

    private final List<Heading> headings = new ArrayList<>();
    private final List<List<Cell>> rows = new ArrayList<>();

    /// Adds a column, before the first row.
    ///
    /// @param shown to people: `P99`; `""`: not at all
    /// @param exact to programs, with the unit: `p99_micros`; `""`: not at all
    Sheet column(String shown, String exact) {
        headings.add(new Heading(shown, exact));
        return this;
    }

    /// The column of an attribute's values: `REQUEST.HOST`.
    Sheet attribute(String name) {
        return column(name.toUpperCase(Locale.ROOT), name);
    }

    void row(Cell... cells) {
        row(List.of(cells));
    }

    void row(List<Cell> cells) {
        if (cells.size() != headings.size()) {
            throw new IllegalArgumentException("cells: " + cells.size() + " (expected: " + headings.size() + ")");
        }
        rows.add(List.copyOf(cells));
    }

    void print(Terminal terminal) {
        var table = new Table(texts(headings, Heading::shown, Heading::shown).toArray(String[]::new));
        rows.forEach(row -> table.row(texts(row, Cell::shown, Heading::shown).toArray(String[]::new)));
        table.print(terminal);
    }

    void printCsv(Terminal terminal) {
        terminal.printText(line(texts(headings, Heading::exact, Heading::exact)));
        rows.forEach(row -> terminal.printText(line(texts(row, Cell::exact, Heading::exact))));
    }

    // Of the columns that have a heading.
    private <T> List<String> texts(List<T> cells, Function<T, String> text, Function<Heading, String> heading) {
        return IntStream.range(0, headings.size())
                .filter(i -> !heading.apply(headings.get(i)).isEmpty())
                .mapToObj(i -> text.apply(cells.get(i)))
                .toList();
    }

    private static String line(List<String> cells) {
        return cells.stream().map(Csv::cell).collect(Collectors.joining(","));
    }
}
