package io.sallyport.analysis;

import io.sallyport.model.Kind;
import io.sallyport.model.Severity;
import io.sallyport.model.Spec;
import java.util.Set;

/// A rule about one object among all others: `SP2xxx` references and `SP3xxx` conflicts. It asks through [Lookup] only,
/// which remembers what was asked, so that an edit re-runs only the rules whose answers it may change.
public abstract non-sealed class WorldRule<S extends Spec> extends Rule<S> {

    protected WorldRule(String id, Severity severity, String title, Kind kind, Class<S> type, Page page) {
        super(id, severity, title, Set.of(kind), type, page);
    }

    protected WorldRule(String id, Severity severity, String title, Set<Kind> kinds, Class<S> type, Page page) {
        super(id, severity, title, kinds, type, page);
    }

    /// Reports what is wrong with the object in this world.
    public abstract void check(At<S> spec, Lookup world, Report report);
}
