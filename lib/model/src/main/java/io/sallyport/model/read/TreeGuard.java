package io.sallyport.model.read;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Counts what a document costs while it is read, and collects what is wrong with it. Shared by YAML and JSON.
final class TreeGuard {

    private final List<Problem> problems = new ArrayList<>();
    private int nodes;

    List<Problem> problems() {
        return problems;
    }

    int nodes() {
        return nodes;
    }

    void add(Problem problem) {
        if (problems.size() < Bounds.FINDINGS) {
            problems.add(problem);
        }
    }

    void countNode(int line, int column) throws UnreadableException {
        if (++nodes > Bounds.NODES) {
            throw new UnreadableException(new Problem(
                    ReadRule.TOO_LARGE, line, column, "more than 100,000 nodes in one document (expected: fewer)"));
        }
    }

    static void checkDepth(int depth, int line, int column) throws UnreadableException {
        if (depth > Bounds.DEPTH) {
            throw new UnreadableException(new Problem(
                    ReadRule.TOO_DEEP,
                    line,
                    column,
                    "nested more than %d levels deep (expected: at most %d)".formatted(Bounds.DEPTH, Bounds.DEPTH)));
        }
    }

    /// Escapes can spell what the raw text may not contain.
    void checkText(String text, int line, int column) {
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == 0) {
                add(new Problem(ReadRule.CONTROL_CHARACTER, line, column, "NUL character in a string"));
                return;
            }
            if (Character.isSurrogate(c)) {
                var paired = Character.isHighSurrogate(c)
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!paired) {
                    add(new Problem(ReadRule.CONTROL_CHARACTER, line, column, "half a surrogate pair in a string"));
                    return;
                }
                i++;
            }
        }
    }

    /// Reports keys that are given twice, also when they differ in Unicode form only; keeps the first.
    List<Node.Entry> withoutDuplicates(List<Node.Entry> entries) {
        Map<String, Node.Scalar> seen = HashMap.newHashMap(entries.size());
        var kept = new ArrayList<Node.Entry>(entries.size());
        for (var entry : entries) {
            var key = entry.key();
            var first = seen.putIfAbsent(canonical(key.text()), key);
            if (first == null) {
                kept.add(entry);
            } else {
                add(duplicate(key, first));
            }
        }
        return kept;
    }

    private static Problem duplicate(Node.Scalar key, Node.Scalar first) {
        return new Problem(
                ReadRule.DUPLICATE_KEY,
                key.line(),
                key.column(),
                "key %s is given twice, first on line %d, column %d (expected: once)"
                        .formatted(Words.quote(key.text()), first.line(), first.column()),
                first.line(),
                first.column(),
                key.text());
    }

    static String canonical(String text) {
        for (var i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0x7f) {
                return Normalizer.normalize(text, Normalizer.Form.NFC);
            }
        }
        return text;
    }
}
