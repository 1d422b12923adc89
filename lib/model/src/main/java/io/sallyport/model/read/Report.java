package io.sallyport.model.read;

import io.sallyport.model.Finding;
import io.sallyport.model.Location;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Collects the findings about one document, up to a bound.
final class Report {

    private static final Comparator<Finding> BY_PLACE = Comparator.<Finding>comparingInt(
                    finding -> finding.location().line())
            .thenComparingInt(finding -> finding.location().column())
            .thenComparing(finding -> finding.code().id());

    private final String file;
    private final List<Finding> findings = new ArrayList<>();
    private @Nullable ObjectRef object;

    Report(String file) {
        this.file = file;
    }

    /// From here on, findings name this object.
    void about(@Nullable ObjectRef ref) {
        object = ref;
    }

    void add(ReadRule rule, Path path, Node node, String message) {
        add(rule, path, node.line(), node.column(), message, List.of());
    }

    void add(ReadRule rule, Path path, int line, int column, String message, List<Location> related) {
        if (findings.size() < Bounds.FINDINGS) {
            findings.add(new Finding(rule.code(), new Location(object, path, file, line, column), message, related));
        }
    }

    void add(Problem problem) {
        var related = problem.otherLine() == 0
                ? List.<Location>of()
                : List.of(new Location(object, Path.ROOT, file, problem.otherLine(), problem.otherColumn()));
        add(problem.rule(), Path.ROOT, problem.line(), problem.column(), problem.message(), related);
    }

    Location at(Path path, Node node) {
        return new Location(object, path, file, node.line(), node.column());
    }

    boolean hasErrors() {
        return findings.stream().anyMatch(Finding::isError);
    }

    /// Everything so far, in the order of the text.
    List<Finding> sorted() {
        return findings.stream().sorted(BY_PLACE).toList();
    }
}
