package io.sallyport.analysis;

import io.sallyport.model.Kind;
import io.sallyport.model.Severity;
import io.sallyport.model.Spec;
import java.util.Set;

/// A rule about one object by itself: whether it may be stored at all (`SP1xxx`), or what is risky in it (`SP4xxx`).
public abstract non-sealed class ObjectRule<S extends Spec> extends Rule<S> {

    protected ObjectRule(String id, Severity severity, String title, Kind kind, Class<S> type, Page page) {
        super(id, severity, title, Set.of(kind), type, page);
    }

    protected ObjectRule(String id, Severity severity, String title, Set<Kind> kinds, Class<S> type, Page page) {
        super(id, severity, title, kinds, type, page);
    }

    /// Reports what is wrong with the object.
    public abstract void check(At<S> spec, Report report);
}
