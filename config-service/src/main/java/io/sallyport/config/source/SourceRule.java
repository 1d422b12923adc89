package io.sallyport.config.source;

import io.sallyport.model.Finding;
import io.sallyport.model.Location;
import io.sallyport.model.ObjectRef;
import io.sallyport.model.Path;
import io.sallyport.model.RuleCode;
import io.sallyport.model.Severity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What only a source can find wrong: it sees files and whose an object is.
public final class SourceRule {

    static final RuleCode UNREADABLE_FILE = new RuleCode("SP1991", Severity.ERROR, "File cannot be read");
    public static final RuleCode NOT_HANDLED = new RuleCode("SP1992", Severity.ERROR, "Object cannot be handled");
    static final RuleCode TWO_FILES = new RuleCode("SP3901", Severity.ERROR, "Object stands in two places");
    public static final RuleCode OTHER_SOURCE =
            new RuleCode("SP3902", Severity.ERROR, "Object belongs to another source");

    private SourceRule() {}

    static Finding file(String name, String message) {
        return new Finding(UNREADABLE_FILE, new Location(null, Path.ROOT, name, 0, 0), message);
    }

    /// About one object of a file or a cluster.
    public static Finding object(
            RuleCode code, ObjectRef ref, String file, int line, String message, List<Location> related) {
        return new Finding(code, place(ref, file, line), message, related);
    }

    static Location place(@Nullable ObjectRef ref, String file, int line) {
        return new Location(ref, Path.ROOT, file, line, line == 0 ? 0 : 1);
    }
}
