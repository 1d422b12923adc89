package io.sallyport.analysis;

import com.google.common.collect.ImmutableSortedSet;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.Kind;
import io.sallyport.model.Path;
import io.sallyport.model.RuleCode;
import io.sallyport.model.Severity;
import io.sallyport.model.Spec;
import io.sallyport.model.schema.Schema;
import java.util.Set;

/// Something that must hold, with a permanent code. A rule reports and goes on: no exception, no early end, no state.
///
/// Its [Page] is its documentation and its test at once: the example must be reported, and the repair must not.
public abstract sealed class Rule<S extends Spec> permits ObjectRule, WorldRule {

    private final RuleCode code;
    private final ImmutableSortedSet<Kind> kinds;
    private final Class<S> type;
    private final Page page;

    Rule(String id, Severity severity, String title, Set<Kind> kinds, Class<S> type, Page page) {
        this.code = new RuleCode(id, severity, title);
        this.kinds = ImmutableSortedSet.copyOf(kinds);
        this.type = type;
        this.page = page;
    }

    public final RuleCode code() {
        return code;
    }

    /// The kinds that the rule looks at.
    public final Set<Kind> kinds() {
        return kinds;
    }

    public final Page page() {
        return page;
    }

    /// The object's spec as the rule sees it.
    final At<S> subject(ConfigObject<?> object) {
        var root = Schema.isFlat(object.ref().kind()) ? Path.ROOT : Path.of("spec");
        return new At<>(root, type.cast(object.spec()));
    }

    /// What the reference says of a rule. `example` and `repair` are documents, or the bare `spec` of one object of the
    /// rule's first kind.
    ///
    /// @param about why it matters, in a sentence or two
    public record Page(String about, String example, String repair) {}
}
