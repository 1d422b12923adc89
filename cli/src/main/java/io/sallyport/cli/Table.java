package io.sallyport.cli;

import java.util.ArrayList;
import java.util.List;

/// Rows under a heading, columns as wide as their widest cell. Nothing is wrapped or cut: cells are identifiers.
public final class Table {

    private static final int GAP = 3;

    private final List<List<String>> rows = new ArrayList<>();

    public Table(String... heading) {
        rows.add(List.of(heading));
    }

    public void row(String... cells) {
        if (cells.length != rows.getFirst().size()) {
            throw new IllegalArgumentException(
                    "cells: " + cells.length + " (expected: " + rows.getFirst().size() + ")");
        }
        var safe = new ArrayList<String>(cells.length);
        for (var cell : cells) {
            safe.add(cell.isEmpty() ? "-" : Terminal.escaped(cell));
        }
        rows.add(safe);
    }

    public void print(Terminal terminal) {
        var widths = new int[rows.getFirst().size()];
        for (var row : rows) {
            for (var i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (var row : rows) {
            var line = new StringBuilder();
            for (var i = 0; i < widths.length; i++) {
                line.append(row.get(i)).repeat(' ', widths[i] - row.get(i).length() + GAP);
            }
            terminal.print(line.toString().stripTrailing());
        }
    }
}
