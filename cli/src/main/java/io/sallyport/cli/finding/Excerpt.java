package io.sallyport.cli.finding;

import io.sallyport.cli.Terminal;

/// One source line as it is shown: safe to print, cut to a width, with the place of the offending word in it.
record Excerpt(String text, int before, int length) {

    static Excerpt of(String source, int column, int width) {
        var at = Math.min(column - 1, source.length());
        var end = wordEnd(source, at);
        var from = source.length() <= width ? 0 : Math.max(0, Math.min(at - width / 2, source.length() - width));
        var to = Math.min(source.length(), from + width);
        var before = shown(source.substring(from, at));
        var word = shown(source.substring(at, Math.min(end, to)));
        var after = end < to ? shown(source.substring(end, to)) : "";
        var front = from > 0 ? "…" : "";
        var back = to < source.length() ? "…" : "";
        return new Excerpt(
                front + before + word + after + back,
                front.length() + before.codePointCount(0, before.length()),
                Math.max(1, word.codePointCount(0, word.length())));
    }

    // A tab is one column of the file, so it is shown as one.
    private static String shown(String part) {
        return Terminal.escaped(part.replace('\t', ' '));
    }

    // A quoted string is one word; a plain one ends where YAML's flow or a comment begins.
    private static int wordEnd(String source, int at) {
        if (at >= source.length()) {
            return at;
        }
        var first = source.charAt(at);
        if (first == '"' || first == '\'') {
            var close = source.indexOf(first, at + 1);
            return close < 0 ? source.length() : close + 1;
        }
        var end = at;
        while (end < source.length() && isWord(source, end)) {
            end++;
        }
        return Math.max(end, at + 1);
    }

    private static boolean isWord(String source, int index) {
        var c = source.charAt(index);
        if (c == ':') {
            return index + 1 < source.length() && !Character.isWhitespace(source.charAt(index + 1));
        }
        return !Character.isWhitespace(c) && ",[]{}".indexOf(c) < 0;
    }
}
