package io.sallyport.translation.emit;

import io.sallyport.translation.plan.ProxyPlan;
import io.sallyport.translation.validation.EnvoyValidation;

/// The door of this package: spells a plan in Envoy's words. It emits the nodes in which a plan differs from the one
/// before and shares the rest, so that one changed site costs one site.
///
/// A node that cannot be spelled, or that Envoy would refuse, is withheld alone: its last good version stays, else a
/// site answers 404, an upstream 503, and a listener is not bound. [io.sallyport.translation.EnvoyResources#withheld]
/// says so. An instance belongs to one thread.
public final class Emitter {

    private final EnvoyValidation validation = new EnvoyValidation();

    /// What follows `previous` when the plan is `plan`.
    public Emission emit(Emission previous, ProxyPlan plan, long revision) {
        var change = plan.changesSince(previous.plan());
        var draft = new Draft(previous, plan, validation);
        draft.tablesThatCameOrWent();
        change.sites().forEach(draft::changedTable);
        change.listeners().forEach(draft::listener);
        draft.listenersOfTurnedTables();
        change.upstreams().forEach(draft::upstream);
        return draft.finish(revision);
    }
}
