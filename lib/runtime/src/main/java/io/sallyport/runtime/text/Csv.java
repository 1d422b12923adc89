package io.sallyport.runtime.text;

/// Cells of CSV (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe: `'=1+1`.
public final class Csv {

    private Csv() {}

    /// One cell, quoted where it has to be.
    public static String cell(String text) {
        var isFormula = !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0;
        var safe = isFormula && !isNumber(text) ? "'" + text : text;
        if (safe.chars().noneMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r')) {
            return safe;
        }
        return '"' + safe.replace("\"", "\"\"") + '"';
    }

    private static boolean isNumber(String text) {
        return text.matches("-[0-9]+(\\.[0-9]+)?(E-?[0-9]+)?");
    }
}
