package io.sallyport.analysis;

import io.sallyport.model.Path;
import java.util.ArrayDeque;
import java.util.Comparator;

/// Orders paths as a reader meets them, indexes by number: `http[2]` before `http[10]`.
final class PathOrder implements Comparator<Path> {

    @Override
    public int compare(Path left, Path right) {
        var a = steps(left);
        var b = steps(right);
        while (!a.isEmpty() && !b.isEmpty()) {
            var x = a.pop();
            var y = b.pop();
            int order = x.isIndex() && y.isIndex()
                    ? Integer.compare(x.index(), y.index())
                    : x.name().compareTo(y.name());
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(a.size(), b.size());
    }

    private static ArrayDeque<Path> steps(Path path) {
        var steps = new ArrayDeque<Path>();
        for (var at = path; at != null && !at.isRoot(); at = at.parent()) {
            steps.push(at);
        }
        return steps;
    }
}
