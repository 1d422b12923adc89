package io.sallyport.xds.discovery;

import io.sallyport.translation.EnvoyResource;
import io.sallyport.translation.ResourceType;
import io.sallyport.xds.publish.Snapshot;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One type on one delta stream: what the proxy asks for, what it holds, and the response that it has not answered.
///
/// A stream in sync costs a reference to the snapshot and its explicit names. Only names that differ from the snapshot
/// have an entry (`open`), so what the proxy holds is: the entry if there is one, else what the snapshot says.
/// At most one response is outstanding; what changes meanwhile is merged into the next one.
final class DeltaSubscription implements Subscription {

    // One name that differs from the snapshot. `confirmed` is what the proxy held when it was last certain: a refused
    // resource falls back to it. The difference came with a revision in (from, to].
    private record Entry(Held held, Held confirmed, boolean asked, long from, long to) {

        Item item(String name, @Nullable EnvoyResource resource) {
            return new Item(name, resource, held, confirmed, from, to);
        }

        Entry withHeld(Held now) {
            return new Entry(now, confirmed, false, from, to);
        }

        Entry askedAgain() {
            return new Entry(held, confirmed, true, from, to);
        }

        Entry until(long revision) {
            return new Entry(held, confirmed, asked, from, revision);
        }
    }

    /// Part of a response; without a resource it says that the name is gone.
    record Item(String name, @Nullable EnvoyResource resource, Held before, Held confirmed, long from, long to) {}

    record Response(String nonce, List<Item> items, Instant sent) implements InFlight.Sent {}

    /// Which parts of make-before-break order are open at the moment.
    record Gates(boolean upserts, boolean removals) {}

    private enum Need {
        NONE,
        UPSERT,
        REMOVAL
    }

    static final int PARDONS = 5;

    private final ResourceType type;
    private final Refusals refusals;
    private final Pace pace;
    private final InFlight<Response> inFlight;
    private final BackOff backOff;
    private final Set<String> names = new HashSet<>();
    private final TreeMap<String, Entry> open = new TreeMap<>();
    private final Deque<List<String>> trials = new ArrayDeque<>();
    private final Set<String> onTrial = new HashSet<>();
    private final Map<String, Integer> pardoned = new HashMap<>();
    private final Set<String> evicting = new TreeSet<>();
    private final LastScopes lastScopes;
    private Snapshot base;
    private boolean wildcard;
    private boolean greeted;
    private boolean fresh;
    private Instant answered = Instant.MIN;

    DeltaSubscription(ResourceType type, Refusals refusals, Snapshot base, Pace pace) {
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

    /// The first request for the type: what it wants and what it says that it holds.
    void start(Collection<String> subscribe, Map<String, String> claims) throws ProtocolViolation {
        Bounds.checkNames(claims.size());
        wildcard = subscribe.contains("*") || (subscribe.isEmpty() && isWildcardByDefault());
        fresh = claims.isEmpty();
        refusals.forgetPresumed(type);
        if (fresh) {
            refusals.forget(type);
        }
        addNames(subscribe);
        if (wildcard) {
            base.resources().all(type).keySet().forEach(name -> open(name, new Held.Nothing(), false, 0));
        }
        names.forEach(name -> open(name, new Held.Nothing(), true, 0));
        for (var claim : claims.entrySet()) {
            Bounds.checkName(claim.getKey());
            if (wildcard || names.contains(claim.getKey())) {
                claim(claim.getKey(), claim.getValue());
            }
        }
    }

    void change(Collection<String> subscribe, Collection<String> unsubscribe) throws ProtocolViolation {
        // A name in both lists is still subscribed to: it is asked for once more.
        for (var name : unsubscribe) {
            if (name.equals("*")) {
                wildcard = false;
                open.keySet().removeIf(other -> !names.contains(other));
            } else if (names.remove(name)) {
                if (!wildcard) {
                    open.remove(name);
                } else {
                    ask(name);
                }
            }
        }
        if (subscribe.contains("*") && !wildcard) {
            wildcard = true;
            base.resources().all(type).keySet().stream()
                    .filter(name -> !names.contains(name))
                    .forEach(name -> open(name, new Held.Nothing(), false, base.revision() - 1));
        }
        var before = new HashSet<>(subscribe);
        before.retainAll(names);
        addNames(subscribe);
        for (var name : subscribe) {
            if (!name.equals("*")) {
                if (before.contains(name) || wildcard) {
                    ask(name);
                } else {
                    open(name, new Held.Nothing(), true, base.revision() - 1);
                }
            }
        }
    }

    private void addNames(Collection<String> subscribe) throws ProtocolViolation {
        Bounds.checkNames(names.size() + subscribe.size());
        for (var name : subscribe) {
            Bounds.checkName(name);
            if (!name.equals("*")) {
                var known = base.resources().all(type).get(name);
                // The resource's own string, so that a thousand streams do not keep a thousand copies.
                names.add(known == null ? name : known.name());
            }
        }
    }

    private boolean isWildcardByDefault() {
        return switch (type) {
            case CLUSTER, LISTENER, SCOPED_ROUTES -> true;
            case ENDPOINTS, EXTENSIONS, ROUTES, SECRET -> false;
        };
    }

    private void open(String name, Held held, boolean asked, long from) {
        open.put(name, new Entry(held, held, asked, from, base.revision()));
    }

    /// Answers the name even if the proxy has it: a changed cluster warms until its endpoints come again.
    void ask(String name) {
        if (!isCovered(name)) {
            return;
        }
        var entry = open.get(name);
        if (entry == null) {
            entry = settledEntry(name);
        }
        open.put(name, entry.askedAgain());
    }

    private void claim(String name, String version) {
        var current = base.resources().all(type).get(name);
        if (current != null && current.version().equals(version) && !refusals.covers(current)) {
            open.remove(name);
        } else {
            open(name, new Held.Claimed(version), false, 0);
        }
    }

    private boolean isCovered(String name) {
        return wildcard || names.contains(name);
    }

    // What the proxy holds of a name without an entry is what the snapshot says.
    private Entry settledEntry(String name) {
        var current = base.resources().all(type).get(name);
        Held held = current == null ? new Held.Nothing() : new Held.Sent(current);
        return new Entry(held, held, false, base.revision(), base.revision());
    }

    // ---- what it should have

    @Override
    public void advance(Snapshot next) {
        for (var name : next.changesSince(base, type)) {
            if (isCovered(name)) {
                var entry = open.get(name);
                open.put(
                        name, entry == null ? settledEntry(name).until(next.revision()) : entry.until(next.revision()));
            }
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
        open.entrySet().removeIf(open -> isSettled(open.getKey(), open.getValue()) && isInSync(open));
    }

    private boolean isInSync(Map.Entry<String, Entry> open) {
        var current = base.resources().all(type).get(open.getKey());
        var held = open.getValue().held();
        return !open.getValue().asked()
                && (current == null ? held instanceof Held.Nothing : held.isVersion(current.version()));
    }

    private boolean isSettled(String name, Entry entry) {
        return need(name, entry) == Need.NONE;
    }

    private @Nullable EnvoyResource wanted(String name) {
        var current = base.resources().all(type).get(name);
        if (current == null) {
            return null;
        }
        return refusals.covers(current) ? refusals.fallback(type, name) : current;
    }

    private Need need(String name, Entry entry) {
        return need(name, entry, wanted(name));
    }

    private Need need(String name, Entry entry, @Nullable EnvoyResource wanted) {
        if (wanted != null) {
            return entry.asked() || !entry.held().isVersion(wanted.version()) ? Need.UPSERT : Need.NONE;
        }
        // Envoy 1.40 ends when the last of its connection managers is taken from open connections (decision 50).
        if (type == ResourceType.EXTENSIONS) {
            return Need.NONE;
        }
        if (entry.asked()) {
            return Need.REMOVAL;
        }
        var exists = base.resources().all(type).containsKey(name);
        return switch (entry.held()) {
            case Held.Nothing _ -> Need.NONE;
            // Refused, and the proxy has a version that an earlier process sent: it keeps that.
            case Held.Claimed(var version) ->
                exists && !refusals.covers(type, name, version) ? Need.NONE : Need.REMOVAL;
            case Held.Unknown _, Held.Sent _ -> Need.REMOVAL;
        };
    }

    // ---- sending

    /// The next response, or nothing: the last one is not answered yet, or the proxy has all it may have by now.
    @Nullable Response next(Gates gates, String nonce, Instant now) {
        inFlight.expire(now).forEach(old -> unstick(old, now));
        if (!inFlight.hasRoom() || backOff.isResting(now)) {
            return null;
        }
        var items = evictions();
        if (items.isEmpty()) {
            items = nextTrial(gates, now);
        }
        if (items.isEmpty()) {
            items = select(open.keySet(), gates, now);
            lastScopes.retain(open.keySet());
        }
        if (items.isEmpty() && !isGreetingDue()) {
            return null;
        }
        greeted = true;
        var response = new Response(nonce, items, now);
        items.forEach(this::presume);
        inFlight.add(response);
        return response;
    }

    // Envoy's start waits for the first answer to each wildcard, even if there is nothing.
    private boolean isGreetingDue() {
        return !greeted && wildcard && fresh && open.isEmpty();
    }

    private List<Item> evictions() {
        var items = new ArrayList<Item>();
        for (var name : evicting) {
            var entry = open.get(name);
            if (entry != null) {
                items.add(entry.item(name, null));
            }
        }
        evicting.clear();
        return items;
    }

    private List<Item> nextTrial(Gates gates, Instant now) {
        while (!trials.isEmpty()) {
            var batch = trials.peek();
            var items = select(batch, gates, now);
            if (!items.isEmpty()) {
                var sent = new HashSet<String>();
                items.forEach(item -> sent.add(item.name()));
                var rest = batch.stream().filter(name -> !sent.contains(name)).toList();
                trials.poll();
                if (rest.stream().anyMatch(name -> isOpen(name))) {
                    trials.addFirst(rest);
                } else {
                    onTrial.removeAll(rest);
                }
                onTrial.removeAll(sent);
                return items;
            }
            if (batch.stream().anyMatch(this::isOpen)) {
                // Its turn in make-before-break order has not come.
                return List.of();
            }
            onTrial.removeAll(batch);
            trials.poll();
        }
        return List.of();
    }

    private boolean isOpen(String name) {
        var entry = open.get(name);
        return entry != null && !isSettled(name, entry);
    }

    private List<Item> select(Collection<String> candidates, Gates gates, Instant now) {
        var items = new ArrayList<Item>();
        var settled = new ArrayList<String>();
        boolean trial = candidates != open.keySet();
        boolean isLoad = false;
        long bytes = 0;
        int room = trial ? trialChunk() : chunk();
        long roomBytes =
                fresh && type == ResourceType.SCOPED_ROUTES && !greeted ? pace.firstScopesBytes() : pace.chunkBytes();
        for (var name : candidates) {
            var entry = open.get(name);
            if (entry == null
                    || (!trial && onTrial.contains(name))
                    || (isLoad && !(entry.held() instanceof Held.Nothing))) {
                continue;
            }
            var wanted = wanted(name);
            switch (need(name, entry, wanted)) {
                case NONE -> settled.add(name);
                case UPSERT -> {
                    lastScopes.forget(name);
                    if (wanted != null && (gates.upserts() || entry.asked())) {
                        bytes += wanted.bytes().size();
                        items.add(entry.item(name, wanted));
                    }
                }
                case REMOVAL -> {
                    if ((gates.removals() || entry.asked()) && !lastScopes.keeps(name, now)) {
                        items.add(entry.item(name, null));
                    }
                }
            }
            if (items.size() == 1
                    && type == ResourceType.ROUTES
                    && items.getFirst().before() instanceof Held.Nothing) {
                isLoad = true;
                room = pace.chunk();
            }
            if (items.size() >= room || bytes >= roomBytes) {
                break;
            }
        }
        settled.forEach(this::close);
        return items;
    }

    private int chunk() {
        return switch (type) {
            // Envoy drops an arbitrary part of what came with a table that it refuses: new versions come alone. Tables
            // that it has nothing of come together. A proxy that starts opens no port before the last of them, and a
            // thousand answers and acknowledgements in turn are seconds.
            case EXTENSIONS, ROUTES, SECRET -> 1;
            // A listener goes live with its first answer: half a table would be 404 for the other half.
            case SCOPED_ROUTES -> fresh && !greeted ? Integer.MAX_VALUE : pace.chunk();
            case CLUSTER, ENDPOINTS, LISTENER -> pace.chunk();
        };
    }

    // What is tried apart are tables that came together, so Envoy had none of them.
    private int trialChunk() {
        return type == ResourceType.ROUTES ? pace.chunk() : chunk();
    }

    // A settled name needs no entry if the proxy holds what the snapshot says.
    private void close(String name) {
        var entry = open.get(name);
        if (entry != null && isAsSaid(name, entry.held())) {
            open.remove(name);
        }
    }

    private boolean isAsSaid(String name, Held held) {
        var current = base.resources().all(type).get(name);
        return current == null
                ? held instanceof Held.Nothing
                : held.isVersion(current.version()) && !refusals.covers(current);
    }

    // From here on the proxy is taken to hold what is sent; a refusal corrects that.
    private void presume(Item item) {
        var resource = item.resource();
        var entry = open.get(item.name());
        if (entry == null) {
            return;
        }
        Held held = resource == null ? new Held.Nothing() : new Held.Sent(resource);
        if (isAsSaid(item.name(), held)) {
            open.remove(item.name());
        } else {
            open.put(item.name(), entry.withHeld(held));
        }
    }

    // ---- answers

    /// The proxy took a response. False: the nonce is of no response that waits for an answer.
    boolean acknowledge(String nonce, Instant now) {
        var response = inFlight.take(nonce);
        if (response == null) {
            return pardon(nonce);
        }
        backOff.taken();
        answered = now;
        for (var item : response.items()) {
            var resource = item.resource();
            if (resource != null) {
                refusals.taken(resource);
            }
            var entry = open.get(item.name());
            Held held = resource == null ? new Held.Nothing() : new Held.Sent(resource);
            if (entry != null && entry.held().equals(held)) {
                open.put(item.name(), new Entry(held, held, entry.asked(), entry.from(), entry.to()));
            }
        }
        return true;
    }

    // It was only slow. Not for ever: a cluster that sticks again and again is the culprit after all.
    private boolean pardon(String nonce) {
        var response = inFlight.takeGivenUp(nonce);
        if (response == null) {
            return false;
        }
        for (var item : response.items()) {
            var resource = item.resource();
            if (resource != null && pardoned.merge(resource.version(), 1, Integer::sum) <= PARDONS) {
                refusals.pardon(resource);
            }
        }
        return true;
    }

    // What was presumed is now said.
    private boolean confirm(String nonce, String detail, Instant now) {
        var response = inFlight.takeGivenUp(nonce);
        if (response == null) {
            return false;
        }
        var suspects = response.items().stream()
                .filter(item -> item.resource() != null)
                .toList();
        if (suspects.size() == 1) {
            condemn(suspects.getFirst(), Bounds.printable(detail), now, false);
        }
        return true;
    }

    /// The proxy refused a response. One resource alone is the culprit; among several it is searched for by halving,
    /// those that the message names first, since the answer says nothing about the others.
    boolean refuse(String nonce, String detail, Instant now) {
        var reason = Bounds.printable(detail);
        var response = inFlight.take(nonce);
        if (response == null) {
            return confirm(nonce, detail, now);
        }
        answered = now;
        backOff.refused(now);
        var suspects = response.items().stream()
                .filter(item -> item.resource() != null)
                .toList();
        if (suspects.size() == 1) {
            condemn(suspects.getFirst(), reason, now, false);
        } else {
            suspects.forEach(item -> doubt(item, new Held.Unknown()));
            search(suspects, reason);
        }
        return true;
    }

    private void condemn(Item item, String reason, Instant now, boolean presumed) {
        var resource = item.resource();
        if (resource == null) {
            return;
        }
        var good = item.confirmed() instanceof Held.Sent(var before)
                        && !before.version().equals(resource.version())
                ? before
                : null;
        refusals.add(resource, good, reason, item.from(), item.to(), now, presumed);
        // A refused cluster may stay in warming and hold back every later acknowledgement, until it is replaced or
        // named as removed. Other types keep what they had.
        doubt(item, type == ResourceType.CLUSTER ? new Held.Unknown() : item.before());
    }

    // Sets what the proxy holds, unless something newer was sent for the name since.
    private void doubt(Item item, Held held) {
        if (!isCovered(item.name())) {
            return;
        }
        var resource = item.resource();
        var entry = open.get(item.name());
        if (entry == null) {
            open.put(item.name(), new Entry(held, item.confirmed(), false, item.from(), item.to()));
        } else if (resource != null && entry.held().isVersion(resource.version())) {
            open.put(
                    item.name(),
                    new Entry(held, item.confirmed(), entry.asked(), Math.min(item.from(), entry.from()), entry.to()));
        }
    }

    private void search(List<Item> suspects, String reason) {
        var named = new ArrayList<String>();
        var others = new ArrayList<String>();
        for (var item : suspects) {
            (named.size() < 16 && isNamed(item.name(), reason) ? named : others).add(item.name());
        }
        if (named.isEmpty()) {
            int middle = others.size() / 2;
            tryApart(others.subList(middle, others.size()));
            tryApart(others.subList(0, middle));
        } else {
            tryApart(others);
            named.reversed().forEach(name -> tryApart(List.of(name)));
        }
    }

    private void tryApart(List<String> batch) {
        if (!batch.isEmpty()) {
            trials.addFirst(List.copyOf(batch));
            onTrial.addAll(batch);
        }
    }

    // "Error adding/updating cluster(s) outbound|80||a.test: …": the name stands by itself.
    static boolean isNamed(String name, String reason) {
        int at = reason.indexOf(name);
        while (at >= 0) {
            int end = at + name.length();
            var before = at == 0 ? ' ' : reason.charAt(at - 1);
            var after = end == reason.length() ? ' ' : reason.charAt(end);
            if (" '\"(,".indexOf(before) >= 0 && " :'\"),".indexOf(after) >= 0) {
                return true;
            }
            at = reason.indexOf(name, at + 1);
        }
        return false;
    }

    // ---- time

    // Envoy keeps a bad cluster in warming and says nothing, not even about good ones, until it is named as removed.
    private void unstick(Response response, Instant now) {
        var suspects = response.items().stream()
                .filter(item -> item.resource() != null)
                .toList();
        if (suspects.size() == 1) {
            condemn(suspects.getFirst(), "no answer: Envoy keeps it warming", now, true);
            return;
        }
        for (var item : suspects) {
            if (isCovered(item.name())) {
                doubt(item, new Held.Unknown());
                evicting.add(item.name());
            }
        }
        suspects.forEach(item -> tryApart(List.of(item.name())));
    }

    @Override
    public @Nullable Instant deadline(Instant now) {
        return earlier(earlier(inFlight.deadline(now), backOff.deadline(now)), lastScopes.deadline(now));
    }

    static @Nullable Instant earlier(@Nullable Instant a, @Nullable Instant b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return a.isBefore(b) ? a : b;
    }

    // ---- what others ask

    /// Whether something is to be sent or not yet answered that later types wait for.
    boolean isBusy(boolean removalsToo, Instant now) {
        if (inFlight.isWaiting(now)) {
            return true;
        }
        return open.entrySet().stream().anyMatch(entry -> switch (need(entry.getKey(), entry.getValue())) {
            case NONE -> false;
            case UPSERT -> true;
            case REMOVAL -> removalsToo && !lastScopes.mayKeep(entry.getKey());
        });
    }

    /// Whether something that the proxy does not have is on its way to it, or about to be. New versions do not count.
    boolean isComing(Instant now) {
        return (inFlight.isWaiting(now)
                        && inFlight.all().stream()
                                .flatMap(response -> response.items().stream())
                                .anyMatch(item -> item.resource() != null && item.before() instanceof Held.Nothing))
                || open.entrySet().stream()
                        .anyMatch(entry -> entry.getValue().held() instanceof Held.Nothing
                                && need(entry.getKey(), entry.getValue()) == Need.UPSERT);
    }

    /// The newest revision that the proxy has taken whole. Refused resources do not hold it up (they are told apart),
    /// nor does what nothing names any more: routes go after their listener, clusters after their routes. A cluster
    /// that is still named does: until it goes, its rule reaches a service that the revision hides.
    @Override
    public long revision() {
        long revision = base.revision();
        for (var entry : open.entrySet()) {
            // Most of a first load says the same, and each answer asks.
            if (entry.getValue().from() >= revision) {
                continue;
            }
            var need = need(entry.getKey(), entry.getValue());
            if (need == Need.UPSERT || (need == Need.REMOVAL && !isCleanUp(entry.getKey()))) {
                revision = entry.getValue().from();
            }
        }
        for (var response : inFlight.all()) {
            for (var item : response.items()) {
                if (item.from() < revision && (item.resource() != null || !isCleanUp(item.name()))) {
                    revision = item.from();
                }
            }
        }
        return revision;
    }

    private boolean isCleanUp(String name) {
        return switch (type) {
            case ENDPOINTS, EXTENSIONS, ROUTES -> true;
            case CLUSTER -> !base.mayName(name);
            case SCOPED_ROUTES -> lastScopes.mayKeep(name);
            case LISTENER, SECRET -> false;
        };
    }

    /// Whether the first response is still to come and is not cut into chunks.
    @Override
    public boolean isHeavy() {
        return type == ResourceType.SCOPED_ROUTES && fresh && !greeted && open.size() > Ferry.HEAVY;
    }

    @Override
    public boolean hasSent() {
        return greeted;
    }

    @Override
    public Instant answered() {
        return answered;
    }

    @Override
    public int count() {
        return wildcard ? base.resources().all(type).size() : names.size();
    }

    boolean subscribes(String name) {
        return names.contains(name);
    }

    /// For tests: what the proxy is taken to hold by name and version.
    Map<String, String> holdings() {
        var held = new HashMap<String, String>();
        base.resources().all(type).forEach((name, resource) -> {
            if (isCovered(name) && !open.containsKey(name)) {
                held.put(name, resource.version());
            }
        });
        open.forEach((name, entry) -> {
            if (entry.held() instanceof Held.Sent(var resource)) {
                held.put(name, resource.version());
            }
        });
        return held;
    }
}
