package io.sallyport.model.read;

import io.sallyport.model.SourceDocument;

/// Text inside a scalar, laid out so that its lines and columns are those of the file when it is a block scalar (`|`);
/// otherwise everything is on the scalar's line.
record EmbeddedText(String text, int firstLine) {

    EmbeddedText(SourceDocument source, Node.Scalar scalar) {
        this(laidOut(source, scalar), isBlock(source, scalar) ? scalar.line() + 1 : scalar.line());
    }

    private static String laidOut(SourceDocument source, Node.Scalar scalar) {
        if (!isBlock(source, scalar)) {
            return scalar.text();
        }
        var indent = source.text()
                .lines()
                .skip(scalar.line() - source.firstLine() + 1L)
                .filter(line -> !line.isBlank())
                .findFirst()
                .map(line -> line.length() - line.stripLeading().length())
                .orElse(0);
        return scalar.text().indent(indent);
    }

    private static boolean isBlock(SourceDocument source, Node.Scalar scalar) {
        return source.text()
                .lines()
                .skip(scalar.line() - source.firstLine())
                .findFirst()
                .filter(line -> line.length() >= scalar.column() && line.charAt(scalar.column() - 1) == '|')
                .isPresent();
    }
}
