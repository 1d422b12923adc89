package io.sallyport.xds.discovery;

import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One type on one state-of-the-world stream. Clusters, listeners and scopes travel as a whole table each time, where
/// absence is removal; endpoints and routes as those that changed among the names asked for.
///
/// The version of a response is a hash of what the proxy has once it takes it, so a proxy that comes back with the
/// version of today is sent nothing, and a refused version is not sent twice.
final class WorldSubscription implements Subscription {

    /// A response that waits for its answer. `table` is what the proxy has if it takes it; `changed` are the names in
    /// it that differ from what it had. `whole`: nothing is held back from the revision.
    record Response(
            long sequence,
            String nonce,
            String version,
            List<EnvoyResource> resources,
            SortedMap<String, EnvoyResource> table,
            Set<String> changed,
            long from,
            long revision,
            boolean whole,
            Instant sent)
            implements InFlight.Sent {}

    private final ResourceType type;
    private final Refusals refusals;
    private final Pace pace;
    private final InFlight<Response> inFlight;
    private final BackOff backOff;
    private final Set<String> names = new TreeSet<>();
    // Names whose change waits because a response with them was refused and the culprit is not found yet.
    private final Deque<List<String>> trials = new ArrayDeque<>();
    private final Set<String> heldBack = new HashSet<>();
    private final Set<String> asked = new HashSet<>();
    // Names that were dropped while the answer to a table with them was missing: the proxy does not have them, even if
    // it asks for them again before it answers.
    private final Set<String> dropped = new HashSet<>();
    private Snapshot base;
    private boolean wildcard;
    private boolean fresh;
    private boolean due;
    // What the proxy took for certain, and what it was sent last: the same, unless an answer is missing.
    private SortedMap<String, EnvoyResource> taken = Collections.emptySortedMap();
    private SortedMap<String, EnvoyResource> sent = Collections.emptySortedMap();
    private long takenSequence;
    private long sequence;
    private final Map<String, Integer> pardoned = new HashMap<>();
    private final LastScopes lastScopes;
    // A table that was refused without a culprit is not sent twice.
    private String refusedTable = "";
    private boolean takenKnown;
    private String lastNonce = "";
    private String answeredNonce = "";
    private Instant answered = Instant.MIN;
    private boolean hasSent;
    private long reached;

    WorldSubscription(ResourceType type, Refusals refusals, Snapshot base, Pace pace) {
        this.type = type;
        this.refusals = refusals;
        this.base = base;
        this.pace = pace;
        this.inFlight = new InFlight<>(type, pace);
        this.backOff = new BackOff(pace);
        this.lastScopes = new LastScopes(type, pace);
    }

    @Override
    public ResourceType type() {
        return type;
    }

    // ---- what the proxy asks for

    void start(Collection<String> resources, String version) throws ProtocolViolation {
        subscribe(resources);
        wildcard = resources.contains("*") || (resources.isEmpty() && isWhole());
        fresh = version.isEmpty();
        due = true;
        refusals.forgetPresumed(type);
        if (fresh) {
            refusals.forget(type);
            takenKnown = true;
        }
        var wanted = wanted(true);
        if (!fresh && version.equals(digest(wanted))) {
            taken = wanted;
            sent = wanted;
            takenKnown = true;
            due = false;
            reached = base.revision();
        }
    }

    /// Later requests name all resources anew.
    void change(Collection<String> resources) throws ProtocolViolation {
        var before = new HashSet<>(names);
        boolean wasWildcard = wildcard;
        subscribe(resources);
        wildcard = resources.contains("*") || (resources.isEmpty() && wasWildcard);
        if (isWhole()) {
            due |= wildcard != wasWildcard || !before.equals(names);
            return;
        }
        for (var name : names) {
            if (!before.contains(name)) {
                asked.add(name);
                due |= !base.resources().all(type).containsKey(name);
            }
        }
        asked.retainAll(names);
        dropUnnamed();
    }

    /// A request that was written before our last response arrived still tells what the proxy no longer has, even if it
    /// asks for that again when it answers.
    void overhear(String nonce, Collection<String> resources) {
        if (!isWhole() && nonce.equals(answeredNonce) && names.retainAll(Set.copyOf(resources))) {
            asked.retainAll(names);
            dropUnnamed();
        }
    }

    private void dropUnnamed() {
        var response = inFlight.newest();
        if (response != null) {
            response.table().keySet().stream()
                    .filter(name -> !names.contains(name))
                    .forEach(dropped::add);
        }
        taken = onlyNamed(taken);
        sent = onlyNamed(sent);
    }

    private SortedMap<String, EnvoyResource> stillHeld(SortedMap<String, EnvoyResource> table) {
        if (dropped.isEmpty()) {
            return onlyNamed(table);
        }
        var kept = new TreeMap<>(onlyNamed(table));
        kept.keySet().removeAll(dropped);
        return kept;
    }

    private SortedMap<String, EnvoyResource> onlyNamed(SortedMap<String, EnvoyResource> table) {
        if (names.containsAll(table.keySet())) {
            return table;
        }
        var kept = new TreeMap<>(table);
        kept.keySet().retainAll(names);
        return kept;
    }

    private void subscribe(Collection<String> resources) throws ProtocolViolation {
        Bounds.checkNames(resources.size());
        names.clear();
        for (var name : resources) {
            Bounds.checkName(name);
            if (!name.equals("*")) {
                var known = base.resources().all(type).get(name);
                names.add(known == null ? name : known.name());
            }
        }
    }

    // Whether each response carries everything.
    private boolean isWhole() {
        return switch (type) {
            case CLUSTER, LISTENER, SCOPED_ROUTES -> true;
            case ENDPOINTS, EXTENSIONS, ROUTES, SECRET -> false;
        };
    }

    /// Sends the name again although the proxy has it.
    void ask(Collection<String> again) {
        again.stream().filter(names::contains).forEach(asked::add);
    }

    @Override
    public void advance(Snapshot next) {
        for (var name : next.changesSince(base, type)) {
            var resource = next.resources().all(type).get(name);
            if (resource == null) {
                refusals.forget(type, name);
            } else {
                refusals.came(resource, base.revision(), next.revision());
            }
        }
        base = next;
        if (pardoned.size() > Bounds.NAMES) {
            pardoned.clear();
        }
    }

    // ---- what it should have

    // What the proxy is to have: refused resources at their last good version, and, unless removals may go by now,
    // also what it has and should lose.
    private SortedMap<String, EnvoyResource> wanted(boolean removals) {
        var all = base.resources().all(type);
        boolean plain = wildcard && heldBack.isEmpty() && refusals.isEmpty();
        if (plain && (removals || all.keySet().containsAll(sent.keySet()))) {
            return all;
        }
        var wanted = new TreeMap<String, EnvoyResource>();
        if (!removals) {
            sent.values().stream()
                    .filter(resource -> !refusals.covers(resource))
                    .forEach(resource -> wanted.put(resource.name(), resource));
        }
        for (var name : wildcard ? all.keySet() : names) {
            var resource = allowed(name, all.get(name));
            if (resource != null) {
                wanted.put(name, resource);
            } else if (all.containsKey(name)) {
                wanted.remove(name);
            }
        }
        return wanted;
    }

    private SortedMap<String, EnvoyResource> withLastScopes(SortedMap<String, EnvoyResource> wanted, Instant now) {
        if (type != ResourceType.SCOPED_ROUTES) {
            return wanted;
        }
        var gone = new TreeMap<String, EnvoyResource>();
        var there = base.resources().all(type);
        sent.forEach((name, resource) -> {
            if (lastScopes.mayKeep(name) && !there.containsKey(name)) {
                gone.put(name, resource);
            }
        });
        lastScopes.retain(gone.keySet());
        gone.keySet().removeIf(name -> !lastScopes.keeps(name, now));
        if (gone.isEmpty()) {
            return wanted;
        }
        gone.putAll(wanted);
        return gone;
    }

    private @Nullable EnvoyResource allowed(String name, @Nullable EnvoyResource current) {
        if (current == null) {
            return null;
        }
        if (heldBack.contains(name)) {
            var before = taken.get(name);
            return before == null || refusals.covers(before) ? null : before;
        }
        return refusals.covers(current) ? refusals.fallback(type, name) : current;
    }

    private String digest(SortedMap<String, EnvoyResource> table) {
        return table == base.resources().all(type) ? base.digest(type) : Snapshot.digest(table);
    }

    // ---- sending

    @Nullable Response next(DeltaSubscription.Gates gates, String nonce, Instant now) {
        inFlight.expire(now).forEach(old -> giveUp(old, now));
        if (!inFlight.hasRoom() || backOff.isResting(now)) {
            return null;
        }
        // What is asked for by name is answered out of turn: Envoy waits for it.
        boolean isAsked = !isWhole() && (due || !asked.isEmpty());
        if (!gates.upserts() && !isAsked) {
            return null;
        }
        Response response;
        do {
            nextTrial();
            var wanted = withLastScopes(wanted(gates.removals()), now);
            response = isWhole() ? whole(wanted, nonce, now) : some(wanted, nonce, now);
        } while (response == null && !trials.isEmpty());
        if (response != null) {
            inFlight.add(response);
            dropped.clear();
            sent = response.table();
            lastNonce = nonce;
            hasSent = true;
            due = false;
        }
        return response;
    }

    private @Nullable Response whole(SortedMap<String, EnvoyResource> wanted, String nonce, Instant now) {
        var changed = changes(wanted);
        if (!due && changed.isEmpty() && wanted.keySet().containsAll(sent.keySet())) {
            return null;
        }
        if (!refusedTable.isEmpty() && refusedTable.equals(digest(wanted))) {
            return null;
        }
        return response(nonce, List.copyOf(wanted.values()), wanted, changed, now);
    }

    private @Nullable Response some(SortedMap<String, EnvoyResource> wanted, String nonce, Instant now) {
        var changed = new TreeSet<>(changes(wanted));
        asked.stream().filter(name -> wanted.containsKey(name)).forEach(changed::add);
        asked.removeIf(name -> !wanted.containsKey(name));
        int room = type == ResourceType.ROUTES ? 1 : pace.chunk();
        var batch = new TreeSet<String>();
        changed.stream().limit(room).forEach(batch::add);
        if (batch.isEmpty() && !due) {
            return null;
        }
        asked.removeAll(batch);
        var table = new TreeMap<>(taken);
        table.keySet().retainAll(wanted.keySet());
        batch.forEach(name -> table.put(name, wanted.get(name)));
        return response(nonce, batch.stream().map(name -> wanted.get(name)).toList(), table, batch, now);
    }

    private Response response(
            String nonce,
            List<EnvoyResource> resources,
            SortedMap<String, EnvoyResource> table,
            Set<String> changed,
            Instant now) {
        boolean whole = trials.isEmpty()
                && heldBack.isEmpty()
                && changes(table, wanted(true)).isEmpty();
        sequence++;
        return new Response(
                sequence, nonce, digest(table), resources, table, changed, reached, base.revision(), whole, now);
    }

    private Set<String> changes(SortedMap<String, EnvoyResource> wanted) {
        return changes(sent, wanted);
    }

    private static Set<String> changes(
            SortedMap<String, EnvoyResource> before, SortedMap<String, EnvoyResource> after) {
        if (before == after) {
            return Set.of();
        }
        var changed = new TreeSet<String>();
        after.forEach((name, resource) -> {
            var old = before.get(name);
            if (old == null || !old.version().equals(resource.version())) {
                changed.add(name);
            }
        });
        return changed;
    }

    private void nextTrial() {
        var batch = trials.poll();
        if (batch != null) {
            heldBack.removeAll(batch);
        }
    }

    // ---- answers

    enum Answer {
        EXPECTED,
        STALE,
        REPEATED
    }

    Answer acknowledge(String nonce, Instant now) {
        var response = take(nonce);
        if (response == null) {
            return pardon(nonce) != null || nonce.equals(lastNonce) ? Answer.REPEATED : Answer.STALE;
        }
        answered = now;
        backOff.taken();
        refusedTable = "";
        // An answer that comes late may be to an older table than one that was taken since.
        if (response.sequence() > takenSequence) {
            takenSequence = response.sequence();
            taken = isWhole() ? response.table() : stillHeld(response.table());
            takenKnown = true;
        }
        if (!refusals.isEmpty()) {
            // A table that was taken proves everything in it, whatever was presumed.
            response.resources().stream().filter(refusals::covers).forEach(refusals::pardon);
            response.resources().forEach(refusals::taken);
        }
        if (response.whole()) {
            reached = Math.max(reached, response.revision());
        }
        return Answer.EXPECTED;
    }

    // It was only slow. Not for ever: a cluster that sticks again and again is the culprit after all.
    private @Nullable Response pardon(String nonce) {
        var response = inFlight.takeGivenUp(nonce);
        if (response == null) {
            return null;
        }
        for (var name : response.changed()) {
            var resource = response.table().get(name);
            if (resource != null && pardoned.merge(resource.version(), 1, Integer::sum) <= DeltaSubscription.PARDONS) {
                refusals.pardon(resource);
            }
        }
        return response;
    }

    Answer refuse(String nonce, String detail, Instant now) {
        var response = take(nonce);
        if (response == null) {
            // It answers after all, so what was presumed for want of an answer is open again: this refusal may be
            // about something else that the table carried.
            response = pardon(nonce);
        }
        if (response == null) {
            return nonce.equals(lastNonce) ? Answer.REPEATED : Answer.STALE;
        }
        var reason = Bounds.printable(detail);
        answered = now;
        sent = taken;
        backOff.refused(now);
        if (response.resources().stream().anyMatch(refusals::covers)) {
            // It carries what was found to be bad since it was sent: that explains it.
            due |= type == ResourceType.CLUSTER;
            return Answer.EXPECTED;
        }
        var suspects = List.copyOf(isWhole() ? changes(taken, response.table()) : response.changed());
        var named = response.resources().stream()
                .map(EnvoyResource::name)
                .filter(name -> DeltaSubscription.isNamed(name, reason))
                .toList();
        boolean elsewhere = !named.isEmpty() && Collections.disjoint(named, suspects);
        if (suspects.size() == 1 && !elsewhere) {
            condemn(suspects, response, reason, now, false);
        } else if (!takenKnown || elsewhere || suspects.isEmpty()) {
            // What it has is unknown, so holding some back would take them away; or it refuses what it took before.
            // Envoy names bad listeners and clusters; if it does not, the next change is the next chance.
            condemn(named, response, reason, now, false);
            refusedTable = named.isEmpty() ? response.version() : "";
        } else {
            search(suspects, suspects.stream().filter(named::contains).toList());
        }
        // A refused cluster may stay in warming until a table without it comes.
        due |= type == ResourceType.CLUSTER;
        return Answer.EXPECTED;
    }

    private void condemn(List<String> culprits, Response response, String reason, Instant now, boolean presumed) {
        for (var name : culprits) {
            var resource = response.table().get(name);
            if (resource != null) {
                var good = taken.get(name);
                boolean same = good != null && good.version().equals(resource.version());
                refusals.add(resource, same ? null : good, reason, response.from(), response.revision(), now, presumed);
            }
        }
    }

    private void search(List<String> suspects, List<String> named) {
        var others = new ArrayList<>(suspects);
        others.removeAll(named);
        if (named.isEmpty() || others.isEmpty()) {
            int middle = suspects.size() / 2;
            holdBack(suspects.subList(middle, suspects.size()));
            holdBack(suspects.subList(0, middle));
        } else {
            holdBack(others);
            named.reversed().forEach(name -> holdBack(List.of(name)));
        }
    }

    private void holdBack(List<String> batch) {
        if (!batch.isEmpty()) {
            trials.addFirst(List.copyOf(batch));
            heldBack.addAll(batch);
        }
    }

    private @Nullable Response take(String nonce) {
        var newest = inFlight.newest();
        if (newest != null && newest.nonce().equals(nonce)) {
            answeredNonce = nonce;
        }
        return inFlight.take(nonce);
    }

    // ---- time

    // Envoy keeps a bad cluster in warming and says nothing until a table without it comes.
    private void giveUp(Response response, Instant now) {
        if (response.changed().size() == 1) {
            due = true;
            condemn(List.copyOf(response.changed()), response, "no answer: Envoy keeps it warming", now, true);
        }
    }

    @Override
    public @Nullable Instant deadline(Instant now) {
        return DeltaSubscription.earlier(
                DeltaSubscription.earlier(inFlight.deadline(now), backOff.deadline(now)), lastScopes.deadline(now));
    }

    // ---- what others ask

    boolean isBusy(Instant now) {
        if (inFlight.isWaiting(now)) {
            return true;
        }
        return due || !asked.isEmpty() || !changes(wanted(true)).isEmpty();
    }

    /// Whether something that the proxy does not have is on its way to it, or about to be. New versions do not count.
    boolean isComing(Instant now) {
        return (inFlight.isWaiting(now) && !taken.keySet().containsAll(sent.keySet()))
                || !sent.keySet().containsAll(wanted(false).keySet());
    }

    boolean isInSync() {
        return inFlight.isEmpty()
                && !due
                && asked.isEmpty()
                && heldBack.isEmpty()
                && changes(wanted(true)).isEmpty();
    }

    @Override
    public long revision() {
        if (isInSync()) {
            reached = base.revision();
        }
        return reached;
    }

    @Override
    public boolean isHeavy() {
        return isWhole() && inFlight.newest() == null && due && count() > Ferry.HEAVY;
    }

    @Override
    public boolean hasSent() {
        return hasSent || reached > 0;
    }

    @Override
    public Instant answered() {
        return answered;
    }

    @Override
    public int count() {
        return wildcard ? base.resources().all(type).size() : names.size();
    }

    /// For tests: what the proxy is taken to hold.
    SortedMap<String, EnvoyResource> taken() {
        return taken;
    }
}
